import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, startCluster } from '../../cluster/control-plane.js';
import { installDefinition } from '../../cluster/definition.js';
import { kubectl, useNamespace, waitFor } from '../../support/cluster.js';
import { type RunningOperator, startOperator } from '../../support/operator.js';
import { configOf, runboat, temporaryFile } from './run-command.js';

const namespace = useNamespace();
const config = temporaryFile('config.yaml', configOf('webpage'));

function operator(env: Record<string, string>) {
  return runboat(['operator', '--config', config], { env: { RUNBOAT_METRICS_PORT: '0', ...env } });
}

async function kubeconfigWith(server: string): Promise<string> {
  const view = await kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']);
  const parsed = JSON.parse(view);
  parsed.clusters[0].cluster.server = server;
  return temporaryFile('other-server.yaml', parsed);
}

async function readiness({ address }: RunningOperator): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${address}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

describe('an operator that cannot sign in ends with code 1 and says why', () => {
  it.each<[string, () => string, RegExp]>([
    ['the kubeconfig is not there', () => '/no/such/file', /the kubeconfig \/no\/such\/file cannot be read/],
    ['the kubeconfig is not YAML', () => temporaryFile('bad.kc', 'a: ['), /bad\.kc is not YAML/],
    ['the kubeconfig names no cluster', () => config, /has no current-context/],
    [
      'there is neither a kubeconfig nor a pod',
      () => '',
      /set KUBECONFIG to a kubeconfig file, or run in a pod/,
    ],
  ])('because %s', async (_title, kubeconfig, words) => {
    const { code, stderr } = await operator({ KUBECONFIG: kubeconfig(), KUBERNETES_SERVICE_HOST: '' });
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('because the API server does not know the user', async () => {
    const view = await kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']);
    const parsed = JSON.parse(view);
    parsed.users[0].user = { token: 'not-a-token' };
    const { code, stderr } = await operator({ KUBECONFIG: temporaryFile('stranger.yaml', parsed) });
    expect(code).toBe(1);
    expect(stderr).toContain('Unauthorized');
  });
});

it('a resource type that the cluster does not have is wrong configuration, all of them at once', async () => {
  const { code, stderr } = await operator({
    RUNBOAT_DEPLOYMENT_RESOURCE_TYPES: 'deployment,job,flying.machines,submarine',
  });
  expect(code).toBe(2);
  expect(stderr).toContain('resourceTypes: the cluster has no resource type "flying.machines"');
  expect(stderr).toContain('resourceTypes: the cluster has no resource type "submarine"');
});

describe('the port of health and metrics', () => {
  let holder: Server;
  let taken: number;
  beforeAll(async () => {
    holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, resolve));
    taken = (holder.address() as { port: number }).port;
  });
  afterAll(() => new Promise((resolve) => holder.close(resolve)));

  it('that is taken ends the operator with code 1 and the name of the setting', async () => {
    const { code, stderr } = await operator({ RUNBOAT_METRICS_PORT: String(taken) });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `runboat operator failed: port ${taken} is taken by another process. ` +
        'Set RUNBOAT_METRICS_PORT to another one; 0 takes a free one.\n',
    );
  });

  it('is the one that the environment names', async () => {
    const free = await freePort();
    const env = { RUNBOAT_METRICS_PORT: String(free) };
    const running = await startOperator({ namespace: namespace.name, env });
    try {
      expect(running.address).toBe(`http://localhost:${free}`);
      expect(await (await fetch(`${running.address}/healthz`)).text()).toBe('ok\n');
      expect(await (await fetch(`${running.address}/metrics`)).text()).toContain('runboat_');
    } finally {
      expect(await running.stop()).toBe(0);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('an API server that is not there is waited for, in words, and SIGTERM ends the wait', async () => {
  const kubeconfig = await kubeconfigWith('https://127.0.0.1:1');
  const running = await startOperator({ namespace: namespace.name, kubeconfig, waitReady: false });
  const { status, text } = await waitFor(async () => {
    const answer = await readiness(running);
    return answer.text.includes('cannot be reached') ? answer : undefined;
  });
  expect(status).toBe(503);
  expect(text).toMatch(
    /^The API server at https:\/\/127\.0\.0\.1:1 cannot be reached \(.*ECONNREFUSED.*\)\. /,
  );
  expect((await fetch(`${running.address}/healthz`)).status).toBe(200);
  await waitFor(() => warnings(running).length >= 2);
  expect(await running.stop()).toBe(0);
});

it('a namespace that does not exist is told, where it may be looked at, and does not keep the operator from being ready', async () => {
  const admin = process.env['KUBECONFIG'];
  const running = await startOperator({ namespace: 'no-such-namespace', kubeconfig: admin });
  try {
    const told = () =>
      running.entries().find(({ msg }) => msg === 'The namespace of the builds does not exist yet');
    // Lines are written a moment later, those together that come together.
    await waitFor(() => told() !== undefined);
    expect(told()?.['detail']).toContain('kubectl create namespace no-such-namespace');
  } finally {
    await running.stop();
  }
});

function warnings(running: RunningOperator) {
  return running.entries().filter(({ msg }) => msg === 'The cluster cannot be used yet');
}

describe('on a cluster without the definition of builds', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1 });
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  it('the operator says how to install it, and goes on by itself when it is there', async () => {
    const { kubeconfig } = cluster;
    const running = await startOperator({ namespace: 'default', kubeconfig, waitReady: false });
    try {
      const { status, text } = await waitFor(async () => {
        const answer = await readiness(running);
        return answer.text.includes('does not know') ? answer : undefined;
      });
      expect(status).toBe(503);
      expect(text).toContain('does not know RunboatBuild (runboat.dev/v1alpha1). Install the definition: ');
      expect(text).toContain('kubectl apply --server-side -f crds/runboatbuild.yaml');
      await installDefinition(cluster);
      await waitFor(async () => (await readiness(running)).status === 200);
    } finally {
      expect(await running.stop()).toBe(0);
    }
  }, 90_000);
});
