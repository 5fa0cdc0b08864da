import { ANNOTATION_BUILD_UID, LABEL_BUILD } from '../../crds/constants.js';
import type { Deployment, KubeObject } from '../../lib/kube/types.js';
import { pathsIn } from '../../operator/cluster/caches.js';
import { viewBuild } from '../../operator/cluster/views.js';
import type { BuildView } from '../../operator/plan/observed.js';
import { BuildRefused, bundleMissing, resolveSettings } from '../../operator/settings.js';
import { type AdoptionContext, ANNOTATION_ADOPTING, buildPath } from './adopt-build.js';
import { lastForeignWrite, type ManagedFields } from './managed-fields.js';
import { type OldBuild, readOldBuild } from './old-build.js';

/** What an adoption finds. */
export interface Survey {
  readonly adoptable: readonly OldBuild[];
  readonly unfit: readonly { readonly deployment: string; readonly why: string }[];
  /** Builds of ours that are there already, adoptions that were interrupted not counted. */
  readonly ownBuilds: number;
  /** The last write to what is to be adopted by one who is no controller of Kubernetes. */
  readonly lastWrite:
    | { readonly object: string; readonly manager: string; readonly time: string }
    | undefined;
}

/** Looks at all Deployments and jobs of builds in the namespace, and writes nothing. */
export async function survey(context: AdoptionContext): Promise<Survey> {
  const { client, config } = context;
  const paths = pathsIn(config.namespace);
  const builds = (await client.listAll<KubeObject>(buildPath(context))).items;
  const begun = new Set(
    builds
      .filter(({ metadata }) => metadata.annotations?.[ANNOTATION_ADOPTING])
      .map(({ metadata }) => metadata.uid),
  );
  const read = async <T>(path: string) =>
    (await client.listAll<T & KubeObject>(path, { labelSelector: LABEL_BUILD })).items;
  const isFree = ({ metadata }: KubeObject) => {
    const owner = metadata.annotations?.[ANNOTATION_BUILD_UID];
    return owner === undefined || begun.has(owner);
  };
  const deployments = (await read<Deployment>(paths.deployments)).filter(isFree);
  const jobs = (await read<KubeObject>(paths.jobs)).filter(isFree);
  const results = deployments.map((deployment) => ({ deployment, result: assess(context, deployment) }));
  return {
    adoptable: results.flatMap(({ result }) => (typeof result === 'string' ? [] : [result])),
    unfit: results.flatMap(({ deployment, result }) =>
      typeof result === 'string' ? [{ deployment: deployment.metadata.name, why: result }] : [],
    ),
    ownBuilds: builds.length - begun.size,
    lastWrite: lastWriteTo([...deployments, ...jobs]),
  };
}

/** The build of a Deployment, or why it cannot be adopted: without a rule nobody knows what it is made of. */
function assess({ config }: AdoptionContext, deployment: Deployment): OldBuild | string {
  const old = readOldBuild(deployment);
  if (typeof old === 'string') return old;
  try {
    const { kubefiles } = resolveSettings(config, asView(old), undefined);
    return config.bundles[kubefiles] === undefined ? bundleMissing(kubefiles).message : old;
  } catch (error) {
    if (error instanceof BuildRefused) return error.message;
    throw error;
  }
}

function asView({ name, spec }: OldBuild): BuildView {
  return viewBuild({ metadata: { name, uid: '', resourceVersion: '' }, spec });
}

function lastWriteTo(objects: readonly KubeObject[]): Survey['lastWrite'] {
  const writes = objects.flatMap(({ kind = 'object', metadata }) => {
    const { managedFields = [] } = metadata as { managedFields?: ManagedFields[] };
    const write = lastForeignWrite(managedFields);
    return write ? [{ object: `${kind} ${metadata.name}`, ...write }] : [];
  });
  return writes.sort((a, b) => Date.parse(b.time) - Date.parse(a.time))[0];
}
