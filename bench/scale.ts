import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { LABEL_BUILD } from '../crds/constants.js';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { type Cluster, startCluster } from '../test/cluster/control-plane.js';
import { installDefinition } from '../test/cluster/definition.js';
import { repositoryRoot } from '../test/cluster/paths.js';
import { type RunningOperator, startOperator } from '../test/support/operator-process.js';
import { waitFor } from '../test/support/wait-for.js';
import { buildsPath, inParallel } from './support/build-run.js';
import { sampleConfig } from './support/sample-settings.js';
import { median, round } from './support/statistics.js';
import { deploymentsPath, makeStoppedBuilds } from './support/stopped-builds.js';

// The operator with 10 000 builds against the operator with 100, on one cluster: CPU of an event, in turns; memory
// 60 s after it was in sync; a restart against a bare client that lists the same objects. Builds are stopped, with a
// Deployment each; no controller runs beside. Prints one JSON line.

const FEW = 100;
const EVENTS = 2_000;
const TURNS = 4;
const RESTARTS = 3;
const { values: options } = parseArgs({
  options: { builds: { type: 'string', default: '10000' }, profile: { type: 'string' } },
});
const MANY = Number(options.builds);

interface Side {
  readonly namespace: string;
  readonly names: readonly string[];
  readonly operator: RunningOperator;
}

const cluster = await startCluster();
try {
  await installDefinition(cluster);
  for (const component of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const)
    await cluster.stopComponent(component);
  const client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
  await waitFor(() => client.listAll(buildsPath('default')));
  const few = await begin(cluster, client, FEW);
  const many = await begin(cluster, client, MANY);
  await sleep(60_000);
  const [memoryFew, memory] = [few, many].map(({ operator }) => residentMegabytes(operator));
  const cpu = await eventsInTurns(client, [few, many]);
  await few.operator.stop();
  const restarts = await restartInTurns(cluster, many);
  console.log(
    JSON.stringify({
      benchmark: 'scale',
      builds: MANY,
      msCpuPerEvent: round(cpu.get(many)!, 3),
      msCpuPerEventOf100: round(cpu.get(few)!, 3),
      eventRatio: round(cpu.get(many)! / cpu.get(few)!),
      megabytes: memory,
      megabytesOf100: memoryFew,
      ...restarts,
    }),
  );
  await client.connection.close();
} finally {
  await cluster.stop();
}

async function begin(cluster: Cluster, client: KubeClient, count: number): Promise<Side> {
  const namespace = `scale-${count}`;
  await cluster.kubectl(['create', 'namespace', namespace]);
  const names = await makeStoppedBuilds(client, namespace, count);
  const operator = await start(cluster, namespace);
  await untilSynced(operator);
  return { namespace, names, operator };
}

async function start({ kubeconfig, programs }: Cluster, namespace: string): Promise<RunningOperator> {
  const nodeArguments = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
  const env = { RUNBOAT_KUBECTL: programs['kubectl']! };
  return startOperator({
    namespace,
    kubeconfig,
    config: sampleConfig(6),
    env,
    nodeArguments,
    waitReady: false,
  });
}

async function untilSynced({ address }: RunningOperator): Promise<void> {
  await waitFor(async () => (await fetch(`${address}/readyz`)).ok, { intervalMs: 10, timeoutMs: 600_000 });
}

/** Milliseconds of the operator's CPU for each event, all turns together. */
async function eventsInTurns(client: KubeClient, sides: readonly Side[]): Promise<Map<Side, number>> {
  const spent = new Map<Side, number>(sides.map((side) => [side, 0]));
  // Not counted: what is compiled in the first turn.
  for (const side of sides) await sendEvents(client, side, 'warm');
  for (let turn = 0; turn < TURNS; turn++) {
    for (const side of turn % 2 === 0 ? sides : [...sides].reverse()) {
      const before = cpuMilliseconds(side.operator);
      await sendEvents(client, side, String(turn));
      spent.set(side, spent.get(side)! + cpuMilliseconds(side.operator) - before);
    }
  }
  return new Map([...spent].map(([side, ms]) => [side, ms / EVENTS]));
}

/** Changes an annotation of Deployments, of the same number of builds on each side, till all passes are over. */
async function sendEvents(
  client: KubeClient,
  { namespace, names, operator }: Side,
  mark: string,
): Promise<void> {
  const deployments = deploymentsPath(namespace);
  const before = await counted(operator, 'runboat_watch_events_total{.*resource="deployments".*}');
  const count = EVENTS / TURNS;
  await inParallel(count, 4, (n) =>
    client.mergePatch(`${deployments}/${names[n % FEW]}-odoo`, {
      metadata: { annotations: { bench: `${mark} ${n}` } },
    }),
  );
  await waitFor(
    async () =>
      (await counted(operator, 'runboat_watch_events_total{.*resource="deployments".*}')) >= before + count,
    { intervalMs: 200, timeoutMs: 600_000 },
  );
}

async function counted({ address }: RunningOperator, metric: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${metric} (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Seconds from the start of the process till it is in sync, and till it leads, against the bare list. */
async function restartInTurns(cluster: Cluster, side: Side): Promise<Record<string, number>> {
  const [synced, leads, bare]: [number[], number[], number[]] = [[], [], []];
  let { operator } = side;
  for (let restart = 0; restart < RESTARTS; restart++) {
    bare.push(await bareList(cluster, side.namespace));
    await operator.stop();
    const begun = performance.now();
    operator = await start(cluster, side.namespace);
    await untilSynced(operator);
    synced.push((performance.now() - begun) / 1000);
    const isReady = () => operator.entries().some(({ msg }) => msg === 'The operator is ready');
    await waitFor(isReady, { intervalMs: 10, timeoutMs: 120_000 });
    leads.push((performance.now() - begun) / 1000);
  }
  await operator.stop();
  return {
    secondsToSync: round(median(synced)),
    secondsToLead: round(median(leads)),
    secondsBareList: round(median(bare)),
    restartRatio: round(median(synced) / median(bare)),
  };
}

async function bareList({ kubeconfig }: Cluster, namespace: string): Promise<number> {
  const core = `/api/v1/namespaces/${namespace}`;
  const labelled = `?labelSelector=${encodeURIComponent(LABEL_BUILD)}`;
  const lists = [
    buildsPath(namespace),
    deploymentsPath(namespace) + labelled,
    `/apis/batch/v1/namespaces/${namespace}/jobs${labelled}`,
    `${core}/pods${labelled}`,
  ];
  // Compiled, as the operator is.
  const program = path.join(repositoryRoot, 'dist/bench/support/bare-list.js');
  const begun = performance.now();
  await promisify(execFile)(process.execPath, [program, kubeconfig, ...lists]);
  return (performance.now() - begun) / 1000;
}

/** User and system time; fields 14 and 15 of proc(5), in ticks of 10 ms. */
function cpuMilliseconds({ process: child }: RunningOperator): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMegabytes({ process: child }: RunningOperator): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? Number.NaN) / 1024);
}
