import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { sizeOf } from '../test/chaos/audit.js';
import { type Cluster, startCluster } from '../test/cluster/control-plane.js';
import { installDefinition } from '../test/cluster/definition.js';
import { startOperator } from '../test/support/operator-process.js';
import { waitFor } from '../test/support/wait-for.js';
import { countRequests, type Requests } from './support/audit-log.js';
import { buildsPath, runBuilds } from './support/build-run.js';
import { floorLease, floorWrites } from './support/floor-writes.js';
import { measuredCpuSeconds } from './support/measured-cpu.js';
import { sampleConfig } from './support/sample-settings.js';
import { median, round } from './support/statistics.js';

// The operator against a bare client that sends the same writes (support/floor-writes.ts), in turns on one cluster:
// builds a second from creation to Stopped with the `odoo` bundle, CPU milliseconds a build, and writes a build by the
// API server's audit log, of builds that did not wait for a place and of builds that did. Prints one JSON line; with
// `--requests` also what was asked, on standard error; `--profile DIR` leaves CPU profiles of the operators there;
// `--runs N` takes the median of N rounds in place of 5.

const BUILDS = 40;
const WARMING_BUILDS = 120;
/** For the builds that wait: so few places that nearly all do. */
const FEW_PLACES = 2;

const { values: options } = parseArgs({
  options: {
    requests: { type: 'boolean' },
    profile: { type: 'string' },
    runs: { type: 'string', default: '5' },
  },
});
/** One of those that are compared. */
interface Contender {
  readonly userAgent: string;
  readonly namespace: string;
  cpuSeconds(): Promise<number>;
  stop(): Promise<unknown>;
}

interface Round {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly requests: Requests;
}

const cluster = await startCluster({ audit: true });
try {
  await installDefinition(cluster);
  const connection = await connect({ kubeconfigFile: cluster.kubeconfig });
  const client = new KubeClient({ connection, fieldManager: 'bench' });
  // The definition is established a moment before it is served everywhere.
  await waitFor(() => client.listAll(buildsPath('default')));
  const floor = await startFloor(cluster, client);
  const operator = await startContender(cluster, 'operator', WARMING_BUILDS);
  const rounds = await takeTurns(client, [floor, operator]);
  await operator.stop();
  await floor.stop();
  const waiting = await startContender(cluster, 'waiting', FEW_PLACES);
  await measure(client, waiting, { count: 4, label: 'first' });
  const waited = await measure(client, waiting, { count: BUILDS, label: 'waited' });
  await waiting.stop();
  report(rounds.get(floor) ?? [], rounds.get(operator) ?? [], waited);
  await connection.close();
} finally {
  await cluster.stop();
}

async function takeTurns(
  client: KubeClient,
  contenders: readonly Contender[],
): Promise<Map<Contender, Round[]>> {
  const rounds = new Map<Contender, Round[]>(contenders.map((contender) => [contender, []]));
  // Not counted: what is opened and compiled once. V8 goes on compiling for some hundred builds, in both.
  for (const contender of contenders)
    await measure(client, contender, { count: WARMING_BUILDS, label: 'warm' });
  for (let run = 0; run < Number(options.runs); run++) {
    const order = run % 2 === 0 ? contenders : [...contenders].reverse();
    for (const contender of order)
      rounds.get(contender)?.push(await measure(client, contender, { count: BUILDS, label: `run ${run}` }));
  }
  return rounds;
}

async function measure(
  client: KubeClient,
  contender: Contender,
  builds: { count: number; label: string },
): Promise<Round> {
  const from = sizeOf(cluster.auditLog);
  const cpu = await contender.cpuSeconds();
  const seconds = await runBuilds(client, contender.namespace, builds);
  const cpuMs = ((await contender.cpuSeconds()) - cpu) * 1000;
  const requests = countRequests(cluster.auditLog, from, contender);
  if (contender.userAgent === 'floor' && requests.refused > 0)
    throw new Error(`the floor does less than it should: ${JSON.stringify(requests.kinds)}`);
  if (options.requests) console.error(contender.namespace, requests);
  return { perSecond: builds.count / seconds, cpuMs: cpuMs / builds.count, requests };
}

async function startFloor({ kubeconfig }: Cluster, client: KubeClient): Promise<Contender> {
  const namespace = 'bench-floor';
  await cluster.kubectl(['create', 'namespace', namespace]);
  const lease = floorLease(namespace);
  await client.create(lease.path, lease.body);
  const child = fork(fileURLToPath(new URL('support/floor-client.ts', import.meta.url)));
  const writes = await floorWrites(namespace);
  child.send({ kubeconfig, namespace, writes });
  await once(child, 'message');
  return { userAgent: 'floor', namespace, cpuSeconds: () => askCpu(child), stop: () => endOf(child) };
}

async function askCpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [seconds] = (await once(child, 'message')) as [number];
  return seconds;
}

async function endOf(child: ChildProcess): Promise<void> {
  child.disconnect();
  await once(child, 'exit');
}

async function startContender(
  { kubeconfig, programs }: Cluster,
  name: string,
  places: number,
): Promise<Contender> {
  const namespace = `bench-${name}`;
  await cluster.kubectl(['create', 'namespace', namespace]);
  const config = sampleConfig(places);
  const nodeArguments = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
  const env = { RUNBOAT_KUBECTL: programs['kubectl']! };
  const operator = await startOperator({ namespace, kubeconfig, config, env, nodeArguments });
  return {
    userAgent: 'runboat',
    namespace,
    cpuSeconds: () => measuredCpuSeconds(operator.address),
    stop: () => operator.stop(),
  };
}

function report(floor: readonly Round[], operator: readonly Round[], waited: Round): void {
  const of = (rounds: readonly Round[], figure: (round: Round) => number) => median(rounds.map(figure));
  const perSecond = [operator, floor].map((rounds) => of(rounds, (round) => round.perSecond));
  const cpu = [operator, floor].map((rounds) => of(rounds, (round) => round.cpuMs));
  console.log(
    JSON.stringify({
      benchmark: 'operator',
      builds: BUILDS,
      runs: Number(options.runs),
      buildsPerSecond: round(perSecond[0]!),
      floorBuildsPerSecond: round(perSecond[1]!),
      buildsRatio: round(perSecond[0]! / perSecond[1]!),
      cpuMsPerBuild: round(cpu[0]!),
      floorCpuMsPerBuild: round(cpu[1]!),
      cpuRatio: round(cpu[0]! / cpu[1]!),
      ...perBuild('notWaited', operator),
      ...perBuild('waited', [waited]),
    }),
  );
}

/** Requests a build; the creation of the build itself is one more write. */
function perBuild(name: string, rounds: readonly Round[]): Record<string, number> {
  const of = (figure: (requests: Requests) => number) =>
    round(median(rounds.map(({ requests }) => figure(requests))) / BUILDS);
  return {
    [`${name}Writes`]: round(1 + of(({ writes, leaseWrites }) => writes + leaseWrites)),
    [`${name}LeaseWrites`]: of(({ leaseWrites }) => leaseWrites),
    [`${name}Refused`]: of(({ refused }) => refused),
    [`${name}Reads`]: of(({ reads }) => reads),
  };
}
