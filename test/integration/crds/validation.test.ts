import { beforeAll, describe, expect, it } from '@jest/globals';
import { getResource, kubectl, useNamespace } from '../../support/cluster.js';
import { sampleBuild, sampleCommit } from './sample-build.js';

const namespace = useNamespace();

/** Lets the API server judge an object without keeping it. Throws with its words when it refuses. */
function tryBuild(name: string, spec: Record<string, unknown> = {}): Promise<string> {
  return kubectl(
    ['create', '-n', namespace.name, '--dry-run=server', '-f', '-'],
    JSON.stringify(sampleBuild(name, spec)),
  );
}

function patch(name: string, type: 'merge' | 'json', change: unknown, ...flags: string[]): Promise<string> {
  const args = ['patch', 'rb', name, '-n', namespace.name, `--type=${type}`, '-p', JSON.stringify(change)];
  return kubectl([...args, ...flags]);
}

function entries(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`KEY_${index}`, 'x']));
}

describe('a build is accepted', () => {
  it.each<[string, Record<string, unknown>]>([
    ['with what is needed only', {}],
    ['with a commit of 64 digits', { commit: 'ab'.repeat(32) }],
    ['with dots, hyphens and underscores in the repository', { repo: 'a.b-c_d/.github' }],
    ['with a repository of 140 characters', { repo: `o/${'x'.repeat(138)}` }],
    ['with slashes and other letters in the branch', { targetBranch: 'feature/größe-#1@x' }],
    ['with a branch of 255 characters', { targetBranch: 'ü'.repeat(255) }],
    ['with the highest pull request', { pr: 2147483647 }],
    ['with replicas 1', { replicas: 1 }],
    ['with a negative priority', { priority: -5 }],
    ['with a time with fractions and offset', { resetRequestedAt: '2026-11-21T11:47:06.123456+01:00' }],
    ['with 50 environment variables', { env: entries(50) }],
    ['with a value of 2048 characters', { env: { A: 'x'.repeat(2048) } }],
    ['with an empty value', { env: { _a: '' }, templateVars: { storageClassName: '' } }],
    ['with all overrides', { image: 'localhost:5000/odoo@sha256:abc', kubefiles: 'odoo', keep: true }],
  ])('%s', async (_title, spec) => {
    await expect(tryBuild('good', spec)).resolves.toContain('created');
  });

  it.each(['a', 'x'.repeat(45), 'a-0--b'])('under the name %s', async (name) => {
    await expect(tryBuild(name)).resolves.toContain('created');
  });
});

describe('a build is refused in words', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['without a repository', { repo: undefined }, 'spec.repo: Required value'],
    ['without a branch', { targetBranch: undefined }, 'spec.targetBranch: Required value'],
    ['without a commit', { commit: undefined }, 'spec.commit: Required value'],
    ['with upper case in the repository', { repo: 'OCA/mis-builder' }, 'must be owner/name in lower case'],
    ['with a repository without an owner', { repo: 'mis-builder' }, 'must be owner/name in lower case'],
    ['with a repository of three parts', { repo: 'a/b/c' }, 'must be owner/name in lower case'],
    ['with dots only in the repository', { repo: '../..' }, 'must be owner/name in lower case'],
    ['with a repository of two lines', { repo: 'a/b\nc' }, 'must be owner/name in lower case'],
    ['with a repository of 141 characters', { repo: `o/${'x'.repeat(139)}` }, 'spec.repo: Too long'],
    ['with an empty branch', { targetBranch: '' }, 'The branch must not be empty'],
    ['with a line break in the branch', { targetBranch: 'a\nb' }, 'must not contain control characters'],
    ['with a branch of 256 characters', { targetBranch: 'x'.repeat(256) }, 'spec.targetBranch: Too long'],
    ['with pull request 0', { pr: 0 }, 'spec.pr'],
    ['with a pull request that is text', { pr: '12' }, 'spec.pr'],
    ['with a short commit', { commit: sampleCommit.slice(0, 39) }, 'The commit must be the full hash'],
    [
      'with upper case in the commit',
      { commit: sampleCommit.toUpperCase() },
      'The commit must be the full hash',
    ],
    ['with a commit of 41 digits', { commit: `${sampleCommit}a` }, 'The commit must be the full hash'],
    [
      'with a line break after the commit',
      { commit: `${sampleCommit}\n` },
      'The commit must be the full hash',
    ],
    ['with replicas 2', { replicas: 2 }, 'spec.replicas'],
    ['with replicas -1', { replicas: -1 }, 'spec.replicas'],
    ['with a priority beyond the bound', { priority: 1000000001 }, 'spec.priority'],
    ['with a reset time that is none', { resetRequestedAt: 'now' }, 'spec.resetRequestedAt'],
    ['with white space in the image', { image: 'a b' }, 'The image must not be empty'],
    ['with an empty bundle name', { kubefiles: '' }, 'spec.kubefiles'],
    ['with 51 environment variables', { env: entries(51) }, 'spec.env: Too many'],
    ['with 51 template variables', { templateVars: entries(51) }, 'spec.templateVars: Too many'],
    ['with a value of 2049 characters', { env: { A: 'x'.repeat(2049) } }, 'spec.env.A: Too long'],
    ['with a template value of 2049 characters', { templateVars: { A: 'x'.repeat(2049) } }, 'Too long'],
    [
      'with a variable that begins with a digit',
      { env: { '1A': 'x' } },
      'The name of an environment variable',
    ],
    ['with a hyphen in a variable', { env: { 'A-B': 'x' } }, 'The name of an environment variable'],
    ['with a line break in a variable', { env: { 'A\n': 'x' } }, 'The name of an environment variable'],
    ['with an empty variable name', { env: { '': 'x' } }, 'The name of an environment variable'],
    ['with a bad template variable', { templateVars: { 'a.b': 'x' } }, 'The name of a template variable'],
    ['with a number as a value', { env: { A: 1 } }, 'spec.env.A'],
    ['with an unknown field', { image_name: 'x' }, 'unknown field "spec.image_name"'],
  ])('%s', async (_title, spec, words) => {
    await expect(tryBuild('bad', spec)).rejects.toThrow(words);
  });

  it.each([
    ['x'.repeat(46), 'has at most 45 characters'],
    ['1a', 'begins with a letter'],
    ['a.b', 'only lower case letters, digits and hyphens'],
  ])('under the name %s', async (name, words) => {
    await expect(tryBuild(name)).rejects.toThrow(words);
  });
});

