import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Pool } from 'undici';
import { API_GROUP_VERSION, BUILD_KIND, BUILD_PLURAL } from '../../crds/constants.js';
import { connect } from '../../lib/kube/connection.js';
import { runCommand } from '../../test/cluster/command.js';
import { startCluster } from '../../test/cluster/control-plane.js';
import { installDefinition } from '../../test/cluster/definition.js';
import { findPrograms } from '../../test/cluster/programs.js';

/** What the benchmarks of the gateway share: a cluster, builds that a bare client creates, and figures of processes. */

export interface BenchCluster {
  readonly kubeconfig: string;
  kubectl(args: string[], input?: string): Promise<unknown>;
  /** Makes a namespace that goes with the cluster, or at the end. */
  namespace(name: string): Promise<string>;
}

/** Runs with a cluster of its own, or with that of RUNBOAT_TEST_KUBECONFIG. */
export async function withCluster(run: (cluster: BenchCluster) => Promise<void>): Promise<void> {
  const given = process.env['RUNBOAT_TEST_KUBECONFIG'];
  const own = given === undefined ? await startCluster() : undefined;
  const kubeconfig = given ?? own!.kubeconfig;
  const programs = own?.programs ?? (await findPrograms(['kubectl']));
  const kubectl = (args: string[], input?: string) =>
    runCommand(programs['kubectl']!, args, { env: { ...process.env, KUBECONFIG: kubeconfig }, input });
  const made: string[] = [];
  const namespace = async (name: string) => {
    const full = `bench-${name}-${process.pid}`;
    await kubectl(['create', 'namespace', full]);
    made.push(full);
    return full;
  };
  try {
    await installDefinition({ kubectl });
    await run({ kubeconfig, kubectl, namespace });
  } finally {
    if (own === undefined && made.length > 0) await kubectl(['delete', 'namespace', ...made, '--wait=false']);
    await own?.stop();
  }
}

export function commitOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** A client that does nothing but send: no retries, no cache, no parsing of what is answered. */
export async function bareCreator(
  kubeconfig: string,
  namespace: string,
): Promise<{ create(commit: string): Promise<void>; close(): Promise<void> }> {
  const connection = await connect({ kubeconfigFile: kubeconfig });
  const { requests, headers } = await connection.access();
  const path = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/${BUILD_PLURAL}`;
  const sent = { ...headers, 'content-type': 'application/json', accept: 'application/json' };
  const create = async (commit: string) => {
    const body = JSON.stringify({
      apiVersion: API_GROUP_VERSION,
      kind: BUILD_KIND,
      metadata: { name: `oca-web-16-0-${commit.slice(0, 12)}`, namespace },
      spec: { repo: 'oca/web', targetBranch: '16.0', commit },
    });
    await drop(requests, { method: 'POST', path, headers: sent, body }, 201);
  };
  return { create, close: () => connection.close() };
}

export interface PlainRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/**
 * Sends a request and drops the answer as it comes, without a stream: what the sender takes is missing elsewhere.
 * Rejects when the answer has another status.
 */
export function drop(pool: Pool, request: PlainRequest, status = 200): Promise<void> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    let refusal = '';
    pool.dispatch(request, {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, code) => {
        answered = code;
      },
      onResponseData: (_controller, chunk) => {
        if (answered !== status) refusal += chunk.toString();
      },
      onResponseEnd: () => {
        if (answered === status) resolve();
        else reject(new Error(`${request.method} ${request.path}: ${answered} ${refusal}`));
      },
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

/** Makes `count` calls, so many at once; calls a second. */
export async function rateOf(
  count: number,
  atOnce: number,
  call: (n: number) => Promise<void>,
): Promise<number> {
  let next = 0;
  const begun = performance.now();
  const work = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return count / ((performance.now() - begun) / 1000);
}

/** Clock ticks a second in proc(5), on Linux always. */
const TICKS = 100;

/** User and system time of a process; fields 14 and 15 of proc(5), after the command's name. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** VmRSS. */
export function residentMegabytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}
