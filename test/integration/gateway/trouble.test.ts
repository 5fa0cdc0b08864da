import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubectl, useNamespace, waitFor } from '../../support/cluster.js';
import {
  call,
  commitOf,
  json,
  type RunningGateway,
  startGateway,
  TestBuilds,
} from '../../support/gateway.js';

/** The way to the API server, which can be cut. */
class Wire {
  refused = 0;
  private server: Server | undefined;
  private isCut = false;
  private readonly sockets = new Set<Socket>();

  /** Answers the address to use in place of that of the API server. */
  async open(address: string): Promise<string> {
    const { hostname, port } = new URL(address);
    this.server = createServer((socket) => this.lead(socket, hostname, Number(port)));
    await new Promise<void>((resolve) => this.server!.listen(0, '127.0.0.1', resolve));
    return `https://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server?.close();
  }

  private lead(socket: Socket, host: string, port: number): void {
    if (this.isCut) {
      this.refused++;
      socket.destroy();
      return;
    }
    const onward = connect(port, host);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.sockets.add(one);
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  }
}

const namespace = useNamespace();
const builds = new TestBuilds(namespace);
const wire = new Wire();
let folder: string;
let gateway: RunningGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runboat-gateway-'));
  await builds.open();
  const config = JSON.parse(
    await kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']),
  );
  config.clusters[0].cluster.server = await wire.open(config.clusters[0].cluster.server);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(config));
  gateway = await startGateway({ namespace: namespace.name, kubeconfig });
});
afterAll(async () => {
  await gateway?.stop();
  wire.close();
  await builds.close();
  await rm(folder, { recursive: true });
});

const claim = (text: string) => `/api/v1/builds?repo=oca/web&target_branch=16.0&commit=${commitOf(text)}`;

describe('While the API server cannot be reached', () => {
  it('a write is repeated, and answered 200 once it is written', async () => {
    wire.cut();
    const answer = json(gateway.address, claim('later'), { method: 'POST', admin: true });
    await waitFor(() => wire.refused > 0);
    wire.mend();
    expect(await answer).toMatchObject({ created: true });
    expect(await builds.names()).toContain((await answer).name);
  });

  it('a write is answered with 503 after some seconds, reads go on, and nothing needs help afterwards', async () => {
    await builds.create('there');
    await waitFor(async () => (await call(gateway.address, '/api/v1/builds/there')).ok);
    wire.cut();
    const begun = Date.now();
    const answer = await call(gateway.address, '/api/v1/builds/there/start', { method: 'POST' });
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect((await call(gateway.address, '/api/v1/builds/there')).status).toBe(200);
    wire.mend();
    await builds.create('came-meanwhile');
    await waitFor(async () => (await call(gateway.address, '/api/v1/builds/came-meanwhile')).ok);
  });
});
