import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as openSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { API_GROUP_VERSION, BUILD_KIND } from '../crds/constants.js';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { runCommand } from '../test/cluster/command.js';
import { startCluster } from '../test/cluster/control-plane.js';
import { installDefinition } from '../test/cluster/definition.js';
import { findPrograms } from '../test/cluster/programs.js';
import { startGateway } from '../test/support/gateway-process.js';
import { measuredCpuSeconds } from './support/measured-cpu.js';

// Events to many listeners: milliseconds from the moment a change is sent to the API server until a listener has it,
// over all listeners and changes. The listeners are a process of their own. Prints one JSON line.

const LISTENERS = 1_000;
const BUILDS = 250;
const CHANGES = 400;
const PER_SECOND = 20;
const MARK = 'bench-';

if (process.argv[2] === 'listen') listen(Number(process.argv[3]));
else await measure();

async function measure(): Promise<void> {
  const given = process.env['RUNBOAT_TEST_KUBECONFIG'];
  const cluster = given === undefined ? await startCluster() : undefined;
  const kubeconfig = given ?? cluster!.kubeconfig;
  const programs = cluster?.programs ?? (await findPrograms(['kubectl']));
  const kubectl = (args: string[], input?: string) =>
    runCommand(programs['kubectl']!, args, { env: { ...process.env, KUBECONFIG: kubeconfig }, input });
  const namespace = `bench-events-${process.pid}`;
  try {
    await installDefinition({ kubectl });
    await kubectl(['create', 'namespace', namespace]);
    await run(namespace, kubeconfig);
  } finally {
    await kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await cluster?.stop();
  }
}

async function run(namespace: string, kubeconfig: string): Promise<void> {
  const client = new KubeClient({ connection: await connect({ kubeconfigFile: kubeconfig }) });
  const path = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/runboatbuilds`;
  for (let index = 0; index < BUILDS; index++) await client.create(path, build(index));
  const gateway = await startGateway({ namespace, kubeconfig, config: { log: { level: 'info' } } });
  const port = new URL(gateway.address).port;
  const listeners = fork(fileURLToPath(import.meta.url), ['listen', port]);
  try {
    await once(listeners, 'message');
    const before = await measuredCpuSeconds(gateway.metricsAddress);
    const begun = performance.now();
    const sent = await change(client, path);
    const seconds = (performance.now() - begun) / 1000;
    await sleep(2_000);
    const cpu = (await measuredCpuSeconds(gateway.metricsAddress)) - before;
    report(await delays(listeners, sent), { seconds, cpu });
  } finally {
    listeners.kill();
    await gateway.stop();
    await client.connection.close();
  }
}

function build(index: number): object {
  const spec = { repo: 'oca/web', targetBranch: '16.0', commit: String(index).padStart(40, 'a') };
  return { apiVersion: API_GROUP_VERSION, kind: BUILD_KIND, metadata: { name: `b${index}` }, spec };
}

/** Gives when each change was sent, milliseconds since the epoch. */
async function change(client: KubeClient, path: string): Promise<number[]> {
  const sent: number[] = [];
  const answers: Promise<unknown>[] = [];
  const begun = performance.now();
  for (let index = 0; index < CHANGES; index++) {
    await sleep(Math.max(0, begun + (index * 1000) / PER_SECOND - performance.now()));
    sent.push(performance.timeOrigin + performance.now());
    const message = `${MARK}${index}.`;
    const condition = {
      type: 'Ready',
      status: 'False',
      reason: 'Bench',
      message,
      lastTransitionTime: new Date(),
    };
    const status = { phase: 'Starting', conditions: [condition] };
    answers.push(client.mergePatch(`${path}/b${index % BUILDS}`, { status }, { subresource: 'status' }));
  }
  await Promise.all(answers);
  return sent;
}

async function delays(listeners: ChildProcess, sent: number[]): Promise<number[]> {
  listeners.send('report');
  const [arrivals] = (await once(listeners, 'message')) as [[number, number][]];
  return arrivals.map(([index, at]) => at - sent[index]!).sort((a, b) => a - b);
}

function report(sorted: number[], { seconds, cpu }: { seconds: number; cpu: number }): void {
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN);
  console.log(
    JSON.stringify({
      benchmark: 'events',
      listeners: LISTENERS,
      changesPerSecond: Math.round(CHANGES / seconds),
      delivered: sorted.length,
      expected: LISTENERS * CHANGES,
      msDelayP50: at(0.5),
      msDelayP99: at(0.99),
      msDelayMax: at(1),
      gatewayCpuPercent: Math.round((cpu / seconds) * 100),
    }),
  );
}

/** Opens all listeners, tells the parent when each has the state, and collects when each change came. */
function listen(port: number): void {
  const arrivals: [number, number][] = [];
  let synced = 0;
  for (let index = 0; index < LISTENERS; index++) {
    const socket = openSocket(port, '127.0.0.1').setEncoding('latin1');
    socket.write('GET /api/v1/build-events HTTP/1.1\r\nHost: bench\r\n\r\n');
    socket.on('data', (chunk: string) => {
      const now = performance.timeOrigin + performance.now();
      for (const match of chunk.matchAll(/"message":"bench-(\d+)\./g)) arrivals.push([Number(match[1]), now]);
      if (chunk.includes('event: synced') && ++synced === LISTENERS) process.send!('ready');
    });
  }
  process.on('message', () => process.send!(arrivals));
  process.on('disconnect', () => process.exit());
}
