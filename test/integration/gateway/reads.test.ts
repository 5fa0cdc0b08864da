import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import type { RunboatBuildStatus } from '../../../crds/runboatbuild.generated.js';
import { waitFor } from '../../support/cluster.js';
import { commitOf, useGateway } from '../../support/gateway.js';

const gateway = useGateway({
  config: { urlScheme: 'https', limits: { initializing: 3, started: 4, deployed: 5 } },
});
const { builds } = gateway;

const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;
const waiting = (second: number): RunboatBuildStatus => ({
  phase: 'Queued',
  initStatus: 'todo',
  queuedAt: at(second),
});
const condition = (
  type: 'Deployed' | 'Initialized' | 'Ready',
  status: 'True' | 'False',
  message: string,
) => ({
  type,
  status,
  message,
  reason: 'Because',
  lastTransitionTime: at(0),
});
const started: RunboatBuildStatus = {
  phase: 'Started',
  initStatus: 'succeeded',
  url: 'https://other.builds.test',
  queuedAt: at(1),
  initStartedAt: at(2),
  initializedAt: at(3),
  readyAt: at(4),
  lastScaledAt: at(5),
  resolved: { image: 'registry.test/odoo:16.0', kubefiles: 'odoo' },
  conditions: [condition('Ready', 'True', 'It answers.')],
};

beforeAll(async () => {
  await builds.create('a-started', { replicas: 1 }, started);
  await builds.create('b-waits-last', { pr: 7, replicas: 1 }, waiting(9));
  await builds.create('c-unseen', { pr: 123, targetBranch: '17.0', keep: true });
  await builds.create('d-waits-first', { repo: 'oca/web', priority: 5 }, waiting(8));
  await builds.create('e-initializes', { repo: 'oca/web' }, { phase: 'Initializing', initStatus: 'started' });
  await builds.create(
    'f-refused',
    { repo: 'oca/web', targetBranch: 'feature/x y' },
    { phase: 'Failed', conditions: [condition('Deployed', 'False', 'No rule matches.')] },
  );
  await builds.create(
    'g-failed',
    { repo: 'oca/web', targetBranch: '8.0' },
    {
      phase: 'Failed',
      initStatus: 'failed',
      conditions: [condition('Initialized', 'False', 'Read its log.')],
    },
  );
  await builds.create('h-stopped', { repo: 'oca/web', pr: 7 }, { phase: 'Stopped', initStatus: 'succeeded' });
  await builds.create('i-stopping', {}, { phase: 'Stopping' });
  await builds.create('j-starting', {}, { phase: 'Starting' });
  await builds.create('k-goes', {}, { phase: 'Undeploying' }, { finalizers: ['test.example/hold'] });
  await builds.delete('k-goes');
  await waitFor(async () => (await list('status=undeploying')).length === 1);
  await waitFor(async () => (await list('status=starting')).length === 1);
});

/** The names of a list. */
async function list(query = ''): Promise<string[]> {
  const found = await gateway.json(`/api/v1/builds?${query}`);
  return found.map(({ name }: { name: string }) => name);
}

/** One branch of one repository in the order of their creation, whose second is not in the hands of the test. */
async function newestFirst(...names: string[]): Promise<string[]> {
  const keys = await Promise.all(
    names.map(async (name) => `${(await builds.get(name)).metadata.creationTimestamp} ${name}`),
  );
  return keys
    .sort()
    .reverse()
    .map((key) => key.split(' ')[1]!);
}

