import { setTimeout as sleep } from 'node:timers/promises';
import { API_GROUP_VERSION, BUILD_KIND } from '../crds/constants.js';
import type { RunboatBuild } from '../crds/runboatbuild.generated.js';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import type { KubeObject } from '../lib/kube/types.js';
import { startCluster } from '../test/cluster/control-plane.js';
import { installDefinition } from '../test/cluster/definition.js';
import { type RunningOperator, startOperator } from '../test/support/operator-process.js';
import { waitFor } from '../test/support/wait-for.js';

// Failover: of two operators with the usual Lease the leader is killed (SIGKILL) right after a build was made. Seconds
// from then until the other one's first write to that build, and until it is being initialised. Prints one JSON line.

const FAILOVERS = 20;
/** Pairs of operators, each in a namespace of its own, that fail over beside each other: they mostly wait. */
const PAIRS = 2;
const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 120_000;

interface Failover {
  readonly firstWrite: number;
  readonly initializing: number;
}

type StoredBuild = RunboatBuild & KubeObject;

const cluster = await startCluster();
const client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
const kubectl = cluster.programs['kubectl'] ?? 'kubectl';
try {
  await installDefinition(cluster);
  const pairs = Array.from({ length: PAIRS }, (_, index) => failOver(`failover-${index}`));
  report((await Promise.all(pairs)).flat());
} finally {
  await client.connection.close();
  await cluster.stop();
}

async function failOver(namespace: string): Promise<Failover[]> {
  await client.create('/api/v1/namespaces', { metadata: { name: namespace } });
  let leader = await start(namespace);
  await waitFor(() => leads(leader), { timeoutMs: PATIENCE_MS });
  let standby = await start(namespace);
  const measured: Failover[] = [];
  try {
    while (measured.length < FAILOVERS / PAIRS) {
      measured.push(await measure(namespace, `b-${measured.length}`, leader));
      leader = standby;
      standby = await start(namespace);
    }
  } finally {
    await Promise.all([leader.kill(), standby.kill()]);
  }
  return measured;
}

function start(namespace: string): Promise<RunningOperator> {
  return startOperator({
    namespace,
    kubeconfig: cluster.kubeconfig,
    env: { RUNBOAT_KUBECTL: kubectl },
    config: { templateVars: { initRun: 'complete' }, log: { level: 'info' } },
  });
}

function leads(operator: RunningOperator): boolean {
  return operator.entries().some(({ msg }) => msg === 'This operator leads');
}

async function measure(namespace: string, name: string, leader: RunningOperator): Promise<Failover> {
  const path = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/runboatbuilds`;
  leader.process.kill('SIGSTOP');
  const spec = { repo: 'oca/failover', targetBranch: '16.0', commit: 'f'.repeat(40) };
  const made = await client.create<StoredBuild>(path, {
    apiVersion: API_GROUP_VERSION,
    kind: BUILD_KIND,
    metadata: { name },
    spec,
  });
  await leader.kill();
  const killed = performance.now();
  const secondsUntil = async (condition: (build: StoredBuild) => boolean) => {
    while (!condition(await client.get<StoredBuild>(`${path}/${name}`))) {
      const waited = performance.now() - killed;
      if (waited > PATIENCE_MS) throw new Error(`${namespace}/${name}: nobody took over within ${waited} ms`);
      await sleep(LOOK_EVERY_MS);
    }
    return (performance.now() - killed) / 1000;
  };
  const { resourceVersion } = made.metadata;
  return {
    firstWrite: await secondsUntil(({ metadata }) => metadata.resourceVersion !== resourceVersion),
    initializing: await secondsUntil(
      ({ status }) => (status?.attempt ?? 0) > 0 && status?.phase !== 'Queued',
    ),
  };
}

function report(failovers: readonly Failover[]): void {
  const line = {
    benchmark: 'failover',
    failovers: failovers.length,
    leaseSeconds: 12,
    firstWriteSeconds: spread(failovers.map(({ firstWrite }) => firstWrite)),
    initializingSeconds: spread(failovers.map(({ initializing }) => initializing)),
  };
  console.log(JSON.stringify(line));
}

function spread(values: readonly number[]): { least: number; median: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) =>
    Number((sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN).toFixed(1));
  return { least: at(0), median: at(0.5), most: at(1) };
}
