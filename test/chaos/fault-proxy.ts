import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as forward, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { load } from 'js-yaml';

/** One request of the operator, as the proxy sees it. */
export interface SeenRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly kind: 'write' | 'list' | 'watch' | 'read';
  /** Writes are counted from 1, those of the Lease apart; 0 for other requests. */
  readonly write: number;
}

/** What happens to a request instead of being passed on as it is. */
export type RequestFault =
  /** The connection ends before the API server has seen it. */
  | { readonly type: 'drop' }
  /** The API server carries it out, and the answer is lost. */
  | { readonly type: 'lose-answer' }
  /** Answered without asking the API server. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly reason: string;
      readonly retryAfter?: number;
    }
  /** Passed on and never answered. */
  | { readonly type: 'hang' }
  | { readonly type: 'delay'; readonly milliseconds: number }
  /** Called before it is passed on, or once it was answered; the answer is then lost. */
  | { readonly type: 'before'; readonly run: () => void }
  | { readonly type: 'after'; readonly run: () => void };

/** What happens to one event of a watch. */
export type EventFault =
  | { readonly type: 'lose' }
  | { readonly type: 'repeat' }
  | { readonly type: 'delay'; readonly milliseconds: number }
  /** The watch ends with the event, or with 410. */
  | { readonly type: 'cut' }
  | { readonly type: 'expire' }
  /** Nothing more comes, but the connection stays open. */
  | { readonly type: 'silence' };

export interface SeenEvent {
  readonly resource: string;
  /** Counted from 1 over all watches; bookmarks do not count. */
  readonly number: number;
  readonly type: string;
}

export interface Faults {
  request?: (seen: SeenRequest) => RequestFault | undefined;
  event?: (seen: SeenEvent) => EventFault | undefined;
}

interface Upstream {
  readonly server: URL;
  readonly options: RequestOptions;
}

/**
 * A proxy on the wire between one operator and the API server. It speaks plain HTTP on loopback and goes on over
 * TLS with the credentials of a kubeconfig, so the operator needs no code for it. Faults can be changed any time.
 */
export class FaultProxy {
  faults: Faults = {};
  writes = 0;
  events = 0;
  /** Faults that have happened, by type. */
  readonly happened = new Map<string, number>();
  private readonly server: Server;
  private readonly upstream: Upstream;

  constructor(kubeconfig: string) {
    this.upstream = readUpstream(kubeconfig);
    this.server = createServer((request, response) => this.handle(request, response));
    this.server.requestTimeout = 0;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  /** The kubeconfig, as text, that leads through the proxy. */
  kubeconfig(): string {
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'proxy', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'proxy', user: {} }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
      'current-context': 'proxy',
    });
  }

  /** Ends all connections, as a cut network does. */
  cut(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    (this.upstream.options.agent as Agent).destroy();
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const seen = this.describe(request);
    const fault = this.faults.request?.(seen);
    if (fault) this.count(fault.type);
    switch (fault?.type) {
      case 'drop':
        return void request.socket.destroy();
      case 'answer':
        answer(response, fault);
        return;
      case 'before':
        fault.run();
        return void request.socket.destroy();
      case 'delay':
        setTimeout(() => this.pass(request, response, seen), fault.milliseconds);
        return;
      default:
        this.pass(request, response, seen, fault);
    }
  }

  private describe(request: IncomingMessage): SeenRequest {
    const url = new URL(request.url ?? '/', 'http://proxy');
    const method = request.method ?? 'GET';
    const isLease = url.pathname.includes('/leases');
    const isWrite = method !== 'GET';
    if (isWrite && !isLease) this.writes++;
    const isList = /\/(runboatbuilds|deployments|jobs|pods)$/.test(url.pathname);
    const reads = url.searchParams.get('watch') ? 'watch' : isList ? 'list' : 'read';
    return {
      method,
      path: url.pathname,
      query: url.searchParams,
      kind: isWrite ? 'write' : reads,
      write: isWrite && !isLease ? this.writes : 0,
    };
  }

  private pass(
    request: IncomingMessage,
    response: ServerResponse,
    seen: SeenRequest,
    fault?: RequestFault,
  ): void {
    const { server, options } = this.upstream;
    const headers = { ...request.headers, ...(options.headers as Record<string, string>), host: server.host };
    const upstream = forward({ ...options, method: seen.method, path: request.url, headers }, (received) => {
      received.on('error', () => request.socket.destroy());
      if (fault?.type === 'hang') return void received.resume();
      if (fault?.type === 'lose-answer' || fault?.type === 'after') {
        received.resume().once('end', () => {
          if (fault.type === 'after') fault.run();
          request.socket.destroy();
        });
        return;
      }
      response.writeHead(received.statusCode ?? 502, received.headers);
      if (seen.kind === 'watch') this.passEvents(received, response, seen);
      else received.pipe(response);
    });
    upstream.on('error', () => request.socket.destroy());
    response.on('close', () => upstream.destroy());
    request.on('error', () => upstream.destroy());
    request.pipe(upstream);
  }

  private passEvents(received: IncomingMessage, response: ServerResponse, seen: SeenRequest): void {
    const resource = seen.path.split('/').at(-1) ?? '';
    let silent = false;
    response.flushHeaders();
    const lines = createInterface({ input: received, crlfDelay: Number.POSITIVE_INFINITY });
    // Either side may end a watch at any time.
    lines.on('error', () => response.destroy());
    lines.on('line', (line) => {
      const type = /^\{"type":"([A-Z]+)"/.exec(line)?.[1] ?? '';
      if (type !== 'BOOKMARK') this.events++;
      const event = { resource, number: this.events, type };
      const fault = type === 'BOOKMARK' ? undefined : this.faults.event?.(event);
      if (fault) this.count(`event-${fault.type}`);
      if (fault?.type === 'silence') silent = true;
      if (!silent) this.passLine(response, line, fault);
    });
    lines.on('close', () => {
      if (!silent) response.end();
    });
  }

  private passLine(response: ServerResponse, line: string, fault: EventFault | undefined): void {
    switch (fault?.type) {
      case 'lose':
        return;
      case 'cut':
        return void response.destroy();
      case 'expire':
        response.end(`${JSON.stringify({ type: 'ERROR', object: statusOf(410, 'Expired') })}\n`);
        return;
      case 'delay':
        setTimeout(() => response.write(`${line}\n`), fault.milliseconds);
        return;
      case 'repeat':
        response.write(`${line}\n${line}\n`);
        return;
      default:
        response.write(`${line}\n`);
    }
  }

  private count(type: string): void {
    this.happened.set(type, (this.happened.get(type) ?? 0) + 1);
  }
}

function answer(response: ServerResponse, fault: Extract<RequestFault, { type: 'answer' }>): void {
  const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
  response.writeHead(fault.status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(statusOf(fault.status, fault.reason)));
}

function statusOf(code: number, reason: string): object {
  const message = `the fault proxy answers ${code}`;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message };
}

interface KubeconfigFile {
  clusters: {
    cluster: { server: string; 'certificate-authority'?: string; 'certificate-authority-data'?: string };
  }[];
  users: { user: { token?: string } }[];
}

function readUpstream(file: string): Upstream {
  const config = load(readFileSync(file, 'utf8')) as KubeconfigFile;
  const cluster = config.clusters[0]?.cluster;
  const token = config.users[0]?.user.token;
  if (!cluster || token === undefined) throw new Error(`${file} names no cluster with a token`);
  const server = new URL(cluster.server);
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const headers = { authorization: `Bearer ${token}` };
  return { server, options: { agent, hostname: server.hostname, port: server.port, headers } };
}
