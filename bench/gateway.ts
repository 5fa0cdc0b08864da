import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { startCluster } from '../test/cluster/control-plane.js';
import { installDefinition } from '../test/cluster/definition.js';
import { basic, startGateway } from '../test/support/gateway-process.js';

// The gateway on a real API server with 250 builds: GET /builds (gzip) and GET /status a second, with the gateway's CPU
// for each, and builds created a second against a bare loop that creates the same objects. Prints one JSON line.

const BUILDS = 250;
const CONNECTIONS = 16;
const SECONDS = 4;
const RUNS = 5;
const NAMESPACE = 'bench';

const cluster = await startCluster();
try {
  await installDefinition(cluster);
  await cluster.kubectl(['create', 'namespace', NAMESPACE]);
  const config = { log: { level: 'info' } };
  const gateway = await startGateway({ namespace: NAMESPACE, kubeconfig: cluster.kubeconfig, config });
  const pool = new Pool(gateway.address, { connections: CONNECTIONS });
  const client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
  const creates: number[] = [];
  const floors: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    creates.push(await rate(BUILDS / RUNS, (n) => createThroughGateway(pool, `g${run}-${n}`)));
    floors.push(await rate(BUILDS / RUNS, (n) => createBare(client, `f${run}-${n}`)));
  }
  await cluster.kubectl(['delete', 'rb', '-n', NAMESPACE, '-l', 'bare', '--wait']);
  const pid = gateway.process.pid!;
  const builds = await hammer(pool, pid, '/api/v1/builds');
  const status = await hammer(pool, pid, '/api/v1/status');
  console.log(
    JSON.stringify({
      benchmark: 'gateway',
      builds: BUILDS,
      buildsPerSecond: builds.perSecond,
      buildsCpuMicroseconds: builds.cpu,
      statusPerSecond: status.perSecond,
      statusCpuMicroseconds: status.cpu,
      createdPerSecond: median(creates),
      createdPerSecondBare: median(floors),
      megabytes: residentMegabytes(pid),
    }),
  );
  await pool.close();
  await client.connection.close();
  await gateway.stop();
} finally {
  await cluster.stop();
}

function commitOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

async function createThroughGateway(pool: Pool, text: string): Promise<void> {
  const path = `/api/v1/builds?repo=oca/web&target_branch=16.0&commit=${commitOf(text)}`;
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path,
    headers: { authorization: basic() },
  });
  const answer = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${answer}`);
}

async function createBare(client: KubeClient, text: string): Promise<void> {
  const commit = commitOf(text);
  await client.create(`/apis/runboat.dev/v1alpha1/namespaces/${NAMESPACE}/runboatbuilds`, {
    apiVersion: 'runboat.dev/v1alpha1',
    kind: 'RunboatBuild',
    metadata: { name: `bare-${commit.slice(0, 12)}`, labels: { bare: '' } },
    spec: { repo: 'oca/web', targetBranch: '16.0', commit },
  });
}

/** Calls a second, with as many at once as there are connections. */
async function rate(count: number, call: (n: number) => Promise<void>): Promise<number> {
  let next = 0;
  const start = performance.now();
  const work = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return Math.round(count / ((performance.now() - start) / 1000));
}

/** GETs a second, and microseconds of the gateway's CPU for each. */
async function hammer(pool: Pool, pid: number, path: string): Promise<{ perSecond: number; cpu: number }> {
  let done = 0;
  const [start, cpu] = [performance.now(), cpuSeconds(pid)];
  const work = async () => {
    while (performance.now() - start < SECONDS * 1000) {
      const { body } = await pool.request({ method: 'GET', path, headers: { 'accept-encoding': 'gzip' } });
      await body.dump();
      done++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const seconds = (performance.now() - start) / 1000;
  return { perSecond: Math.round(done / seconds), cpu: Math.round(((cpuSeconds(pid) - cpu) / done) * 1e6) };
}

/** User and system time; fields 14 and 15 of proc(5) after the command's name. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

function residentMegabytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}

function median(figures: number[]): number {
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)]!;
}
