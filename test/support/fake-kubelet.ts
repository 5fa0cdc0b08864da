// A node whose pods have logs: kwok plays its pods as on any other, but their logs are what a test writes. Nothing
// here needs Jest, so that programs can use it too.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { KubeClient } from '../../lib/kube/client.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { waitFor } from './wait-for.js';

export interface FakeKubelet {
  /** The node's name, for `nodeName` of pods; no other pods are scheduled there. */
  readonly node: string;
  /** The log of the pods of a namespace whose names begin so. */
  log(namespace: string, podPrefix: string): FakeLog;
  /** Removes the node and ends all connections. */
  stop(): Promise<void>;
}

export interface FakeLog {
  write(text: string): void;
  /** No more will be written: who follows it gets its end. */
  end(): void;
  /** Cuts the connections of those who follow it. */
  cut(): void;
}

const NODES = '/api/v1/nodes';

/** `clusterDir` is the folder of the test cluster, of whose certificates the API server does not ask for better ones. */
export async function startFakeKubelet(client: KubeClient, clusterDir: string): Promise<FakeKubelet> {
  const logs = new Map<string, KeptLog>();
  const certificate = (file: string) => readFileSync(path.join(clusterDir, 'certificates', file));
  const server = createServer(
    { cert: certificate('apiserver.crt'), key: certificate('apiserver.key') },
    (request, response) => answer(logs, request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node = `node-logs-${randomBytes(4).toString('hex')}`;
  await createNode(client, node, (server.address() as AddressInfo).port);
  return {
    node,
    log: (namespace, podPrefix) => {
      const key = `${namespace}/${podPrefix}`;
      const log = logs.get(key) ?? new KeptLog();
      logs.set(key, log);
      return log;
    },
    stop: async () => {
      await client.delete(`${NODES}/${node}`, { propagationPolicy: 'Background' });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function createNode(client: KubeClient, name: string, port: number): Promise<void> {
  await client.create<KubeObject>(NODES, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { type: 'kwok', 'kubernetes.io/hostname': name } },
    spec: { taints: [{ key: 'runboat.test/logs', effect: 'NoSchedule' }] },
  });
  const isReady = async () => JSON.stringify(await client.get(`${NODES}/${name}`)).includes('KubeletReady');
  await waitFor(isReady, { describe: 'kwok to take the node' });
  const status = { daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  await client.mergePatch(`${NODES}/${name}`, { status }, { subresource: 'status' });
}

class KeptLog implements FakeLog {
  private text = '';
  private isOver = false;
  private readonly readers = new Set<ServerResponse>();

  write(text: string): void {
    this.text += text;
    for (const reader of this.readers) reader.write(text);
  }

  end(): void {
    this.isOver = true;
    for (const reader of this.readers) reader.end();
  }

  cut(): void {
    for (const reader of this.readers) reader.destroy();
  }

  send(response: ServerResponse, query: URLSearchParams): void {
    const limit = query.get('limitBytes');
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    response.flushHeaders();
    response.write(limit === null ? this.text : this.text.slice(0, Number(limit)));
    if (query.get('follow') !== 'true' || this.isOver) {
      response.end();
      return;
    }
    this.readers.add(response);
    response.once('close', () => this.readers.delete(response));
  }
}

/** `/containerLogs/NAMESPACE/POD/CONTAINER`, as a kubelet serves it. */
function answer(logs: Map<string, KeptLog>, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
  const pod = /^\/containerLogs\/([^/]+\/[^/]+)\//.exec(pathname)?.[1] ?? '';
  const found = [...logs].find(([prefix]) => pod.startsWith(prefix));
  if (found === undefined) response.writeHead(500).end('no log was written for this pod');
  else found[1].send(response, searchParams);
}
