import { describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { waitFor } from '../../support/cluster.js';
import { ADMIN, basic, call, useGateway } from '../../support/gateway.js';

const open = useGateway();
const closed = useGateway({
  config: { api: { adminUser: ADMIN.user, adminPassword: ADMIN.password, publicActions: ['stop'] } },
});
const proxied = useGateway({ config: { http: { trustProxy: true, hsts: true } } });

const wrong = basic({ user: ADMIN.user, password: 'guess' });

describe('The administrator', () => {
  it.each([
    ['POST', '/api/v1/builds?repo=oca/web&target_branch=1&commit=x'],
    ['DELETE', '/api/v1/builds?all=true'],
    ['DELETE', '/api/v1/builds/some'],
    ['POST', '/api/v1/builds/trigger/branch?repo=oca/web&branch=1'],
    ['POST', '/api/v1/builds/trigger/pr?repo=oca/web&pr=1'],
  ])('alone may %s %s', async (method, path) => {
    const answer = await open.call(path, { method });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(await answer.json()).toEqual({ detail: expect.stringContaining('administrator') });
  });

  it('is asked for nothing where an action is public, and is where it is not', async () => {
    await closed.builds.create('some');
    expect((await closed.call('/api/v1/builds/some/stop', { method: 'POST' })).status).toBe(200);
    expect((await closed.call('/api/v1/builds/some/start', { method: 'POST' })).status).toBe(401);
    expect((await closed.call('/api/v1/builds/some/reset', { method: 'POST' })).status).toBe(401);
    const answer = await closed.call('/api/v1/builds/some/start', { method: 'POST', admin: true });
    expect(answer.status).toBe(200);
  });

  it('is told by /session who calls and what that caller may do', async () => {
    expect(await closed.json('/api/v1/session')).toEqual({ user: null, actions: ['stop'] });
    expect(await closed.json('/api/v1/session', { admin: true })).toEqual({
      user: 'admin',
      actions: expect.arrayContaining(['start', 'stop', 'reset', 'create', 'delete']),
    });
    const answer = await closed.call('/api/v1/session', { headers: { authorization: wrong } });
    expect(answer.status).toBe(401);
  });

  it.each(['Basic', 'Basic !!!', 'Bearer abc', 'Basic YWRtaW4=', `Basic ${'A'.repeat(5000)}`])(
    'is not somebody who says "%.20s"',
    async (authorization) => {
      const answer = await closed.call('/api/v1/session', { headers: { authorization } });
      expect([401, 429]).toContain(answer.status);
    },
  );

  it('is let in at once while another at the same address guesses and is told to wait', async () => {
    const guess = () => open.call('/api/v1/session', { headers: { authorization: wrong } });
    const answers = [];
    for (let count = 0; count < 15; count++) answers.push(await guess());
    const last = answers.at(-1)!;
    expect(answers[0]!.status).toBe(401);
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await open.call('/api/v1/session', { admin: true })).status).toBe(200);
    expect((await open.call('/api/v1/session')).status).toBe(200);
  });
});

describe('Start, stop and reset', () => {
  it('are limited for one address, told apart by the proxy that is trusted, and not for the administrator', async () => {
    await proxied.builds.create('busy');
    const stop = (from: string, admin = false) =>
      proxied.call('/api/v1/builds/busy/stop', {
        method: 'POST',
        admin,
        // The first one is what anybody may write; the last is the proxy's word.
        headers: { 'x-forwarded-for': `10.9.9.${Math.floor(Math.random() * 250)}, ${from}` },
      });
    let answer = await stop('192.0.2.1');
    for (let count = 0; count < 200 && answer.status === 200; count++) answer = await stop('192.0.2.1');
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await stop('192.0.2.2')).status).toBe(200);
    expect((await stop('192.0.2.1', true)).status).toBe(200);
  });
});

