import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { ANNOTATION_GRANTS } from '../../operator/election/lease-record.js';
import type { EventFault, Faults, RequestFault, SeenRequest } from './faults.js';
import { Upstream } from './upstream.js';

interface Exchange {
  readonly seen: SeenRequest;
  /** With the query, as the API server gets it. */
  readonly target: string;
  readonly body: Buffer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * A proxy on the wire between operators and the API server. It speaks plain HTTP on loopback and goes on over TLS
 * with the credentials of a kubeconfig, so the operator needs no code for it. Each process of an operator gets a
 * path of its own, which tells who sent what; the audit log names it as user agent. Faults can be changed any time.
 */
export class FaultProxy {
  faults: Faults = {};
  /** Writes, without renewals of the Lease: those are writes only when they add a grant. */
  writes = 0;
  events = 0;
  /** The open watches by resource, with their number. */
  readonly openWatches = new Map<string, number>();
  /** Requests, without those of the Lease. */
  requests = 0;
  /** Deletes that did not say which object they mean. */
  readonly unguarded: string[] = [];
  private reads = 0;
  private renewals = 0;
  private grants = new Set<string>();
  private readonly held = new Set<IncomingMessage>();
  private readonly oldest = new Map<string, Answer>();
  private readonly server: Server;
  private readonly upstream: Upstream;

  constructor(kubeconfig: string) {
    this.upstream = new Upstream(kubeconfig);
    this.server = createServer((request, response) => {
      // The sender is gone, which is what faults are about.
      this.handle(request, response).catch(() => request.socket.destroy());
    });
    this.server.requestTimeout = 0;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  /** The kubeconfig, as text, that leads one process through the proxy. */
  kubeconfig(agent: string): string {
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'proxy', cluster: { server: `http://127.0.0.1:${port}/${agent}` } }],
      users: [{ name: 'proxy', user: {} }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
      'current-context': 'proxy',
    });
  }

  /** Ends the connections of the requests that hang. */
  release(): void {
    for (const request of this.held) request.socket.destroy();
    this.held.clear();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    this.upstream.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, agent = '', target = '/'] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const body = await buffer(request);
    const seen = this.describe(agent, request, new URL(target, 'http://proxy'), body);
    const exchange = { seen, target, body, request, response };
    const fault = this.faults.request?.(seen);
    switch (fault?.type) {
      case 'drop':
        fault.run?.();
        request.socket.destroy();
        return;
      case 'answer':
        return refuse(response, fault);
      case 'delay':
        fault.run?.();
        setTimeout(() => this.pass(exchange), fault.milliseconds);
        return;
      case 'older-list': {
        const older = this.oldest.get(keyOf(exchange));
        return older ? write(response, older) : this.pass(exchange);
      }
      default:
        return this.pass(exchange, fault);
    }
  }

  private describe(agent: string, request: IncomingMessage, url: URL, body: Buffer): SeenRequest {
    const method = request.method ?? 'GET';
    const isLease = url.pathname.includes('/leases');
    if (!isLease) this.requests++;
    if (method === 'DELETE' && !hasUid(body)) this.unguarded.push(`${method} ${url.pathname}`);
    // A list of metadata is the operator's consistent read; only lists for caches may be old.
    const isPartial = request.headers.accept?.includes('PartialObjectMetadata');
    const isList = !isPartial && /\/(runboatbuilds|deployments|jobs|pods)$/.test(url.pathname);
    const reads = url.searchParams.get('watch') ? 'watch' : isList ? 'list' : 'read';
    const common = { agent, method, path: url.pathname };
    if (isLease && !this.addsGrant(method, body))
      return { ...common, kind: method === 'GET' ? 'read' : 'write', on: 'lease', number: ++this.renewals };
    if (method === 'GET') return { ...common, kind: reads, on: 'read', number: ++this.reads };
    return { ...common, kind: 'write', on: 'write', number: ++this.writes };
  }

  private addsGrant(method: string, body: Buffer): boolean {
    if (method !== 'PUT') return false;
    const lease = JSON.parse(body.toString()) as { metadata: { annotations?: Record<string, string> } };
    const grants = JSON.parse(lease.metadata.annotations?.[ANNOTATION_GRANTS] ?? '{}') as object;
    const before = this.grants;
    this.grants = new Set(Object.entries(grants).map(([uid, attempt]) => `${uid} ${attempt}`));
    return [...this.grants].some((grant) => !before.has(grant));
  }

  private pass(exchange: Exchange, fault?: RequestFault): void {
    const { seen, target, body, request, response } = exchange;
    const headers = { ...request.headers, 'user-agent': seen.agent };
    const upstream = this.upstream.send({ method: seen.method, path: target, headers, body }, (received) => {
      received.on('error', () => request.socket.destroy());
      if (fault?.type === 'hang') {
        this.held.add(request);
        received.resume();
      } else if (fault?.type === 'lose-answer') {
        received.resume().once('end', () => {
          fault.run?.();
          request.socket.destroy();
        });
      } else if (seen.kind === 'watch') this.passEvents(received, exchange);
      else if (seen.kind === 'list') void this.passList(received, exchange);
      else received.pipe(response.writeHead(received.statusCode ?? 502, received.headers));
    });
    upstream.on('error', () => request.socket.destroy());
    response.on('close', () => upstream.destroy());
  }

  private async passList(received: IncomingMessage, exchange: Exchange): Promise<void> {
    const { statusCode: status = 502, headers } = received;
    try {
      const answer = { status, headers, body: await buffer(received) };
      const key = keyOf(exchange);
      if (status === 200 && !this.oldest.has(key)) this.oldest.set(key, answer);
      write(exchange.response, answer);
    } catch {
      // The API server went away half way.
      exchange.request.socket.destroy();
    }
  }

  private passEvents(received: IncomingMessage, { seen, response }: Exchange): void {
    const resource = seen.path.split('/').at(-1) ?? '';
    let silent = false;
    this.countWatch(resource, 1);
    response.on('close', () => this.countWatch(resource, -1));
    response.writeHead(received.statusCode ?? 502, received.headers).flushHeaders();
    const lines = createInterface({ input: received, crlfDelay: Number.POSITIVE_INFINITY });
    // Either side may end a watch at any time.
    lines.on('error', () => response.destroy());
    lines.on('line', (line) => {
      const isBookmark = line.startsWith('{"type":"BOOKMARK"');
      if (!isBookmark) this.events++;
      const fault = isBookmark ? undefined : this.faults.event?.({ resource, number: this.events });
      if (fault?.type === 'silence') silent = true;
      if (!silent) passLine(response, line, fault);
    });
    lines.on('close', () => {
      if (!silent) response.end();
    });
  }

  private countWatch(resource: string, change: 1 | -1): void {
    const count = (this.openWatches.get(resource) ?? 0) + change;
    if (count > 0) this.openWatches.set(resource, count);
    else this.openWatches.delete(resource);
  }
}

