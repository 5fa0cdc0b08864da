import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Gives the folder with the files of a repository at a commit; nothing if it has none. */
export type Contents = (repo: string, commit: string) => Promise<string | undefined>;

/** A server of tarballs at GitHub's addresses, which redirect as GitHub's do. */
export class Forge {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));

  constructor(
    private readonly host: string,
    private readonly contents: Contents,
  ) {}

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(0, this.host, resolve);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get url(): string {
    return `http://${this.host}:${(this.server.address() as AddressInfo).port}`;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.asked.push(path);
    const [, repo, commit] = /^\/([^/]+\/[^/]+)\/tarball\/(\w+)$/.exec(path) ?? [];
    if (repo !== undefined) {
      response.writeHead(302, { location: `/codeload/${repo}/${commit}` }).end();
      return;
    }
    const [, owner = '', name = '', sha = ''] = /^\/codeload\/([^/]+)\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    const folder = await this.contents(`${owner}/${name}`, sha);
    if (folder === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-gzip' });
    const prefix = `s,^\\.,${owner}-${name}-${sha.slice(0, 7)},`;
    const args = ['--create', '--gzip', `--directory=${folder}`, `--transform=${prefix}`, '.'];
    spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout.pipe(response);
  }
}
