import { ANNOTATION_BUILD_UID, LABEL_BUILD } from '../../crds/constants.js';
import { settingsSecretName } from '../../crds/names.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import type { BuildView } from '../plan/observed.js';
import type { KindTable, ServedKind } from './kinds.js';

/** Lists need no more than names and owners, and of Secrets nothing else should be read. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

export interface FoundResource {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: KubeObject['metadata'];
  readonly path: string;
  readonly uid: string;
  /** UID of the build that it belongs to; undefined when it is not ours. */
  readonly buildUid: string | undefined;
  readonly deleting: boolean;
  /** The Secret in which the operator records the build's settings. */
  readonly isRecord: boolean;
}

export interface Listing {
  readonly client: KubeClient;
  readonly kinds: KindTable;
  readonly namespace: string;
  readonly labelSelector: string;
}

/** All resources of a build, of every kind that bundles may use, by a live read of metadata. */
export async function listResources(
  context: Pick<Listing, 'client' | 'kinds'>,
  build: BuildView,
): Promise<FoundResource[]> {
  const { name, uid, namespace } = build.metadata;
  const listing = { ...context, namespace, labelSelector: `${LABEL_BUILD}=${name}` };
  return await listMatching(listing, ({ buildUid }) => buildUid === uid);
}

/** Labelled resources of all kinds that `keep` wants; pages are let go, so that thousands cost no memory. */
export async function listMatching(
  listing: Listing,
  keep: (resource: FoundResource) => boolean,
): Promise<FoundResource[]> {
  // A build has no cluster-scoped resources, even where the configuration lists such a kind.
  const kinds = listing.kinds.kinds.filter(({ namespaced }) => namespaced);
  const lists = await Promise.all(kinds.map((kind) => listKind(listing, kind, keep)));
  return lists.flat();
}

async function listKind(listing: Listing, kind: ServedKind, keep: (resource: FoundResource) => boolean) {
  const { client, kinds, namespace, labelSelector } = listing;
  const collection = kinds.collectionOf(kind, namespace);
  let found: FoundResource[] = [];
  for await (const page of client.list<KubeObject>(collection, { labelSelector }, { accept: metadataOnly })) {
    const kept = page.items.map((item) => foundResource(kind, collection, item)).filter(keep);
    found = page.first ? kept : found.concat(kept);
  }
  return found;
}

function foundResource(kind: ServedKind, collection: string, { metadata }: KubeObject): FoundResource {
  const owner = metadata.labels?.[LABEL_BUILD] ?? '';
  return {
    apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata,
    path: objectPath(collection, metadata.name),
    uid: metadata.uid,
    buildUid: metadata.annotations?.[ANNOTATION_BUILD_UID],
    deleting: metadata.deletionTimestamp !== undefined,
    isRecord: kind.kind === 'Secret' && metadata.name === settingsSecretName(owner),
  };
}
