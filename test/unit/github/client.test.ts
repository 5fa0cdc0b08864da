import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GitHubConfig } from '../../../lib/config/types.js';
import { GitHubClient } from '../../../lib/github/client.js';
import { GitHubError } from '../../../lib/github/errors.js';
import { FakeGitHub, type Trouble } from '../../support/fake-github.js';

const sha = 'a'.repeat(40);
const token = 'ghp_verysecrettoken';
let github: FakeGitHub;
let settings: GitHubConfig;

beforeEach(async () => {
  github = new FakeGitHub();
  await github.start();
  settings = {
    token,
    allowUnsignedWebhooks: false,
    apiUrl: github.url,
    webUrl: 'https://github.test',
    commitStatuses: true,
  };
});

afterEach(() => github.stop());

function client(options: { timeoutMs?: number; now?: () => number } = {}): GitHubClient {
  return new GitHubClient({ settings: () => settings, ...options });
}

async function errorOf(work: Promise<unknown>): Promise<GitHubError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GitHubError)) throw new Error(`GitHubError expected, got ${String(error)}`);
  return error;
}

describe('reading heads', () => {
  it('gives the commit of a branch, whose name may have slashes and other odd characters', async () => {
    github.branches.set('oca/web 16.0-fix/a b#1?', sha);
    expect(await client().headOfBranch('oca/web', '16.0-fix/a b#1?')).toBe(sha);
    const [request] = github.requests;
    expect(request?.headers.authorization).toBe(`token ${token}`);
    expect(request?.rawPath).toBe('/repos/oca/web/branches/16.0-fix%2Fa%20b%231%3F');
  });

  it('gives head and base of a pull request', async () => {
    github.pulls.set('oca/web 12', { sha, base: '16.0' });
    expect(await client().headOfPullRequest('oca/web', 12)).toEqual({ targetBranch: '16.0', commit: sha });
  });

  it('reads without credentials what is public', async () => {
    const { token: _, ...rest } = settings;
    settings = rest;
    github.branches.set('oca/web 16.0', sha);
    const anybody = client();
    expect(await anybody.headOfBranch('oca/web', '16.0')).toBe(sha);
    expect(anybody.hasCredentials).toBe(false);
    expect(github.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('does not take the head of the branch that a renamed one became', async () => {
    github.trouble = () => ({ status: 200, body: JSON.stringify({ name: 'main', commit: { sha } }) });
    expect((await errorOf(client().headOfBranch('oca/web', 'master'))).kind).toBe('notFound');
  });

  it('takes no answer for a commit that is none', async () => {
    for (const body of ['{}', '[]', 'null', '"x"', '', '<html>', '{"commit":{"sha":"../../x"}}']) {
      github.trouble = () => ({ status: 200, body });
      expect((await errorOf(client().headOfBranch('oca/web', '16.0'))).kind).toBe('unavailable');
      expect((await errorOf(client().headOfPullRequest('oca/web', 1))).kind).toBe('unavailable');
    }
  });

  it('uses a token that was rotated from the next request on', async () => {
    github.branches.set('oca/web 16.0', sha);
    const one = client();
    await one.headOfBranch('oca/web', '16.0');
    settings = { ...settings, token: 'ghp_other' };
    await one.headOfBranch('oca/web', '16.0');
    expect(github.requests[1]?.headers.authorization).toBe('token ghp_other');
  });

  it('puts the address of GitHub Enterprise before each path', async () => {
    settings = { ...settings, apiUrl: `${github.url}/api/v3` };
    await errorOf(client().headOfBranch('oca/web', '16.0'));
    expect(github.requests[0]?.path).toBe('/api/v3/repos/oca/web/branches/16.0');
  });
});

describe('setting a commit status', () => {
  const status = { repo: 'oca/web', commit: sha, state: 'pending', context: 'runboat/build' } as const;

  it('sends state, context, description and link', async () => {
    await client().createCommitStatus({ ...status, description: 'Waits.', targetUrl: 'https://x.test/1' });
    await client().createCommitStatus({ ...status, description: 'Waits.' });
    expect(github.requests.map(({ path, body }) => [path, body])).toEqual([
      [
        `/repos/oca/web/statuses/${sha}`,
        {
          state: 'pending',
          target_url: 'https://x.test/1',
          description: 'Waits.',
          context: 'runboat/build',
        },
      ],
      [
        `/repos/oca/web/statuses/${sha}`,
        { state: 'pending', description: 'Waits.', context: 'runboat/build' },
      ],
    ]);
  });

  it('cuts a description to the 140 characters that GitHub takes', async () => {
    await client().createCommitStatus({ ...status, description: 'x'.repeat(500) });
    expect(github.statuses[0]?.description).toBe(`${'x'.repeat(139)}…`);
  });

  it('breaks off when the signal is aborted', async () => {
    github.trouble = () => 'silence';
    const aborting = new AbortController();
    const asked = errorOf(client().createCommitStatus({ ...status, description: '' }, aborting.signal));
    aborting.abort();
    expect((await asked).kind).toBe('unavailable');
  });
});

describe('an answer that is no success', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const date = 'Thu, 01 Jan 2026 00:00:10 GMT';
  const inAMinute = String(now / 1000 + 60);
  const cases: [string, Trouble, Partial<GitHubError>][] = [
    ['404', { status: 404 }, { kind: 'notFound', status: 404 }],
    ['422', { status: 422 }, { kind: 'refused', status: 422 }],
    ['401', { status: 401, message: 'Bad credentials' }, { kind: 'unauthorized' }],
    ['a plain 403', { status: 403, message: 'Resource not accessible' }, { kind: 'forbidden' }],
    [
      '403 with the limit used up',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inAMinute, date: 'x' } },
      { kind: 'rateLimited', retryAt: now + 61_000 },
    ],
    [
      '403 with the limit used up, by a clock that is ahead',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inAMinute, date } },
      { kind: 'rateLimited', retryAt: now + 51_000 },
    ],
    [
      '403 with Retry-After',
      { status: 403, headers: { 'retry-after': '7' } },
      { kind: 'rateLimited', retryAt: now + 7_000 },
    ],
    [
      '429 with Retry-After as a date',
      { status: 429, headers: { 'retry-after': date } },
      { kind: 'rateLimited', retryAt: now + 10_000 },
    ],
    ['429 alone', { status: 429 }, { kind: 'rateLimited', retryAt: now + 60_000 }],
    [
      '403 that speaks of a secondary limit',
      { status: 403, message: 'You have exceeded a secondary rate limit.' },
      { kind: 'rateLimited', retryAt: now + 60_000 },
    ],
    ['500', { status: 500 }, { kind: 'unavailable', status: 500 }],
    [
      '503 with Retry-After',
      { status: 503, headers: { 'retry-after': '30' } },
      { kind: 'unavailable', retryAt: now + 30_000 },
    ],
    ['502 with a page', { status: 502, body: '<html>bad gateway</html>' }, { kind: 'unavailable' }],
    [
      '500 with a malformed type',
      { status: 500, headers: { 'content-type': ';;' } },
      { kind: 'unavailable' },
    ],
    ['a dropped connection', 'drop', { kind: 'unavailable' }],
    ['half an answer', 'half', { kind: 'unavailable' }],
    ['no answer in time', 'silence', { kind: 'timedOut' }],
  ];

  it.each(cases)('is told apart: %s', async (_, trouble, expected) => {
    github.trouble = () => trouble;
    const one = client({ timeoutMs: 300, now: () => now });
    expect(await errorOf(one.headOfBranch('oca/web', '16.0'))).toMatchObject(expected);
    expect(github.requests).toHaveLength(1);
  });

  it('is told apart when nobody listens', async () => {
    const nobody = new FakeGitHub();
    await nobody.start();
    settings = { ...settings, apiUrl: nobody.url };
    await nobody.stop();
    const error = await errorOf(client().headOfBranch('oca/web', '16.0'));
    expect(error.kind).toBe('unavailable');
    expect(error.message).toMatch(/^Could not read branch 16\.0 of oca\/web: .*ECONNREFUSED/);
  });

  it('shows no secret in the error, even if GitHub repeats it', async () => {
    github.trouble = () => ({ status: 403, message: `no right for ${token}\u001b[31m\nforged line` });
    const error = await errorOf(client().headOfBranch('oca/web', '16.0'));
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(token);
    expect(error.message).toContain('no right for [removed] [31m forged line');
  });
});

