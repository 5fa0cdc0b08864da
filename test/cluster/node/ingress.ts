import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { KubeClient } from '../../../lib/kube/client.js';

// biome-ignore lint/suspicious/noExplicitAny: any kind of resource.
type Any = any;

interface Backend {
  namespace: string;
  service: string;
  port: number;
}

/**
 * Hands HTTP requests to builds by the name of the host, as an ingress controller does: every Ingress of the
 * cluster counts, its paths as prefixes. It is for a few people and tests: each request asks the API server.
 */
export async function startIngress(kube: KubeClient, host: string, port: number): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    forward(kube, incoming, outgoing).catch((error: Error) => {
      if (!outgoing.headersSent) outgoing.writeHead(502, { 'content-type': 'text/plain' });
      outgoing.end(`${error.message}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  server.unref();
  return server;
}

async function forward(kube: KubeClient, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const host = (incoming.headers.host ?? '').replace(/:\d+$/, '');
  const backend = await findBackend(kube, host, incoming.url ?? '/');
  const target = backend && (await findAddress(kube, backend));
  if (target === undefined) {
    const problem = backend ? 'runs no pod that is ready' : 'belongs to no Ingress';
    outgoing.writeHead(backend ? 503 : 404, { 'content-type': 'text/plain' }).end(`${host} ${problem}.\n`);
    return;
  }
  const { method, url, headers } = incoming;
  await new Promise<void>((resolve, reject) => {
    const passed = request({ ...target, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing).once('close', resolve);
    });
    passed.once('error', reject);
    incoming.pipe(passed);
  });
}

async function findBackend(kube: KubeClient, host: string, path: string): Promise<Backend | undefined> {
  const { items } = await kube.listAll<Any>('/apis/networking.k8s.io/v1/ingresses');
  const candidates = items.flatMap(({ metadata, spec }) =>
    spec.rules
      .filter((rule: Any) => rule.host === host)
      .flatMap((rule: Any) => rule.http.paths)
      .filter((entry: Any) => path.startsWith(entry.path))
      .map((entry: Any) => ({ namespace: metadata.namespace, entry })),
  );
  const found = candidates.sort((a, b) => b.entry.path.length - a.entry.path.length)[0];
  if (found === undefined) return undefined;
  const { name, port } = found.entry.backend.service;
  return { namespace: found.namespace, service: name, port: port.number };
}

/** The address of a pod that is ready. */
async function findAddress(
  kube: KubeClient,
  { namespace, service, port }: Backend,
): Promise<{ host: string; port: number } | undefined> {
  const { spec } = await kube.get<Any>(`/api/v1/namespaces/${namespace}/services/${service}`);
  const portName: string = spec.ports.find((entry: Any) => entry.port === port)?.name ?? '';
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const query = { labelSelector: `kubernetes.io/service-name=${service}` };
  for (const slice of (await kube.listAll<Any>(slices, query)).items) {
    const ready = slice.endpoints?.find((endpoint: Any) => endpoint.conditions.ready);
    const target = slice.ports?.find((entry: Any) => (entry.name ?? '') === portName);
    if (ready && target) return { host: ready.addresses[0], port: target.port };
  }
  return undefined;
}
