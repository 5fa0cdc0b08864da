import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthServerOptions {
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  readonly metrics: Registry;
  /** Undefined when the process lives, else a sentence that says what is wrong. */
  readonly problem: () => string | undefined;
  /** Undefined when the process does its work, else a sentence that says what it waits for. */
  readonly waitsFor: () => string | undefined;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves /healthz, /readyz and /metrics over plain HTTP. Throws with a sentence when the port is taken. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, 'Only GET is served.\n');
    }
    if (path === '/healthz') return answerState(response, options.problem());
    if (path === '/readyz') return answerState(response, options.waitsFor());
    if (path === '/metrics') return void answerMetrics(response, options.metrics);
    return answer(response, 404, 'There are /healthz, /readyz and /metrics.\n');
  });
  server.requestTimeout = 10_000;
  await listen(server, options.port);
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(explain(error, port));
    server.once('error', refuse);
    server.listen(port, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

/** What to do about a port that cannot be listened on. */
function explain(error: NodeJS.ErrnoException, port: number): Error {
  const remedy = 'Set RUNBOAT_METRICS_PORT to another one; 0 takes a free one.';
  if (error.code === 'EADDRINUSE')
    return new Error(`port ${port} is taken by another process. ${remedy}`, { cause: error });
  if (error.code === 'EACCES')
    return new Error(`this user may not listen on port ${port}. ${remedy}`, { cause: error });
  return error;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function answerState(response: ServerResponse, trouble: string | undefined): void {
  if (trouble === undefined) answer(response, 200, 'ok\n');
  else answer(response, 503, `${trouble}\n`);
}

async function answerMetrics(response: ServerResponse, metrics: Registry): Promise<void> {
  try {
    const text = await metrics.metrics();
    response.setHeader('Content-Type', metrics.contentType);
    response.end(text);
  } catch (error) {
    answer(response, 500, `The metrics cannot be collected: ${String(error)}\n`);
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(text);
}