describe('a GitHub App', () => {
  const pkcs1 = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  }) as string;

  beforeEach(() => {
    const { token: _, ...rest } = settings;
    settings = { ...rest, app: { id: '123', privateKey: pkcs1 } };
    github.installations.set('oca/web', 77).set('oca/hr', 77).set('other/x', 78);
    for (const repo of ['oca/web', 'oca/hr', 'other/x']) github.branches.set(`${repo} 16.0`, sha);
  });

  it('asks for the installation of the repository and for a token once, and uses it', async () => {
    const app = client();
    expect(app.hasCredentials).toBe(true);
    await app.headOfBranch('oca/web', '16.0');
    await app.headOfBranch('oca/web', '16.0');
    expect(github.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /repos/oca/web/installation',
      'POST /app/installations/77/access_tokens',
      'GET /repos/oca/web/branches/16.0',
      'GET /repos/oca/web/branches/16.0',
    ]);
    expect(github.requests[0]?.headers.authorization).toMatch(/^bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    expect(github.requests[3]?.headers.authorization).toBe('token ghs_installation1');
  });

  it('shares the token of one installation and has another one for each', async () => {
    const app = client();
    await app.headOfBranch('oca/web', '16.0');
    await app.headOfBranch('oca/hr', '16.0');
    await app.headOfBranch('other/x', '16.0');
    expect(github.tokens).toBe(2);
  });

  it('says when it is not installed, and asks again the next time', async () => {
    github.installations.clear();
    const app = client();
    expect((await errorOf(app.headOfBranch('oca/web', '16.0'))).kind).toBe('notFound');
    github.installations.set('oca/web', 79);
    expect(await app.headOfBranch('oca/web', '16.0')).toBe(sha);
  });

  it('asks for a new installation after one was removed', async () => {
    const app = client();
    await app.headOfBranch('oca/web', '16.0');
    github.installations.set('oca/web', 80);
    github.trouble = ({ headers }) =>
      headers.authorization === 'token ghs_installation1' ? { status: 404 } : undefined;
    await errorOf(app.headOfBranch('oca/web', '16.0'));
    expect(await app.headOfBranch('oca/web', '16.0')).toBe(sha);
  });

  it('gives up in time when GitHub is silent on the way to the token', async () => {
    github.trouble = ({ path }) => (path.endsWith('access_tokens') ? 'silence' : undefined);
    const app = client({ timeoutMs: 300 });
    expect((await errorOf(app.headOfBranch('oca/web', '16.0'))).kind).toBe('timedOut');
  });

  it('says what to check when its key is unusable, without showing the key', async () => {
    settings = { ...settings, app: { id: '123', privateKey: 'not-a-key-but-secret' } };
    const error = await errorOf(client().headOfBranch('oca/web', '16.0'));
    expect(error.kind).toBe('unauthorized');
    expect(error.message).toContain('github.app');
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('not-a-key-but-secret');
  });
});
