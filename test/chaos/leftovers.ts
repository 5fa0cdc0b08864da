import type { KubeClient } from '../../lib/kube/client.js';
import { discover, type ResourceKind } from '../../lib/kube/discovery.js';
import { resourcePath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';

/** What the operator's finalizers begin with. */
const ourFinalizer = /^runboat(\.dev)?\//;

/** Of every kind that can be listed in the namespace: what still carries a build's label or a finalizer of ours. */
export async function findLeftovers(client: KubeClient, namespace: string): Promise<string[]> {
  const kinds = (await discover(client)).filter(
    ({ namespaced, verbs }) => namespaced && verbs.includes('list'),
  );
  return (await Promise.all(kinds.map((kind) => leftoversOf(client, kind, namespace)))).flat();
}

async function leftoversOf(client: KubeClient, kind: ResourceKind, namespace: string): Promise<string[]> {
  const { items } = await client.listAll<KubeObject>(resourcePath({ ...kind, namespace }));
  const left = items.filter(
    ({ metadata: { labels, finalizers = [] } }) =>
      labels?.['runboat/build'] !== undefined || finalizers.some((name) => ourFinalizer.test(name)),
  );
  return left.map(({ metadata }) => `${kind.plural}/${metadata.name}`);
}
