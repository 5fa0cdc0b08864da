import { FINALIZER_DEPLOYMENT, LABEL_BUILD } from '../crds/constants.js';
import type { KubeClient } from '../lib/kube/client.js';
import { objectPath } from '../lib/kube/paths.js';
import type { Logger } from '../lib/telemetry/logger.js';
import { readIfThere } from './cluster/apply.js';
import type { Caches } from './cluster/caches.js';
import { KindTable as Kinds, type KindTable, type ServedKind } from './cluster/kinds.js';
import { releaseDeployment } from './cluster/release-deployment.js';
import { type FoundResource, listMatching } from './cluster/resources.js';

export interface SweepOptions {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly kinds: KindTable;
  readonly namespace: string;
  /** Only what was made of the build of this name. */
  readonly build?: string;
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
 * with that UID. Returns how many could not be removed.
 */
export async function sweep(options: SweepOptions): Promise<number> {
  if (options.paused()) return 0;
  const { client, namespace, caches } = options;
  const labelSelector = options.build === undefined ? LABEL_BUILD : `${LABEL_BUILD}=${options.build}`;
  const known = new Set([...caches.builds.list()].map(({ metadata }) => metadata.uid));
  const kinds = new Kinds(withDependents(options.kinds.kinds));
  const listing = { client, kinds, namespace, labelSelector };
  const suspects = await listMatching(
    listing,
    ({ buildUid }) => buildUid !== undefined && !known.has(buildUid),
  );
  const gone = new Map<string, boolean>();
  let left = 0;
  for (const resource of suspects) {
    const uid = resource.buildUid ?? '';
    if (!gone.has(uid)) gone.set(uid, await isGone(options, uid, resource));
    if (!gone.get(uid)) continue;
    if (!(await removeQuietly(options, resource))) left++;
  }
  return left;
}

function withDependents(kinds: readonly ServedKind[]): ServedKind[] {
  const has = (wanted: ServedKind) =>
    kinds.some(({ group, kind }) => group === wanted.group && kind === wanted.kind);
  return [...kinds, ...dependents.filter((kind) => !has(kind))];
}

/** A cache may be behind: only a live read tells that no build has this UID. */
async function isGone(
  { client, caches }: SweepOptions,
  uid: string,
  resource: FoundResource,
): Promise<boolean> {
  const name = resource.metadata.labels?.[LABEL_BUILD] ?? '';
  const build = await readIfThere(client, objectPath(caches.paths.builds, name));
  return build?.metadata.uid !== uid;
}

/** What cannot be removed must not keep the rest from being removed. */
async function removeQuietly(options: SweepOptions, resource: FoundResource): Promise<boolean> {
  try {
    await remove(options, resource);
    return true;
  } catch (error) {
    const { kind, metadata } = resource;
    options.log.warn(
      { kind, name: metadata.name, err: error },
      'A leftover could not be removed; later again',
    );
    return false;
  }
}

async function remove(options: SweepOptions, resource: FoundResource): Promise<void> {
  const { client, log } = options;
  const { kind, path, uid, metadata } = resource;
  const policy = kind === 'Job' ? 'Foreground' : 'Background';
  await client.delete(path, { uid, propagationPolicy: policy });
  if (metadata.finalizers?.includes(FINALIZER_DEPLOYMENT)) await releaseDeployment(client, path, uid);
  const build = metadata.labels?.[LABEL_BUILD];
  log.warn(
    { build, kind, name: metadata.name },
    'Removed a resource of a build that does not exist any more',
  );
}
