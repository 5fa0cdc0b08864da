import { type ApiAccess, request } from './readiness.js';

const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'host-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'kubernetes.io/host-path',
};

/** Creates the simulated nodes and a default StorageClass that binds claims. */
export async function applySimulation(api: ApiAccess, nodes: number): Promise<void> {
  await create(api, '/apis/storage.k8s.io/v1/storageclasses', storageClass);
  for (let index = 0; index < nodes; index++) {
    const name = `node-${index}`;
    await create(api, '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { type: 'kwok', 'kubernetes.io/hostname': name } },
    });
  }
}

/** Whether pods can be created in the default namespace, and run. */
export async function simulationIsReady(api: ApiAccess): Promise<boolean> {
  const account = await request(api, 'GET', '/api/v1/namespaces/default/serviceaccounts/default');
  if (account.status !== 200) return false;
  const nodes = await request(api, 'GET', '/api/v1/nodes');
  return nodes.status === 200 && nodes.body.items.every(isReadyNode);
}

interface Node {
  spec: { taints?: unknown[] };
  status: { conditions?: { type: string; status: string }[] };
}

function isReadyNode(node: Node): boolean {
  const ready = node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready === true && (node.spec.taints ?? []).length === 0;
}

async function create(api: ApiAccess, path: string, object: NamedObject): Promise<void> {
  const { status, body } = await request(api, 'POST', path, object);
  if (status === 201) return;
  throw new Error(`The API server refused the ${object.kind} ${object.metadata.name}: ${body.message}`);
}

interface NamedObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: object; annotations?: object };
  provisioner?: string;
}