it('a build without more gets replicas 0, keep false and priority 0', async () => {
  await kubectl(['create', '-n', namespace.name, '-f', '-'], JSON.stringify(sampleBuild('defaults')));
  const build = await getResource(namespace.name, 'rb', 'defaults');
  expect(build.spec).toEqual({
    repo: 'oca/mis-builder',
    targetBranch: '16.0',
    commit: sampleCommit,
    replicas: 0,
    keep: false,
    priority: 0,
  });
});

describe('the identity', () => {
  beforeAll(async () => {
    const objects = [sampleBuild('branch'), sampleBuild('pull', { pr: 12 })];
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await kubectl(['create', '-n', namespace.name, '-f', '-'], JSON.stringify(list));
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    ['repository', 'branch', { repo: 'oca/other' }, 'The repository of a build cannot be changed'],
    ['branch', 'branch', { targetBranch: '17.0' }, 'The target branch of a build cannot be changed'],
    ['commit', 'branch', { commit: 'ab'.repeat(20) }, 'The commit of a build cannot be changed'],
    ['pull request', 'pull', { pr: 13 }, 'cannot be changed, added or removed'],
    ['lack of a pull request', 'branch', { pr: 12 }, 'cannot be changed, added or removed'],
    ['presence of a pull request', 'pull', { pr: null }, 'cannot be changed, added or removed'],
  ])('keeps its %s', async (_title, name, spec, words) => {
    await expect(patch(name, 'merge', { spec })).rejects.toThrow(words);
  });

  it('cannot be taken away with the whole spec', async () => {
    await expect(patch('pull', 'json', [{ op: 'remove', path: '/spec' }])).rejects.toThrow(
      'spec: Required value',
    );
  });

  it('leaves all the rest free to change and to be removed', async () => {
    const overrides = { image: 'x', kubefiles: 'small', env: { A: 'b' }, templateVars: { c: 'd' } };
    const wishes = { replicas: 1, keep: true, priority: 3, resetRequestedAt: '2026-11-21T12:00:00Z' };
    await patch('pull', 'merge', { spec: { ...overrides, ...wishes } });
    await patch('pull', 'merge', {
      spec: { image: null, kubefiles: null, env: null, resetRequestedAt: null },
    });
    const build = await getResource(namespace.name, 'rb', 'pull');
    expect(build.spec).toMatchObject({
      pr: 12,
      replicas: 1,
      keep: true,
      priority: 3,
      templateVars: { c: 'd' },
    });
    expect(Object.keys(build.spec)).not.toContain('env');
  });
});

describe('the status', () => {
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'Stopped',
    message: 'Stopped.',
    lastTransitionTime: '2026-11-21T12:00:00Z',
  };
  const whole = {
    observedGeneration: 3,
    phase: 'Queued',
    initStatus: 'todo',
    replicas: 0,
    readyReplicas: 0,
    queuePosition: 4,
    url: 'http://status.builds.example.org',
    queuedAt: '2026-11-21T12:00:00.000Z',
    initStartedAt: '2026-11-21T12:00:00Z',
    initializedAt: '2026-11-21T12:00:00Z',
    readyAt: '2026-11-21T12:00:00Z',
    lastScaledAt: '2026-11-21T12:00:00Z',
    attempt: 2,
    initializedFor: '2026-11-21T11:59:00Z',
    reported: { state: 'pending', targetUrl: 'http://localhost:8000/builds/status?live' },
    resolved: { image: 'odoo:16', kubefiles: 'odoo', rule: 'repos[0]' },
    conditions: [condition],
  };

  beforeAll(() =>
    kubectl(['create', '-n', namespace.name, '-f', '-'], JSON.stringify(sampleBuild('status'))),
  );

  it('is written apart from the spec, and keeps every field of the contract', async () => {
    await patch('status', 'merge', { status: whole, spec: { replicas: 1 } }, '--subresource=status');
    const build = await getResource(namespace.name, 'rb', 'status');
    expect(build.status).toEqual(whole);
    expect(build.spec.replicas).toBe(0);
    await patch('status', 'merge', { status: { phase: 'Failed' } });
    expect((await getResource(namespace.name, 'rb', 'status')).status.phase).toBe('Queued');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown phase', { phase: 'Sleeping' }, 'status.phase'],
    ['an unknown init status', { initStatus: 'done' }, 'status.initStatus'],
    ['place 0 in the queue', { queuePosition: 0 }, 'status.queuePosition'],
    ['a time that is none', { queuedAt: 'soon' }, 'status.queuedAt'],
    ['a condition that is not in the contract', { conditions: [{ ...condition, type: 'Happy' }] }, 'type'],
    ['a reason of two words', { conditions: [{ ...condition, reason: 'Not Good' }] }, 'reason'],
    ['the same condition twice', { conditions: [condition, condition] }, 'Duplicate value'],
  ])('refuses %s', async (_title, status, words) => {
    await expect(patch('status', 'merge', { status }, '--subresource=status')).rejects.toThrow(words);
  });
});
