import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KubeClient } from '../../../lib/kube/client.js';
import { connect } from '../../../lib/kube/connection.js';
import { type Cluster, startCluster } from '../../cluster/control-plane.js';
import { installDefinition } from '../../cluster/definition.js';
import { waitFor } from '../../support/cluster.js';
import { type RunningOperator, startOperator } from '../../support/operator.js';
import { InitializationOracle } from '../../support/oracle.js';

const namespace = 'kill';
const builds = 60;
const limit = 3;

jest.setTimeout(400_000);

interface ListedBuild {
  metadata: { name: string; deletionTimestamp?: string };
  status?: { phase?: string };
}

describe('an operator that is killed at random moments', () => {
  let cluster: Cluster;
  let client: KubeClient;
  let operator: RunningOperator;

  beforeAll(async () => {
    cluster = await startCluster();
    client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
    await installDefinition(cluster);
    await cluster.kubectl(['create', 'namespace', namespace]);
  });

  afterAll(async () => {
    await operator?.kill();
    await client?.connection.close();
    await cluster?.stop();
  });

  async function start(): Promise<void> {
    operator = await startOperator({
      namespace,
      kubeconfig: cluster.kubeconfig,
      waitReady: false,
      env: { RUNBOAT_LEASE_DURATION: '3s', RUNBOAT_KUBECTL: cluster.programs['kubectl'] ?? 'kubectl' },
      config: {
        limits: { initializing: limit, started: 100, deployed: 1000, cleaning: 4 },
        templateVars: { initRun: 'complete-after', initSeconds: '1' },
      },
    });
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
    await start();
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify(listOf(range(builds).map(buildObject))));
    for (let kills = 0; kills < 8; kills++) {
      await sleep(400 + Math.random() * 2500);
      await operator.kill();
      if (kills === 4) await cluster.restartApiServer();
      await start();
    }
    const done = async () => {
      const all = [...(await phases()).values()];
      return all.length === builds && all.every((phase) => phase === 'Stopped');
    };
    await waitFor(done, { timeoutMs: 200_000, intervalMs: 500, describe: 'all builds to be initialised' });
    const deletion = cluster.kubectl(['delete', 'rb', '--all', '-n', namespace, '--wait=false']);
    for (let kills = 0; kills < 2; kills++) {
      await sleep(300 + Math.random() * 1500);
      await operator.kill();
      await start();
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
