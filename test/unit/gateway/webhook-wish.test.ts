import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HttpError } from '../../../gateway/http/http-error.js';
import type { Payload } from '../../../gateway/webhook/payload.js';
import { wishOf } from '../../../gateway/webhook/wish.js';

const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as { name: string; examples: Payload[] }[];

const sha = 'ec26c3e57ca3a959ca5aad62de7213c562f8c821';
const repository = { full_name: 'OCA/Web' };

function push(changes: object = {}): Payload {
  return { ref: 'refs/heads/16.0', after: sha, deleted: false, repository, ...changes };
}

function pullRequest(action: string, changes: object = {}): Payload {
  const pull_request = { number: 12, state: 'open', head: { sha }, base: { ref: '16.0' } };
  return { action, number: 12, pull_request, repository, ...changes };
}

function refusal(event: string, payload: Payload): HttpError {
  try {
    wishOf(event, payload);
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('payloads that GitHub has sent', () => {
  it('give a wish or a reason to ignore them, all of them', () => {
    const asked = new Set<string>();
    for (const { name, examples } of recorded) {
      for (const payload of examples) {
        const { ignored, build, remove } = wishOf(name, payload);
        if (ignored !== undefined) continue;
        const action = typeof payload['action'] === 'string' ? ` ${payload['action']}` : '';
        asked.add(`${name}${action}:${build ? ' build' : ''}${remove ? ' remove' : ''}`);
      }
    }
    expect([...asked].sort()).toEqual([
      'ping:',
      'pull_request closed: remove',
      'pull_request opened: build',
      'pull_request reopened: build',
      'pull_request synchronize: build',
      'push: build',
    ]);
  });

  it('name the head of the pull request and its base', () => {
    const [opened] = recorded.find(({ name }) => name === 'pull_request')?.examples ?? [];
    expect(wishOf('pull_request', opened ?? {}).build).toEqual({
      repo: 'codertocat/hello-world',
      targetBranch: 'master',
      pr: 2,
      commit: sha,
    });
  });
});

describe('a push', () => {
  it('builds the commit after it on the whole name of the branch', () => {
    const wish = wishOf('push', push({ ref: 'refs/heads/16.0-fix/some/thing' }));
    expect(wish).toEqual({
      build: { repo: 'oca/web', targetBranch: '16.0-fix/some/thing', pr: null, commit: sha },
    });
  });

  it('takes a branch that is called as a tag or a ref for what it is', () => {
    expect(wishOf('push', push({ ref: 'refs/heads/refs/tags/1' })).build?.targetBranch).toBe('refs/tags/1');
  });

  it.each(['refs/tags/16.0', 'refs/heads/', 'refs/pull/1/head', 'heads/16.0'])('of %s is ignored', (ref) => {
    expect(wishOf('push', push({ ref })).ignored).toBeDefined();
  });

  it('that deletes a branch removes the builds of the branch itself', () => {
    const wish = { remove: { repo: 'oca/web', branch: '16.0' } };
    const after = '0'.repeat(40);
    expect(wishOf('push', push({ deleted: true, after }))).toEqual(wish);
    expect(wishOf('push', push({ after }))).toEqual(wish);
  });

  it.each([
    ['ref', push({ ref: 7 })],
    ['after', push({ after: '../../etc' })],
    ['repository.full_name', push({ repository: null })],
    ['repository.full_name', push({ repository: ['oca/web'] })],
  ])('without a usable %s is refused', (path, payload) => {
    const error = refusal('push', payload);
    expect(error.status).toBe(400);
    expect(error.detail).toContain(path);
  });
});

describe('a pull request', () => {
  it('that is closed loses all its builds, whatever their base', () => {
    expect(wishOf('pull_request', pullRequest('closed'))).toEqual({ remove: { repo: 'oca/web', pr: 12 } });
  });

  it('whose base is changed is built on the new one and loses the builds on the old one', () => {
    const changes = { base: { ref: { from: '15.0' }, sha: { from: 'x' } } };
    expect(wishOf('pull_request', pullRequest('edited', { changes }))).toEqual({
      build: { repo: 'oca/web', targetBranch: '16.0', pr: 12, commit: sha },
      remove: { repo: 'oca/web', pr: 12, targetBranch: '15.0' },
    });
  });

  it('that is closed and gets another base is not built', () => {
    const payload = pullRequest('edited', { changes: { base: { ref: { from: '15.0' } } } });
    const closed = { ...(payload['pull_request'] as object), state: 'closed' };
    expect(wishOf('pull_request', { ...payload, pull_request: closed })).toEqual({
      remove: { repo: 'oca/web', pr: 12, targetBranch: '15.0' },
    });
  });

  it('of which only the title is edited is ignored', () => {
    const changes = { title: { from: 'x' } };
    expect(wishOf('pull_request', pullRequest('edited', { changes })).ignored).toBeDefined();
  });

  it.each(['labeled', 'assigned', 'ready_for_review', 'constructor', '__proto__'])(
    'that is %s is ignored',
    (action) => {
      expect(wishOf('pull_request', pullRequest(action)).ignored).toBeDefined();
    },
  );

  it('without a usable number is refused', () => {
    for (const number of [undefined, 0, -1, 1.5, '12', null]) {
      expect(refusal('pull_request', pullRequest('closed', { pull_request: { number } })).status).toBe(400);
    }
  });
});

describe('any payload', () => {
  it('is understood or refused with a sentence, and nothing else happens', () => {
    const events = fc.constantFrom('push', 'pull_request', 'ping', 'issues', '');
    const known = fc.constantFrom(
      'ref',
      'after',
      'deleted',
      'repository',
      'action',
      'pull_request',
      'changes',
    );
    const payload = fc.dictionary(fc.oneof(known, fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(events, payload, (event, value) => {
        try {
          wishOf(event, value as Payload);
        } catch (error) {
          expect(error).toMatchObject({ name: 'HttpError', status: 400 });
        }
      }),
    );
  });
});