describe('A browser', () => {
  const act = (headers: Record<string, string>) =>
    open.call('/api/v1/builds/none-such/stop', { method: 'POST', headers });

  it.each<[Record<string, string>]>([
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://runboat.test' }],
    [{ origin: 'null' }],
    [{ origin: 'http://build.runboat.test' }],
    [{ origin: 'https://runboat.test' }],
  ])('that sends %j on behalf of another origin is refused with 403', async (headers) => {
    const { statusCode, body } = await raw(open.running.address, '/api/v1/builds/none-such/stop', headers);
    expect(statusCode).toBe(403);
    expect(await body.json()).toEqual({ detail: expect.any(String) });
  });

  it.each<[Record<string, string>]>([
    [{}],
    [{ 'sec-fetch-site': 'same-origin' }],
    [{ 'sec-fetch-site': 'none' }],
    [{ origin: 'http://runboat.test' }],
  ])('that sends %j passes', async (headers) => {
    const { statusCode, body } = await raw(open.running.address, '/api/v1/builds/none-such/stop', headers);
    await body.dump();
    expect(statusCode).toBe(404);
  });

  it('whose Origin is the host that was called passes', async () => {
    expect((await act({ origin: open.running.address })).status).not.toBe(403);
  });

  it('is never told to use https for builds, and for us only when the configuration says so', async () => {
    const plain = await call(open.running.address, '/');
    expect(plain.headers.get('strict-transport-security')).toBeNull();
    expect(plain.headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
    const hsts = (await call(proxied.running.address, '/')).headers.get('strict-transport-security');
    expect(hsts).toMatch(/^max-age=\d+$/);
  });

  it('may run no script but those of our files, and gets no cookie', async () => {
    const { headers } = await call(open.running.address, '/');
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('set-cookie')).toBeNull();
  });
});

/** `fetch` lets nobody set these headers. */
function raw(address: string, path: string, headers: Record<string, string>) {
  return request(`${address}${path}`, { method: 'POST', headers });
}

describe('The limits of requests', () => {
  it('refuse a large body with 413, announced or not', async () => {
    const big = 'x'.repeat(200_000);
    const announced = await request(`${open.running.address}/api/v1/builds/x/stop`, {
      method: 'POST',
      body: big,
    });
    expect(announced.statusCode).toBe(413);
    expect(await announced.body.json()).toEqual({ detail: expect.any(String) });
    async function* chunks() {
      for (let count = 0; count < 20; count++) yield Buffer.from('x'.repeat(10_000));
    }
    const path = `${open.running.address}/api/v1/builds/x/stop`;
    const chunked = await request(path, { method: 'POST', body: chunks() as never });
    expect(chunked.statusCode).toBe(413);
    await chunked.body.dump();
  });

  it('refuse headers that are too large with a sentence', async () => {
    const answer = await request(`${open.running.address}/api/v1/status`, {
      headers: { x: 'y'.repeat(30_000) },
    });
    expect(answer.statusCode).toBe(431);
    expect(await answer.body.json()).toEqual({ detail: expect.any(String) });
  });
});

describe('The log', () => {
  it('has one JSON object a line, whatever is asked for, and no password', async () => {
    const forged = 'a%0A{"level":"error"}\u2028';
    await open.call(`/api/v1/builds/${encodeURIComponent(forged)}`, {
      headers: { 'x-request-id': 'evil id' },
    });
    await open.call('/api/v1/session', { headers: { 'x-request-id': 'good-id-1' }, admin: true });
    const { lines } = open.running;
    await waitFor(() => lines.some((line) => line.includes('good-id-1')));
    const entries = lines.map((line) => JSON.parse(line));
    expect(entries.length).toBe(lines.length);
    const text = lines.join('\n');
    expect(text).not.toContain('evil id');
    expect(text).not.toContain(ADMIN.password);
    expect(text).not.toContain(basic().slice('Basic '.length));
  });

  it('warns once of a proxy that is not trusted', async () => {
    for (let count = 0; count < 3; count++) {
      await open.call('/api/v1/status', { headers: { 'x-forwarded-for': '192.0.2.7' } });
    }
    const of = (lines: readonly string[]) => lines.filter((line) => line.includes('which is not believed'));
    await waitFor(() => of(open.running.lines).length > 0);
    expect(of(open.running.lines)).toHaveLength(1);
    expect(of(proxied.running.lines)).toHaveLength(0);
  });
});
