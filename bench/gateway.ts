import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { Pool } from 'undici';
import { type RunningGateway, startGateway } from '../test/support/gateway-process.js';
import {
  type BenchCluster,
  bareCreator,
  commitOf,
  cpuSeconds,
  drop,
  rateOf,
  residentMegabytes,
  withCluster,
} from './support/gateway-load.js';
import { median, round } from './support/statistics.js';

// What the gateway reads out: with 250 builds GET /builds (gzip, and plain) and GET /status a second, in turns with Express
// sending a constant buffer of the list's size, plain; with 10 000 builds GET /builds (gzip), and its memory 60 s after it
// is in sync. Prints one JSON line.

const FEW = 250;
const MANY = 10_000;
const AT_ONCE = 16;
const RUNS = 5;
const SETTLED_MS = 60_000;

const config = { log: { level: 'info' } };

if (process.argv[2] === 'express') serveConstant(Number(process.argv[3]));
else await withCluster(measure);

async function measure({ kubeconfig, namespace }: BenchCluster): Promise<void> {
  const builds = await namespace('reads');
  const bare = await bareCreator(kubeconfig, builds);
  await rateOf(FEW, AT_ONCE, (n) => bare.create(commitOf(`read ${n}`)));
  const few = await withFewBuilds(await startGateway({ namespace: builds, kubeconfig, config }));
  await rateOf(MANY - FEW, AT_ONCE, (n) => bare.create(commitOf(`read ${FEW + n}`)));
  await bare.close();
  const many = await withManyBuilds(await startGateway({ namespace: builds, kubeconfig, config }));
  console.log(JSON.stringify({ benchmark: 'gateway', builds: FEW, ...few, ...many }));
}

async function withFewBuilds(gateway: RunningGateway): Promise<object> {
  const list = await fetch(`${gateway.address}/api/v1/builds`, {
    headers: { 'accept-encoding': 'identity' },
  });
  const bytes = (await list.arrayBuffer()).byteLength;
  const constant = fork(fileURLToPath(import.meta.url), ['express', String(bytes)]);
  const [port] = (await once(constant, 'message')) as [number];
  const pool = new Pool(gateway.address, { connections: AT_ONCE });
  const constants = new Pool(`http://localhost:${port}`, { connections: AT_ONCE });
  const targets: Record<'builds' | 'plain' | 'status' | 'express', Target> = {
    builds: { pool, path: '/api/v1/builds', encoding: 'gzip', count: 4_000, process: gateway.process },
    plain: { pool, path: '/api/v1/builds', encoding: 'identity', count: 2_000, process: gateway.process },
    status: { pool, path: '/api/v1/status', encoding: 'gzip', count: 4_000, process: gateway.process },
    express: { pool: constants, path: '/', encoding: 'identity', count: 2_000, process: constant },
  };
  const keys = ['builds', 'plain', 'status', 'express'] as const;
  const figures = new Map(keys.map((key): [string, Figure[]] => [key, []]));
  // The first run is not counted: connections are opened and code is compiled.
  for (let run = 0; run <= RUNS; run++) {
    for (const key of keys) {
      const figure = await hammer(targets[key]);
      if (run > 0) figures.get(key)!.push(figure);
    }
  }
  constant.kill();
  await Promise.all([pool.close(), constants.close()]);
  await gateway.stop();
  const middle = (key: (typeof keys)[number], of: keyof Figure) =>
    Math.round(median(figures.get(key)!.map((figure) => figure[of])));
  return {
    listBytes: bytes,
    buildsPerSecond: middle('builds', 'perSecond'),
    plainBuildsPerSecond: middle('plain', 'perSecond'),
    constantBufferPerSecond: middle('express', 'perSecond'),
    plainRatio: round(middle('plain', 'perSecond') / middle('express', 'perSecond')),
    statusPerSecond: middle('status', 'perSecond'),
    buildsCpuMicroseconds: middle('builds', 'cpu'),
    plainBuildsCpuMicroseconds: middle('plain', 'cpu'),
    constantBufferCpuMicroseconds: middle('express', 'cpu'),
    statusCpuMicroseconds: middle('status', 'cpu'),
  };
}

async function withManyBuilds(gateway: RunningGateway): Promise<object> {
  await sleep(SETTLED_MS);
  const megabytes = residentMegabytes(gateway.process.pid!);
  const pool = new Pool(gateway.address, { connections: AT_ONCE });
  const target: Target = {
    pool,
    path: '/api/v1/builds',
    encoding: 'gzip',
    count: 100,
    process: gateway.process,
  };
  await hammer(target);
  const { perSecond, cpu } = await hammer(target);
  await pool.close();
  await gateway.stop();
  return {
    manyBuilds: MANY,
    manyBuildsPerSecond: Math.round(perSecond),
    manyBuildsCpuMicroseconds: Math.round(cpu),
    megabytesWithManyBuilds: megabytes,
  };
}

interface Target {
  readonly pool: Pool;
  readonly path: string;
  readonly encoding: 'gzip' | 'identity';
  readonly count: number;
  /** Whose CPU is counted. */
  readonly process: ChildProcess;
}

interface Figure {
  readonly perSecond: number;
  /** Microseconds of the server's CPU for each. */
  readonly cpu: number;
}

async function hammer({ pool, path, encoding, count, process: server }: Target): Promise<Figure> {
  const before = cpuSeconds(server.pid!);
  const headers = { 'accept-encoding': encoding };
  const perSecond = await rateOf(count, AT_ONCE, () => drop(pool, { method: 'GET', path, headers }));
  return { perSecond, cpu: ((cpuSeconds(server.pid!) - before) / count) * 1e6 };
}

/** Express with nothing but a buffer of so many bytes. */
function serveConstant(bytes: number): void {
  const app = express();
  app.disable('etag');
  const body = Buffer.alloc(bytes, 'x');
  app.get('/', (_request, response) => {
    response.type('json').send(body);
  });
  const server = createServer(app).listen(0, () => {
    process.send!((server.address() as { port: number }).port);
  });
}