describe('GET /builds', () => {
  it('lists by repository descending, pull requests descending with branches first, branch, creation', async () => {
    expect(await list()).toEqual([
      ...['f-refused', 'g-failed'],
      ...(await newestFirst('e-initializes', 'd-waits-first')),
      'h-stopped',
      ...(await newestFirst('k-goes', 'j-starting', 'i-stopping', 'a-started')),
      ...['c-unseen', 'b-waits-last'],
    ]);
  });

  it.each<[string, string[]]>([
    ['repo=OCA/Web&pr=7', ['h-stopped']],
    ['repo=oca/mis-builder&branch=16.0', ['k-goes', 'j-starting', 'i-stopping', 'a-started']],
    ['repo=oca/mis-builder&target_branch=16.0&pr=7', ['b-waits-last']],
    ['target_branch=17.0', ['c-unseen']],
    ['branch=17.0', []],
    ['branch=feature/x%20y', ['f-refused']],
    ['status=failed', ['g-failed', 'f-refused']],
    ['status=initializing&repo=oca/mis-builder', ['c-unseen', 'b-waits-last']],
    ['pr=7&repo=oca/other&repo=&repo=oca/web', ['h-stopped']],
    ['pr=7&repo=oca/web&repo=', ['h-stopped', 'b-waits-last']],
    ['pr=7&unknown=1', ['h-stopped', 'b-waits-last']],
    ['repo=nonsense', []],
  ])('with ?%s answers what matches', async (query, names) => {
    expect((await list(query)).sort()).toEqual(names.sort());
  });

  it.each(['pr=x', 'pr=0', 'pr=-1', 'pr=1.5', 'pr=99999999999', 'status=gone', 'status=Failed'])(
    'refuses ?%s with 400 and a sentence',
    async (query) => {
      const answer = await gateway.call(`/api/v1/builds?${query}`);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ detail: expect.stringContaining(query.split('=')[0]!) });
    },
  );

  it('leaves out what there is not', async () => {
    const [build] = await gateway.json('/api/v1/builds?target_branch=17.0');
    expect(Object.keys(build)).not.toContain('queued_at');
    expect(build.commit_info.pr).toBe(123);
    const [ofBranch] = await gateway.json('/api/v1/builds?status=started');
    expect(Object.keys(ofBranch.commit_info)).not.toContain('pr');
    expect(Object.keys(ofBranch)).not.toContain('repo_pr_link');
  });

  it('answers gzip to those who accept it, and 304 to those who have it', async () => {
    const plain = await gateway.call('/api/v1/builds', { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('vary')).toContain('Accept-Encoding');
    const body = Buffer.from(await plain.arrayBuffer());
    const zipped = await request(`${gateway.running.address}/api/v1/builds`, {
      headers: { 'accept-encoding': 'br;q=1, gzip;q=0.5' },
    });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(Buffer.from(await zipped.body.arrayBuffer())).equals(body)).toBe(true);
    const refused = await request(`${gateway.running.address}/api/v1/builds`, {
      headers: { 'accept-encoding': 'gzip;q=0' },
    });
    expect(refused.headers['content-encoding']).toBeUndefined();
    await refused.body.dump();
    const etag = plain.headers.get('etag')!;
    const again = await fetch(`${gateway.running.address}/api/v1/builds`, {
      headers: { 'if-none-match': etag },
    });
    expect({ status: again.status, body: await again.text() }).toEqual({ status: 304, body: '' });
  });
});

describe('GET /builds/{name}', () => {
  it('answers all that is known of a started build', async () => {
    const { metadata } = await builds.get('a-started');
    expect(await gateway.json('/api/v1/builds/a-started')).toEqual({
      name: 'a-started',
      commit_info: {
        repo: 'oca/mis-builder',
        target_branch: '16.0',
        pr: null,
        git_commit: commitOf('a-started'),
      },
      status: 'started',
      init_status: 'succeeded',
      queue_position: null,
      message: 'It answers.',
      ready: true,
      start_requested: true,
      keep: false,
      image: 'registry.test/odoo:16.0',
      bundle: 'odoo',
      deploy_link: 'https://other.builds.test',
      deploy_link_mailhog: 'https://other.mail.builds.test',
      repo_target_branch_link: 'https://github.com/oca/mis-builder/tree/16.0',
      repo_pr_link: null,
      repo_commit_link: `https://github.com/oca/mis-builder/commit/${commitOf('a-started')}`,
      webui_link: 'http://runboat.test/builds/a-started',
      created: metadata.creationTimestamp,
      last_scaled: '2026-01-02T03:04:05Z',
      queued_at: '2026-01-02T03:04:01Z',
      init_started_at: '2026-01-02T03:04:02Z',
      initialized_at: '2026-01-02T03:04:03Z',
      ready_at: '2026-01-02T03:04:04Z',
    });
  });

  it('answers a build that the operator has not seen yet as waiting', async () => {
    const build = await gateway.json('/api/v1/builds/c-unseen');
    expect(build).toMatchObject({
      status: 'initializing',
      init_status: 'todo',
      deploy_link: 'https://c-unseen.builds.test',
      deploy_link_mailhog: 'https://c-unseen.mail.builds.test',
      repo_pr_link: 'https://github.com/oca/mis-builder/pull/123',
      repo_commit_link: `https://github.com/oca/mis-builder/pull/123/commits/${commitOf('c-unseen')}`,
      keep: true,
      ready: false,
      start_requested: false,
      queued_at: null,
    });
    expect(build.last_scaled).toBe(build.created);
  });

  it('tells the exact place in the queue: by priority, then by the time of waiting', async () => {
    const places = await Promise.all(
      ['d-waits-first', 'b-waits-last', 'c-unseen', 'e-initializes'].map(
        async (name) => (await gateway.json(`/api/v1/builds/${name}`)).queue_position,
      ),
    );
    expect(places).toEqual([1, 2, 3, null]);
  });

  it('says why a build failed', async () => {
    expect((await gateway.json('/api/v1/builds/f-refused')).message).toBe('No rule matches.');
    expect((await gateway.json('/api/v1/builds/g-failed')).message).toBe('Read its log.');
  });

  it('keeps the names of branches whole in links', async () => {
    const build = await gateway.json('/api/v1/builds/f-refused');
    expect(build.repo_target_branch_link).toBe('https://github.com/oca/web/tree/feature/x%20y');
  });

  it('answers 404 with a sentence for a name that there is not', async () => {
    const answer = await gateway.call('/api/v1/builds/no-such-build');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ detail: expect.stringContaining('no-such-build') });
  });
});

