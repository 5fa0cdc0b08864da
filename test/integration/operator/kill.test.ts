import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KubeClient } from '../../../lib/kube/client.js';
import { connect } from '../../../lib/kube/connection.js';
import { type Cluster, startCluster } from '../../cluster/control-plane.js';
import { waitFor } from '../../support/cluster.js';
import { InitializationOracle } from '../../support/oracle.js';

const namespace = 'kill';
const builds = 60;
const limit = 3;
const definition = path.resolve('crds/runboatbuild.yaml');

jest.setTimeout(400_000);

interface ListedBuild {
  metadata: { name: string; deletionTimestamp?: string };
  status?: { phase?: string };
}

describe('an operator that is killed at random moments', () => {
  let cluster: Cluster;
  let client: KubeClient;
  let operator: ChildProcess;

  beforeAll(async () => {
    cluster = await startCluster();
    client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
    await cluster.kubectl(['apply', '--server-side', '-f', definition]);
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd/runboatbuilds.runboat.dev']);
    await cluster.kubectl(['create', 'namespace', namespace]);
    await writeFile(path.join(cluster.dir, 'runboat.yaml'), configuration());
  });

  afterAll(async () => {
    operator?.kill('SIGKILL');
    await client?.connection.close();
    await cluster?.stop();
  });

  function startOperator(): void {
    const log = openSync(path.join(cluster.dir, 'operator.log'), 'a');
    const args = ['bin/runboat', 'operator', '--config', path.join(cluster.dir, 'runboat.yaml')];
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      KUBECONFIG: cluster.kubeconfig,
      RUNBOAT_METRICS_PORT: '0',
    };
    const withKubectl = { ...env, RUNBOAT_KUBECTL: cluster.programs['kubectl'] ?? 'kubectl' };
    operator = spawn(process.execPath, args, { env: withKubectl, stdio: ['ignore', log, log] });
    closeSync(log);
  }

  async function killOperator(): Promise<void> {
    const ended = once(operator, 'exit');
    operator.kill('SIGKILL');
    await ended;
  }

  async function phases(): Promise<Map<string, string>> {
    const { items } = await client.listAll<ListedBuild>(
      `/apis/runboat.dev/v1alpha1/namespaces/${namespace}/runboatbuilds`,
    );
    return new Map(items.map(({ metadata, status }) => [metadata.name, status?.phase ?? 'none']));
  }

  it('never exceeds the limit, loses no build and leaves nothing, the API server restarting meanwhile', async () => {
    const oracle = new InitializationOracle(client, namespace);
    await oracle.start();
    startOperator();
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify(listOf(range(builds).map(buildObject))));
    for (let kills = 0; kills < 5; kills++) {
      await sleep(400 + Math.random() * 2500);
      await killOperator();
      if (kills === 2) await cluster.restartApiServer();
      startOperator();
    }
    const done = async () => {
      const all = [...(await phases()).values()];
      return all.length === builds && all.every((phase) => phase === 'Stopped');
    };
    await waitFor(done, { timeoutMs: 200_000, intervalMs: 500, describe: 'all builds to be initialised' });
    const deletion = cluster.kubectl(['delete', 'rb', '--all', '-n', namespace, '--wait=false']);
    for (let kills = 0; kills < 2; kills++) {
      await sleep(300 + Math.random() * 1500);
      await killOperator();
      startOperator();
    }
    await deletion;
    const gone = async () => (await phases()).size === 0;
    await waitFor(gone, { timeoutMs: 120_000, intervalMs: 500, describe: 'all builds to be gone' });
    const judgement = oracle.judge();
    await oracle.stop();
    expect(judgement.at.slice(limit)).toEqual([]);
    expect(judgement.initializations).toBeGreaterThanOrEqual(builds);
    await waitFor(async () => (await leftovers(cluster)).length === 0, {
      timeoutMs: 60_000,
      intervalMs: 500,
      describe: 'nothing with a label of a build to be left',
    });
  });
});

function configuration(): string {
  const bundle = path.resolve('test/fixtures/bundles/scripted');
  return JSON.stringify({
    namespace,
    domain: 'builds.test',
    bundles: { scripted: bundle },
    defaultBundle: 'scripted',
    repos: [{ repo: '.*', branch: '.*', image: 'example.org/test:1' }],
    limits: { initializing: limit, started: 100, deployed: 1000, cleaning: 4 },
    templateVars: { initRun: 'complete-after', initSeconds: '1' },
  });
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function buildObject(index: number): object {
  const commit = (index + 1).toString(16).padStart(40, '0');
  return {
    apiVersion: 'runboat.dev/v1alpha1',
    kind: 'RunboatBuild',
    metadata: { name: `kill-${index}`, namespace },
    spec: { repo: 'oca/kill', targetBranch: '16.0', commit },
  };
}

function listOf(items: object[]): object {
  return { apiVersion: 'v1', kind: 'List', items };
}

/** Every listable kind of the namespace, known or not, by the label of builds. */
async function leftovers(cluster: Cluster): Promise<string[]> {
  const kinds = await cluster.kubectl(['api-resources', '--namespaced', '--verbs=list', '-o', 'name']);
  const names = kinds.trim().split('\n').join(',');
  const args = ['get', names, '-n', namespace, '-l', 'runboat/build', '-o', 'name', '--ignore-not-found'];
  const found = await cluster.kubectl(args);
  return found.trim().split('\n').filter(Boolean);
}
