import { beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import { useGateway } from '../../support/gateway.js';

const footerHtml = '<p id="footer">Run by <a href="https://example.org">somebody</a></p>';
const gateway = useGateway({ config: { footerHtml } });
const { builds } = gateway;

beforeAll(async () => {
  const started = { phase: 'Started', url: 'http://elsewhere.builds.test' } as const;
  await builds.create('runs', { targetBranch: 'feature/<x>&y' }, started);
  await builds.create('sleeps', { repo: 'oca/web', targetBranch: '17.0' }, { phase: 'Stopped' });
  await builds.create('waits', { repo: 'oca/web', targetBranch: '18.0' }, { phase: 'Queued' });
  await builds.create('new', { repo: 'oca/web', targetBranch: '19.0' });
  await builds.create('begins', { repo: 'oca/web', targetBranch: '20.0' }, { phase: 'Initializing' });
  await builds.create('of-pr', { repo: 'oca/web', targetBranch: '17.0', pr: 3 }, { phase: 'Failed' });
  await waitFor(async () => (await gateway.json('/api/v1/builds?status=failed')).length === 1);
});

async function location(path: string): Promise<string | null> {
  const answer = await gateway.call(path);
  expect(answer.status).toBe(307);
  return answer.headers.get('location');
}

describe('A page', () => {
  it.each([
    '/',
    '/webui',
    '/webui/',
    '/webui/builds.html',
    '/webui/builds.html?repo=oca/web',
    '/webui/build.html?name=runs',
  ])('%s has no script within, only files of ours, and the footer of the configuration', async (path) => {
    const answer = await gateway.call(path, { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await answer.text();
    expect(page).toContain(footerHtml);
    expect(page).toContain('MIT License');
    expect(page.replace(footerHtml, '')).not.toMatch(/<script(?![^>]* src=)|\son\w+=|style=/i);
    expect(page.replace(footerHtml, '')).not.toMatch(/(src|href)="(?!\/)(?!#)/);
    expect((await gateway.call(path, { method: 'HEAD' })).status).toBe(200);
  });

  it('may run scripts and load styles from here alone, and style attributes for the footer', async () => {
    const policy = (await gateway.call('/')).headers.get('content-security-policy')!.split(';');
    expect(policy).toEqual(
      expect.arrayContaining(["script-src 'self'", "style-src 'self'", "style-src-attr 'unsafe-inline'"]),
    );
  });

  it('is made of files that are compressed and never asked for again', async () => {
    const page = await (await gateway.call('/webui/builds.html')).text();
    const files = [...page.matchAll(/(?:src|href)="(\/webui\/assets\/[^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const answer = await gateway.call(file, { headers: { 'accept-encoding': 'gzip' } });
      expect({ file, status: answer.status }).toEqual({ file, status: 200 });
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      // Compression does not pay for a file that fits into a packet.
      if ((await answer.text()).length > 1024) expect(answer.headers.get('content-encoding')).toBe('gzip');
    }
  });

  it.each(['/webui/assets/nothing.js', '/webui/assets/..%2Findex.html', '/webui/nothing.html'])(
    'has no file %s',
    async (path) => {
      expect((await gateway.call(path)).status).toBe(404);
    },
  );
});

describe('/builds', () => {
  it('leads to the list page with the filter, and with nothing else', async () => {
    expect(await location('/builds')).toBe('/webui/builds.html');
    const query = 'repo=oca%2Fweb&target_branch=17.0&branch=a&pr=3&status=failed';
    expect(await location(`/builds?${query}&evil=1`)).toBe(`/webui/builds.html?${query}`);
  });
});

describe('/builds/{name}', () => {
  it('leads to the page of the build', async () => {
    expect(await location('/builds/sleeps')).toBe('/webui/build.html?name=sleeps');
  });

  it.each(['live', 'live=', 'live=0', 'live=true', 'x=1&live'])(
    'with ?%s leads to the build itself if it is started, else to its page, and starts nothing',
    async (query) => {
      expect(await location(`/builds/runs?${query}`)).toBe('http://elsewhere.builds.test');
      expect(await location(`/builds/sleeps?${query}`)).toBe('/webui/build.html?name=sleeps&live');
      expect((await builds.get('sleeps'))['spec']).toMatchObject({ replicas: 0 });
    },
  );

  it.each(['/builds/nowhere', '/builds/nowhere?live', '/webui/build.html?name=nowhere', '/webui/build.html'])(
    '%s is 404, a page for browsers',
    async (path) => {
      const answer = await gateway.call(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('text/html');
      expect(await answer.text()).toContain(footerHtml);
    },
  );

  it('names what was asked for without taking it for HTML', async () => {
    const page = await (await gateway.call(`/builds/${encodeURIComponent('<img src=x>')}`)).text();
    expect(page).toContain('&lt;img src=x&gt;');
    expect(page).not.toContain('<img');
  });
});

describe('/badge.svg', () => {
  it.each([
    ['repo=OCA/web&branch=17.0', 'stopped'],
    ['repo=oca/mis-builder&branch=feature%2F%3Cx%3E%26y', 'started'],
    ['repo=oca/web&branch=18.0', 'waiting'],
    ['repo=oca/web&branch=19.0', 'waiting'],
    ['repo=oca/web&branch=20.0', 'initializing'],
    ['repo=oca/web&branch=1.0', 'unknown'],
    ['', 'unknown'],
  ])('?%s shows the state of the newest build of the branch by name: %s', async (query, state) => {
    const answer = await gateway.call(`/badge.svg?${query}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('image/svg+xml');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(await answer.text()).toContain(`>${state}</text>`);
  });
});

describe('/docs', () => {
  it('shows the OpenAPI document from files of ours alone', async () => {
    const page = await (await gateway.call('/docs')).text();
    const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      expect(file).not.toMatch(/^(https?:)?\/\//);
      const answer = await gateway.call(`/${file}`);
      expect({ file, status: answer.status }).toEqual({ file, status: 200 });
      await answer.arrayBuffer();
    }
    expect(page).not.toMatch(/<script>/);
    const start = await (await gateway.call('/docs/start.js')).text();
    expect(start).toContain('openapi.json');
  });

  it('is of OpenAPI 3.1 and describes every call', async () => {
    const document = await gateway.json('/openapi.json');
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(
        [
          ...['status', 'repos', 'builds', 'builds/trigger/branch', 'builds/trigger/pr', 'builds/{name}'],
          ...['init-log', 'log', 'start', 'stop', 'reset'].map((part) => `builds/{name}/${part}`),
          ...['build-events', 'session'],
        ].map((path) => `/api/v1/${path}`),
      ),
    );
  });
});
