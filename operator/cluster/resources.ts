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
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeObject['metadata'];
  readonly path: string;
  readonly uid: string;
  readonly deleting: boolean;
  /** The Secret in which the operator records the build's settings. */
  readonly isRecord: boolean;
}

interface ListingContext {
  readonly client: KubeClient;
  readonly kinds: KindTable;
}

/** All resources of a build, of every kind that bundles may use, by a live read of metadata. */
export async function listResources(context: ListingContext, build: BuildView): Promise<FoundResource[]> {
  const { name, uid, namespace } = build.metadata;
  const found = await listLabelled(context, namespace, `${LABEL_BUILD}=${name}`);
  return found.filter((resource) => resource.metadata.annotations?.[ANNOTATION_BUILD_UID] === uid);
}

/** All labelled resources of a namespace, of every kind that bundles may use. */
export async function listLabelled(
  context: ListingContext,
  namespace: string,
  labelSelector: string,
): Promise<FoundResource[]> {
  const lists = await Promise.all(
    context.kinds.kinds.map((kind) => listKind(context, kind, namespace, labelSelector)),
  );
  return lists.flat();
}

async function listKind(context: ListingContext, kind: ServedKind, namespace: string, labelSelector: string) {
  const collection = context.kinds.collectionOf(kind, namespace);
  const { items } = await context.client.listAll<KubeObject>(
    collection,
    { labelSelector },
    { accept: metadataOnly },
  );
  return items.map((item) => foundResource(kind, collection, item));
}

function foundResource(kind: ServedKind, collection: string, { metadata }: KubeObject): FoundResource {
  const owner = metadata.labels?.[LABEL_BUILD] ?? '';
  return {
    apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata,
    path: objectPath(collection, metadata.name),
    uid: metadata.uid,
    deleting: metadata.deletionTimestamp !== undefined,
    isRecord: kind.kind === 'Secret' && metadata.name === settingsSecretName(owner),
  };
}
