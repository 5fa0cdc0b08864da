import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import { ADMIN, basic, gatewayConfig, useGateway } from '../../support/gateway.js';
import { SseClient } from './sse-client.js';

const folder = mkdtempSync(join(tmpdir(), 'runboat-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const API = { adminUser: ADMIN.user };
writeFileSync(at('password'), `${ADMIN.password}\n`);
// As kubelet lays out a mounted Secret: the names are links, and one link is swapped for all of them.
mkdirSync(at('..1'));
writeFileSync(at('..1/hook'), 'first');
symlinkSync('..1', at('..data'));
symlinkSync('..data/hook', at('hook'));
writeFileSync(at('.env'), `# more\nexport RUNBOAT_ADDITIONAL_FOOTER_HTML='<i id="first">\n</i>'\n`);

describe('A running gateway', () => {
  const gateway = useGateway({
    config: { api: API },
    env: {
      RUNBOAT_API_ADMIN_PASSWD_FILE: at('password'),
      RUNBOAT_GITHUB_WEBHOOK_SECRET_FILE: at('hook'),
      RUNBOAT_ENV_FILE: at('.env'),
    },
  });
  const configure = (changes: Record<string, unknown>) => {
    const config = gatewayConfig(gateway.namespace.name, { api: API, ...changes });
    writeFileSync(gateway.running.configFile, JSON.stringify(config));
  };
  const sessionWith = async (password: string) => {
    const authorization = basic({ user: ADMIN.user, password });
    return (await gateway.call('/api/v1/session', { headers: { authorization } })).status;
  };
  const ping = async (secret: string) => {
    const body = '{"zen": "Keep it logically awesome."}';
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'ping',
      'x-hub-signature-256': signature,
    };
    return (await gateway.call('/webhooks/github', { method: 'POST', headers, body })).status;
  };
  const metric = async (name: string) => {
    const text = await (await fetch(`${gateway.running.metricsAddress}/metrics`)).text();
    return new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1];
  };
  const refusals = () => gateway.running.lines.filter((line) => line.includes('settings are refused'));

  it("takes the administrator's new password from its file", async () => {
    expect(await sessionWith(ADMIN.password)).toBe(200);
    writeFileSync(at('password'), 'another one\n');
    // Asked seldom, because wrong passwords are counted.
    await waitFor(async () => (await sessionWith('another one')) === 200, { intervalMs: 2_000 });
    expect(await sessionWith(ADMIN.password)).toBe(401);
    expect(gateway.running.lines.join('\n')).not.toContain('another one');
  });

  it('takes the new secret of webhooks when the links of a mounted Secret are swapped', async () => {
    expect(await ping('first')).toBe(200);
    mkdirSync(at('..2'));
    writeFileSync(at('..2/hook'), 'second');
    symlinkSync('..2', at('..data_tmp'));
    renameSync(at('..data_tmp'), at('..data'));
    await waitFor(async () => (await ping('second')) === 200);
    expect(await ping('first')).toBe(401);
  });

  it('shows the footer that the .env file has now', async () => {
    const page = async () => (await gateway.call('/')).text();
    expect(await page()).toContain('<i id="first">\n</i>');
    writeFileSync(at('.env'), 'RUNBOAT_ADDITIONAL_FOOTER_HTML=<i>second</i>\n');
    await waitFor(async () => (await page()).includes('<i>second</i>'));
  });

  it('answers with the new addresses and limits, and tells those who listen', async () => {
    await gateway.builds.create('links-1');
    await waitFor(async () => (await gateway.json('/api/v1/builds')).length === 1);
    const linkOf = async () => (await gateway.json('/api/v1/builds'))[0].webui_link;
    expect(await linkOf()).toBe('http://runboat.test/builds/links-1');
    const listener = await SseClient.open(gateway.running.address);
    const told = () => listener.messages.map(({ data }) => data?.build?.webui_link);
    try {
      await waitFor(() => told().includes('http://runboat.test/builds/links-1'));
      configure({ baseUrl: 'https://new.test', limits: { started: 77 } });
      await waitFor(async () => (await linkOf()) === 'https://new.test/builds/links-1');
      expect((await gateway.json('/api/v1/status')).max_started).toBe(77);
      await waitFor(() => told().includes('https://new.test/builds/links-1'));
    } finally {
      listener.leave();
    }
  });

  it('lets everybody do what is public now, and sends the headers that are wished now', async () => {
    const start = () => gateway.call('/api/v1/builds/none/start', { method: 'POST' });
    expect((await start()).status).toBe(404);
    configure({ api: { ...API, publicActions: [] }, http: { hsts: true } });
    await waitFor(async () => (await start()).status === 401);
    expect((await gateway.call('/')).headers.get('strict-transport-security')).toContain('max-age');
  });

  it('keeps what it has while a new version is wrong, and says all that is, once', async () => {
    const before = refusals().length;
    configure({ urlScheme: 'ftp', namespace: 'other', nonsense: 1 });
    await waitFor(() => refusals().length > before);
    const { problems } = JSON.parse(refusals().at(-1)!);
    expect(problems.join('\n')).toMatch(/nonsense/);
    expect(problems.join('\n')).toMatch(/urlScheme/);
    expect(problems.join('\n')).toMatch(/namespace: restart needed/);
    expect(await metric('runboat_config_last_reload_successful')).toBe('0');
    expect(await sessionWith('another one')).toBe(200);
    const looks = Number(await metric('runboat_config_last_reload_success_timestamp_seconds'));
    configure({ log: { level: 'info' } });
    await waitFor(async () => (await metric('runboat_config_last_reload_successful')) === '1');
    expect(Number(await metric('runboat_config_last_reload_success_timestamp_seconds'))).toBeGreaterThan(
      looks,
    );
    expect(refusals()).toHaveLength(before + 1);
  });
});