function passLine(response: ServerResponse, line: string, fault: EventFault | undefined): void {
  // Lines that were under way when a fault ended the watch.
  if (isOver(response)) return;
  switch (fault?.type) {
    case 'lose':
      return;
    case 'cut':
      return void response.destroy();
    case 'expire':
      response.end(`${JSON.stringify({ type: 'ERROR', object: statusOf(410, 'Expired') })}\n`);
      return;
    case 'delay':
      setTimeout(() => isOver(response) || response.write(`${line}\n`), fault.milliseconds);
      return;
    case 'repeat':
      response.write(`${line}\n${line}\n`);
      return;
    default:
      response.write(`${line}\n`);
  }
}

/** `writable` stays true after the end of an answer. */
function isOver(response: ServerResponse): boolean {
  return response.writableEnded || response.destroyed;
}

/** The same list asked for in the same way: metadata alone and whole objects are different lists. */
function keyOf({ target, request }: Exchange): string {
  return `${target} ${request.headers.accept}`;
}

function hasUid(body: Buffer): boolean {
  const options = JSON.parse(body.toString() || '{}') as { preconditions?: { uid?: string } };
  return options.preconditions?.uid !== undefined;
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  const { 'transfer-encoding': _, ...kept } = headers;
  response.writeHead(status, { ...kept, 'content-length': body.length }).end(body);
}

function refuse(response: ServerResponse, fault: Extract<RequestFault, { type: 'answer' }>): void {
  const retry = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
  response.writeHead(fault.status, { 'content-type': 'application/json', ...retry });
  response.end(JSON.stringify(statusOf(fault.status, fault.reason)));
}

function statusOf(code: number, reason: string): object {
  const message = `the fault proxy answers ${code}`;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message };
}
