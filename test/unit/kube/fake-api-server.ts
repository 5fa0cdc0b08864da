import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeClient, type KubeClientOptions } from '../../../lib/kube/client.js';
import { type Connection, type ConnectOptions, connect } from '../../../lib/kube/connection.js';

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

export type Responder = (asked: Asked, response: ServerResponse) => void;

/** A real HTTP server that answers as a test tells it, in the place of an API server. */
export class FakeApiServer {
  readonly asked: Asked[] = [];
  respond: Responder = (_asked, response) => answer(response, 404, status(404, 'NotFound', 'not here'));
  private readonly sockets = new Set<Socket>();
  private readonly connections: Connection[] = [];
  private readonly server = createServer((request, response) => void this.handle(request, response));
  private folder = '';

  /** How many connections were made since the start. */
  made = 0;
  /** How many of them have ended. */
  ended = 0;

  constructor() {
    this.server.on('connection', (socket) => {
      this.made++;
      this.sockets.add(socket);
      socket.on('close', () => {
        this.ended++;
        this.sockets.delete(socket);
      });
    });
  }

  async start(): Promise<void> {
    this.made = 0;
    this.ended = 0;
    this.asked.length = 0;
    this.folder = await mkdtemp(join(tmpdir(), 'runboat-kube-'));
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    await Promise.all(this.connections.splice(0).map((connection) => connection.close()));
    await this.stopListening();
    await rm(this.folder, { recursive: true });
  }

  async stopListening(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cutAll();
    await closed;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Breaks all connections, as a crash does. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async kubeconfig(user: object = { token: 'secret' }, name = 'kubeconfig', basePath = ''): Promise<string> {
    const file = this.path(name);
    const config = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'ns' } }],
      clusters: [{ name: 'k', cluster: { server: this.url + basePath } }],
      users: [{ name: 'u', user }],
    };
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  async client(
    options: Omit<KubeClientOptions, 'connection'> & ConnectOptions & { user?: object } = {},
  ): Promise<KubeClient> {
    const { user, kubeconfigFile = await this.kubeconfig(user), credentialTtlMs, ...rest } = options;
    const connection = await connect({ kubeconfigFile, credentialTtlMs });
    this.connections.push(connection);
    return new KubeClient({ ...rest, connection });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', 'http://x');
    const asked: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    this.asked.push(asked);
    this.respond(asked, response);
  }
}

export function answer(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export function status(code: number, reason: string, message: string, details?: object): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details };
}

export function configMap(name: string, resourceVersion: number, extra: object = {}) {
  return { metadata: { name, uid: `uid-${name}`, resourceVersion: String(resourceVersion), ...extra } };
}

export function listOf(resourceVersion: number, items: object[], next?: string) {
  return { kind: 'List', metadata: { resourceVersion: String(resourceVersion), continue: next }, items };
}

export function event(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** Waits until the condition holds. @throws Error that says what was waited for. */
export async function eventually(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