describe('GET /status', () => {
  it('counts by state, and as deployed all but the refused and those that go', async () => {
    expect(await gateway.json('/api/v1/status')).toEqual({
      deployed: 9,
      max_deployed: 5,
      failed: 2,
      stopped: 1,
      started: 1,
      max_started: 4,
      to_initialize: 3,
      initializing: 1,
      max_initializing: 3,
      undeploying: 1,
    });
  });
});

describe('GET /repos', () => {
  it('answers the repositories that have builds, sorted', async () => {
    expect(await gateway.json('/api/v1/repos')).toEqual([
      { name: 'oca/mis-builder', link: 'https://github.com/oca/mis-builder' },
      { name: 'oca/web', link: 'https://github.com/oca/web' },
    ]);
  });
});

describe('Every path', () => {
  it.each(['/api/v1/builds/', '/api/v1/status//', '/api/v1/builds/a-started/?x=1&y=%2F'])(
    'is led from %s to itself without the slash',
    async (path) => {
      const answer = await gateway.call(path);
      expect(answer.status).toBe(307);
      expect(answer.headers.get('location')).toBe(path.replace(/\/+(\?|$)/, '$1'));
    },
  );

  it.each(['//evil.example/', '/\\evil.example/', '///evil.example/'])(
    'but %s, which would lead elsewhere, is not led on',
    async (path) => {
      const { statusCode, headers, body } = await request({
        origin: gateway.running.address,
        path,
        method: 'GET',
      } as never);
      await body.dump();
      expect(statusCode).toBeGreaterThanOrEqual(400);
      expect(headers['location']).toBeUndefined();
    },
  );

  it.each([
    ['PUT', '/api/v1/builds', 'DELETE, GET, HEAD, POST'],
    ['POST', '/api/v1/builds/a-started', 'DELETE, GET, HEAD'],
    ['GET', '/api/v1/builds/a-started/start', 'POST'],
    ['DELETE', '/api/v1/status', 'GET, HEAD'],
    ['HEAD', '/api/v1/builds/a-started/start', 'POST'],
    ['GET', '/api/v1/builds/trigger/branch', 'POST'],
    ['POST', '/api/v1/build-events', 'GET, HEAD'],
    ['POST', '/api/v1/builds/a-started/log', 'GET, HEAD'],
    ['POST', '/badge.svg', 'GET, HEAD'],
    ['POST', '/builds', 'GET, HEAD'],
    ['PUT', '/webhooks/github', 'POST'],
  ])('says with 405 to %s %s what is possible', async (method, path, allow) => {
    const answer = await gateway.call(path, { method, admin: true });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    if (method !== 'HEAD') expect(await answer.json()).toEqual({ detail: expect.any(String) });
  });

  it.each([
    '/api/v1/builds',
    '/api/v1/builds/a-started',
    '/api/v1/status',
    '/api/v1/repos',
    '/api/v1/session',
    '/badge.svg?repo=oca/web&branch=16.0',
    '/openapi.json',
    '/docs',
    '/readyz',
  ])('answers HEAD as GET, but without the body: %s', async (path) => {
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) =>
        gateway.call(path, { method, headers: { 'accept-encoding': 'identity' } }),
      ),
    );
    for (const name of ['content-type', 'content-length']) {
      expect([name, head!.headers.get(name)]).toEqual([name, get!.headers.get(name)]);
    }
    expect([get!.status, head!.status, await head!.text()]).toEqual([200, 200, '']);
  });

  it('has no events and no body for HEAD of the events, and the answer ends', async () => {
    const answer = await gateway.call('/api/v1/build-events', { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(await answer.text()).toBe('');
  });

  it('is led to itself without the slash for other methods too, which 307 keeps', async () => {
    const answer = await gateway.call('/webhooks/github/', { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers.get('location')]).toEqual([307, '/webhooks/github']);
  });

  it('answers 404 as JSON below /api, whatever the caller accepts', async () => {
    const answer = await fetch(`${gateway.running.address}/api/v2/builds`, {
      headers: { accept: 'text/html' },
    });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ detail: expect.any(String) });
  });

  it('that is not well encoded is answered with 400', async () => {
    const answer = await fetch(`${gateway.running.address}/api/v1/builds/%E0%A4%A`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ detail: expect.any(String) });
  });
});
