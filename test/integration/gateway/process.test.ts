import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { repositoryRoot } from '../../cluster/paths.js';
import { kubectl, useNamespace, waitFor } from '../../support/cluster.js';
import { ADMIN, basic, call, json, startGateway, TestBuilds } from '../../support/gateway.js';

const namespace = useNamespace();
const builds = new TestBuilds(namespace);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runboat-gateway-'));
  await builds.open();
});
afterAll(async () => {
  await builds.close();
  await rm(folder, { recursive: true });
});

async function kubeconfig(
  change: (config: Record<string, { cluster: object; user: object }[]>) => void,
): Promise<string> {
  const config = JSON.parse(
    await kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']),
  );
  change(config);
  const file = join(await mkdtemp(join(folder, 'access-')), 'kubeconfig');
  await writeFile(file, JSON.stringify(config));
  return file;
}

describe('Before all builds are known', () => {
  it('everything is answered with 503 and says so, and nothing is once they are', async () => {
    // An API server that is not there yet, and then is: requests are handed on to the real one.
    let target: string | undefined;
    const gate = createServer(async (request, response) => {
      if (target === undefined) return void response.destroy();
      const answer = await builds.kube.get<object>(request.url!.split('?')[0]!);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
    const { port } = gate.address() as AddressInfo;
    const file = await kubeconfig((config) => {
      config['clusters']![0]!.cluster = { server: `http://127.0.0.1:${port}` };
      config['users']![0]!.user = {};
    });
    const gateway = await startGateway({ namespace: namespace.name, kubeconfig: file, waitReady: false });
    try {
      for (const path of ['/api/v1/builds', '/api/v1/status', '/', '/builds/x', '/badge.svg']) {
        const answer = await call(gateway.address, path);
        expect({ path, status: answer.status }).toEqual({ path, status: 503 });
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      }
      for (const address of [gateway.address, gateway.metricsAddress]) {
        expect((await fetch(`${address}/healthz`)).status).toBe(200);
        const ready = await fetch(`${address}/readyz`);
        expect(ready.status).toBe(503);
        expect(await ready.text()).toContain('builds');
      }
      expect((await fetch(`${gateway.address}/openapi.json`)).status).toBe(200);
      target = 'the real one';
      await waitFor(async () => (await fetch(`${gateway.address}/readyz`)).ok);
      expect(await json(gateway.address, '/api/v1/builds')).toEqual([]);
    } finally {
      await gateway.stop();
      gate.closeAllConnections();
      gate.close();
    }
  });
});

describe('The documented Role', () => {
  it('lets the gateway do all it does, and neither read Secrets nor touch workloads', async () => {
    const role = load(await readFile(join(repositoryRoot, 'docs/rbac/gateway-role.yaml'), 'utf8')) as object;
    await kubectl(['apply', '-n', namespace.name, '-f', '-'], JSON.stringify(role));
    await kubectl(['create', 'serviceaccount', 'gateway', '-n', namespace.name]);
    const account = `--serviceaccount=${namespace.name}:gateway`;
    await kubectl([
      'create',
      'rolebinding',
      'gateway',
      '--role=runboat-gateway',
      account,
      '-n',
      namespace.name,
    ]);
    const token = (await kubectl(['create', 'token', 'gateway', '-n', namespace.name])).trim();
    const file = await kubeconfig((config) => {
      config['users']![0]!.user = { token };
    });
    const gateway = await startGateway({ namespace: namespace.name, kubeconfig: file });
    try {
      const path = `/api/v1/builds?repo=oca/web&target_branch=1.0&commit=${'a'.repeat(40)}`;
      const { name } = await json(gateway.address, path, { method: 'POST', admin: true });
      for (const action of ['start', 'stop', 'reset']) {
        await json(gateway.address, `/api/v1/builds/${name}/${action}`, { method: 'POST' });
      }
      await json(gateway.address, `/api/v1/builds/${name}`, { method: 'DELETE', admin: true });
    } finally {
      await gateway.stop();
    }
    for (const forbidden of [
      'get secrets',
      'list secrets',
      'create pods',
      'patch deployments',
      'create jobs',
    ]) {
      const [verb, resource] = forbidden.split(' ') as [string, string];
      const as = `--as=system:serviceaccount:${namespace.name}:gateway`;
      const said = await kubectl(['auth', 'can-i', verb, resource, as, '-n', namespace.name]).catch(String);
      expect({ forbidden, said }).toEqual({ forbidden, said: expect.stringContaining('no') });
    }
  });
});

/** Name and type of each row of the page's table. */
async function documentedMetrics(): Promise<string[]> {
  const page = await readFile(join(repositoryRoot, 'docs/gateway.md'), 'utf8');
  return [...page.matchAll(/^\| `(runboat_\w+)` \| (\w+) \|/gm)].map(([, ...metric]) => metric.join()).sort();
}

describe('The process', () => {
  it('ends by SIGTERM with code 0, answers what is under way, and takes nothing more', async () => {
    const gateway = await startGateway({ namespace: namespace.name });
    const under = Array.from({ length: 20 }, () => call(gateway.address, '/api/v1/status'));
    await Promise.race(under);
    const code = gateway.stop();
    for (const answer of await Promise.all(under)) expect(answer.status).toBe(200);
    await waitFor(async () => (await fetch(`${gateway.address}/readyz`)).status === 503, { intervalMs: 5 });
    expect(await code).toBe(0);
    await expect(fetch(`${gateway.address}/healthz`)).rejects.toThrow();
    expect(gateway.lines.at(-1)).toContain('Stopped');
  });

  it('serves metrics by template of the path, on the other port alone', async () => {
    const gateway = await startGateway({ namespace: namespace.name });
    try {
      await call(gateway.address, '/api/v1/builds/some-name');
      await call(gateway.address, '/random/path');
      const text = await waitFor(async () => {
        const metrics = await (await fetch(`${gateway.metricsAddress}/metrics`)).text();
        return metrics.includes('/api/v1/builds/:name') && metrics;
      });
      expect(text).toMatch(
        /runboat_http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/builds\/:name",code="404"\} 1/,
      );
      expect(text).toContain('route="other"');
      expect(text).not.toContain('some-name');
      const served = [...text.matchAll(/^# TYPE (runboat_\w+) (\w+)$/gm)].map(([, ...metric]) =>
        metric.join(),
      );
      expect(served.sort()).toEqual(await documentedMetrics());
      expect((await call(gateway.address, '/metrics')).status).toBe(404);
    } finally {
      await gateway.stop();
    }
  });

  it('tells nobody the password or the token, whatever goes wrong', async () => {
    const secret = 'ghp_thisisatoken';
    const gateway = await startGateway({
      namespace: namespace.name,
      config: { github: { token: secret, webhookSecret: 'whs', apiUrl: 'http://127.0.0.1:1' } },
    });
    try {
      const path = '/api/v1/builds/trigger/branch?repo=oca/web&branch=1.0';
      const failed = await call(gateway.address, path, { method: 'POST', admin: true });
      expect([502, 504]).toContain(failed.status);
      const said = [await failed.text(), await (await fetch(`${gateway.metricsAddress}/metrics`)).text()];
      await gateway.stop();
      const all = [...said, ...gateway.lines].join('\n');
      for (const hidden of [secret, ADMIN.password, basic().slice(6)]) expect(all).not.toContain(hidden);
    } finally {
      await gateway.stop();
    }
  });

  it('ends with code 2 and says all that is missing when it has no administrator', async () => {
    const started = startGateway({ namespace: namespace.name, config: { api: {}, domain: '' } });
    await expect(started).rejects.toThrow(/domain: .*api\.adminUser: .*api\.adminPassword: /s);
  });

  it('ends with code 1 and a sentence when its port is taken', async () => {
    const gateway = await startGateway({ namespace: namespace.name });
    try {
      const { port } = new URL(gateway.address);
      const second = startGateway({ namespace: namespace.name, env: { RUNBOAT_LISTEN_PORT: port } });
      await expect(second).rejects.toThrow(`port ${port} is taken by another process`);
    } finally {
      await gateway.stop();
    }
  });
});
