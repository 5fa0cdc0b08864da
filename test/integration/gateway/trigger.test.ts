import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createNamespace, deleteNamespace } from '../../support/cluster.js';
import { FakeGitHub } from '../../support/fake-github.js';
import { useClient } from '../kube/support.js';
import { admin, builds, call, type Gateway, startGateway } from './github-support.js';

const client = useClient();
const commit = 'a'.repeat(40);
let namespace: string;
let github: FakeGitHub;
let gateway: Gateway;

beforeEach(async () => {
  namespace = await createNamespace();
  github = new FakeGitHub();
  await github.start();
  const settings = { apiUrl: github.url, token: 'ghp_token' };
  gateway = await startGateway({ namespace, client: client.get(), github: settings, timeoutMs: 500 });
});

afterEach(async () => {
  await github.stop();
  await deleteNamespace(namespace);
});

const trigger = (query: string, headers: Record<string, string> = admin) =>
  call(`${gateway.url}/api/v1/builds/trigger/${query}`, { method: 'POST', headers });
const built = async () => [...(await builds(client.get(), namespace)).keys()];

describe('a trigger', () => {
  it('builds the head of a branch, once', async () => {
    github.branches.set('oca/web 16.0-a/b', commit);
    const name = `oca-web-16-0-a-b-${commit.slice(0, 12)}`;
    const query = 'branch?repo=OCA/web&branch=16.0-a/b';
    expect(await trigger(query)).toEqual({ status: 200, body: { name, created: true } });
    expect(await trigger(query)).toEqual({ status: 200, body: { name, created: false } });
    expect(await built()).toEqual(['oca/web 16.0-a/b - aaaa']);
  });

  it('builds the head of a pull request on its base', async () => {
    github.pulls.set('oca/web 12', { sha: commit, base: '16.0' });
    const answer = await trigger('pr?repo=oca/web&pr=12');
    expect(answer.body).toEqual({ name: `oca-web-16-0-pr12-${commit.slice(0, 12)}`, created: true });
    expect(await built()).toEqual(['oca/web 16.0 12 aaaa']);
  });

  it('is answered with 404 for what GitHub does not know', async () => {
    expect((await trigger('branch?repo=oca/web&branch=16.0')).status).toBe(404);
    expect((await trigger('pr?repo=oca/web&pr=12')).status).toBe(404);
  });

  it('is answered with 400 when no rule matches', async () => {
    github.branches.set('other/web 16.0', commit);
    github.pulls.set('oca/web 12', { sha: commit, base: 'main' });
    for (const query of ['branch?repo=other/web&branch=16.0', 'pr?repo=oca/web&pr=12']) {
      const { status, body } = await trigger(query);
      expect([status, body.detail]).toEqual([400, expect.stringContaining('rule')]);
    }
    expect(await built()).toEqual([]);
  });

  it.each([
    ['branch', 'repo=oca/web'],
    ['branch', 'branch=16.0'],
    ['branch', 'repo=oca/web&branch='],
    ['branch', 'repo=../../user&branch=16.0'],
    ['pr', 'repo=oca/web'],
    ['pr', 'repo=oca/web&pr=0'],
    ['pr', 'repo=oca/web&pr=x'],
  ])('%s with %s is answered with 400 and GitHub is not asked', async (what, query) => {
    expect((await trigger(`${what}?${query}`)).status).toBe(400);
    expect(github.requests).toEqual([]);
  });

  it.each([
    [502, { status: 500 } as const],
    [502, { status: 403 } as const],
    [502, { status: 429 } as const],
    [502, 'drop' as const],
    [502, 'half' as const],
    [504, 'silence' as const],
  ])('is answered with %d when GitHub fails: %j', async (status, trouble) => {
    github.trouble = () => trouble;
    const answer = await trigger('branch?repo=oca/web&branch=16.0');
    expect(answer).toEqual({ status, body: { detail: expect.stringContaining('GitHub') } });
    expect(JSON.stringify(answer)).not.toContain('ghp_token');
  });

  it('needs the administrator', async () => {
    expect((await trigger('branch?repo=oca/web&branch=16.0', {})).status).toBe(401);
    expect((await trigger('pr?repo=oca/web&pr=1', { authorization: 'Basic YTpi' })).status).toBe(401);
    expect(github.requests).toEqual([]);
  });
});
