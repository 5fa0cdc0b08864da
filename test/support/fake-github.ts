import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface GitHubRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly rawPath: string;
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: any JSON.
  readonly body: any;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How a request is answered in another way than GitHub would: by a status, not in time, or by a broken line. */
export type Trouble =
  | { status: number; message?: string; headers?: Record<string, string>; body?: string }
  | 'silence'
  | 'drop'
  | 'half';

/** A real HTTP server that plays as much of GitHub's REST API as runboat uses. */
export class FakeGitHub {
  readonly requests: GitHubRequest[] = [];
  /** `owner/name branch` to hash. */
  readonly branches = new Map<string, string>();
  /** `owner/name number` to head and base. */
  readonly pulls = new Map<string, { sha: string; base: string }>();
  /** Repositories on which the App is installed, and the installation's number. */
  readonly installations = new Map<string, number>();
  /** Asked for each request; undefined: answered as GitHub does. */
  trouble: (request: GitHubRequest) => Trouble | undefined = () => undefined;
  /** How many installation tokens were given. */
  tokens = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => void this.handle(request, response));

  constructor() {
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The commit statuses that were asked for, whatever the answer was. */
  get statuses(): { repo: string; sha: string; state: string; target_url?: string; description: string }[] {
    return this.requests.flatMap(({ method, path, body }) => {
      const [, repo = '', sha = ''] = /^\/repos\/([^/]+\/[^/]+)\/statuses\/(.+)$/.exec(path) ?? [];
      return method === 'POST' && sha !== '' ? [{ repo, sha, ...body }] : [];
    });
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const rawPath = (incoming.url ?? '').split('?', 1)[0] ?? '';
    const request: GitHubRequest = {
      method: incoming.method ?? '',
      path: decodeURIComponent(rawPath),
      rawPath,
      headers: incoming.headers,
      body: text === '' ? undefined : JSON.parse(text),
      at: Date.now(),
    };
    this.requests.push(request);
    const trouble = this.trouble(request);
    if (trouble === undefined) return this.answer(request, response);
    if (trouble === 'silence') return;
    if (trouble === 'drop') return void incoming.socket.destroy();
    if (trouble === 'half') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"name": ', () => incoming.socket.destroy());
      return;
    }
    const headers = { 'content-type': 'application/json', ...trouble.headers };
    response.writeHead(trouble.status, headers);
    response.end(trouble.body ?? JSON.stringify({ message: trouble.message ?? 'trouble' }));
  }

  private answer({ method, path }: GitHubRequest, response: ServerResponse): void {
    const found = this.find(method, path);
    const status = found === undefined ? 404 : method === 'POST' ? 201 : 200;
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(found ?? { message: 'Not Found' }));
  }

  private find(method: string, path: string): object | undefined {
    const [, repo = '', what = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)\/(\w+)\/?(.*)$/.exec(path) ?? [];
    if (method === 'POST' && what === 'statuses') return { id: 1 };
    if (method === 'POST' && path.startsWith('/app/installations/')) return this.giveToken();
    if (what === 'branches') {
      const sha = this.branches.get(`${repo} ${rest}`);
      return sha ? { name: rest, commit: { sha } } : undefined;
    }
    if (what === 'pulls') {
      const pull = this.pulls.get(`${repo} ${rest}`);
      return pull ? { number: Number(rest), head: { sha: pull.sha }, base: { ref: pull.base } } : undefined;
    }
    const id = this.installations.get(repo);
    return what === 'installation' && id !== undefined ? { id } : undefined;
  }

  private giveToken(): object {
    this.tokens++;
    return { token: `ghs_installation${this.tokens}`, expires_at: new Date(Date.now() + 3_600_000) };
  }
}
