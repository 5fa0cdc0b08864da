import { ANNOTATION_BUILD_UID, FINALIZER_DEPLOYMENT, LABEL_BUILD } from '../crds/constants.js';
import type { KubeClient } from '../lib/kube/client.js';
import { objectPath } from '../lib/kube/paths.js';
import type { KubeObject } from '../lib/kube/types.js';
import type { Logger } from '../lib/telemetry/logger.js';
import { readIfThere } from './cluster/apply.js';
import type { Caches } from './cluster/caches.js';
import { KindTable as Kinds, type KindTable, type ServedKind } from './cluster/kinds.js';
import { type FoundResource, listLabelled } from './cluster/resources.js';

export interface SweepOptions {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly kinds: KindTable;
  readonly namespace: string;
  readonly paused: () => boolean;
  readonly log: Logger;
}

/** Kinds that come by themselves from what bundles make, and outlive it when somebody orphans them. */
const dependents: readonly ServedKind[] = [
  { group: 'apps', version: 'v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true },
  { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
  { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
];

/**
 * Removes resources of builds that do not exist any more, for example because somebody took a build's
 * finalizer away. Only what carries the UID of a build is looked at, and only after a live read found no build
 * with that UID. Returns how many were removed.
 */
export async function sweep(options: SweepOptions): Promise<number> {
  if (options.paused()) return 0;
  const { client, namespace } = options;
  const kinds = new Kinds(withDependents(options.kinds.kinds));
  const found = await listLabelled({ client, kinds }, namespace, LABEL_BUILD);
  let removed = 0;
  for (const [uid, resources] of byBuildUid(found)) {
    if (!(await isGone(options, uid, resources))) continue;
    for (const resource of resources) await remove(options, resource);
    removed += resources.length;
  }
  return removed;
}

function withDependents(kinds: readonly ServedKind[]): ServedKind[] {
  const has = (wanted: ServedKind) =>
    kinds.some(({ group, kind }) => group === wanted.group && kind === wanted.kind);
  return [...kinds, ...dependents.filter((kind) => !has(kind))];
}

function byBuildUid(found: readonly FoundResource[]): Map<string, FoundResource[]> {
  const groups = new Map<string, FoundResource[]>();
  for (const resource of found) {
    const uid = resource.metadata.annotations?.[ANNOTATION_BUILD_UID];
    if (uid === undefined) continue;
    groups.set(uid, [...(groups.get(uid) ?? []), resource]);
  }
  return groups;
}

async function isGone(
  options: SweepOptions,
  uid: string,
  resources: readonly FoundResource[],
): Promise<boolean> {
  const { client, caches } = options;
  const name = resources[0]?.metadata.labels?.[LABEL_BUILD] ?? '';
  if (caches.builds.get(name)?.metadata.uid === uid) return false;
  const build = await readIfThere(client, objectPath(caches.paths.builds, name));
  return build?.metadata.uid !== uid;
}

async function remove(options: SweepOptions, resource: FoundResource): Promise<void> {
  const { client, log } = options;
  const { kind, path, uid, metadata } = resource;
  const policy = kind === 'Job' ? 'Foreground' : 'Background';
  await client.delete(path, { uid, propagationPolicy: policy });
  if (metadata.finalizers?.includes(FINALIZER_DEPLOYMENT)) await release(client, path, uid);
  const build = metadata.labels?.[LABEL_BUILD];
  log.warn(
    { build, kind, name: metadata.name },
    'Removed a resource of a build that does not exist any more',
  );
}

async function release(client: KubeClient, path: string, uid: string): Promise<void> {
  const object = await readIfThere(client, path);
  if (object?.metadata.uid !== uid) return;
  const finalizers = (object.metadata.finalizers ?? []).filter(
    (finalizer) => finalizer !== FINALIZER_DEPLOYMENT,
  );
  const metadata = { uid, resourceVersion: object.metadata.resourceVersion, finalizers };
  await client.mergePatch<KubeObject>(path, { metadata });
}
