import type { KubeClient } from '../../lib/kube/client.js';
import type { KubeObject } from '../../lib/kube/types.js';

const core = ['configmaps', 'secrets', 'services', 'persistentvolumeclaims', 'pods', 'endpoints'];
const others = [
  'apps/v1/deployments',
  'apps/v1/replicasets',
  'batch/v1/jobs',
  'networking.k8s.io/v1/ingresses',
  'discovery.k8s.io/v1/endpointslices',
];

/** Whatever still carries a build's label, of the kinds that a build is made of or that come with it. */
export async function findLeftovers(client: KubeClient, namespace: string): Promise<string[]> {
  const collections = [
    ...core.map((plural) => `/api/v1/namespaces/${namespace}/${plural}`),
    ...others.map((path) => `/apis/${path.replace(/\/([^/]+)$/, `/namespaces/${namespace}/$1`)}`),
  ];
  const lists = collections.map((path) =>
    client.listAll<KubeObject>(path, { labelSelector: 'runboat/build' }),
  );
  return (await Promise.all(lists)).flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
}
