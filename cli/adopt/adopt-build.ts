import {
  ANNOTATION_ATTEMPT,
  ANNOTATION_BUILD_UID,
  ANNOTATION_OVERRIDES,
  ANNOTATION_PAUSED,
  API_GROUP_VERSION,
  BUILD_KIND,
  LABEL_BUILD,
  LABEL_INIT_STATUS,
  LABEL_JOB_KIND,
} from '../../crds/constants.js';
import { identityOf, sameIdentity } from '../../crds/names.js';
import type { Config } from '../../lib/config/types.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { isConflict } from '../../lib/kube/errors.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject, ObjectMeta } from '../../lib/kube/types.js';
import { recordSettings } from '../../operator/act/recorded-settings.js';
import { readIfThere } from '../../operator/cluster/apply.js';
import { pathsIn } from '../../operator/cluster/caches.js';
import type { KindTable, ServedKind } from '../../operator/cluster/kinds.js';
import { viewBuild } from '../../operator/cluster/views.js';
import type { BuildView } from '../../operator/plan/observed.js';
import { type BuildSettings, homePage, resolveSettings } from '../../operator/settings.js';
import { LAST_APPLIED, type ManagedFields, takeOver } from './managed-fields.js';
import type { OldBuild } from './old-build.js';

/** On a build while it is being adopted; what was interrupted goes on where it stopped. */
export const ANNOTATION_ADOPTING = 'runboat.dev/adopting';

export interface AdoptionContext {
  readonly client: KubeClient;
  readonly config: Config;
  readonly kinds: KindTable;
}

/** This build cannot be adopted; the others can. */
export class NotAdopted extends Error {}

const pods: ServedKind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
/** The attempt that initialised an adopted build; the Python runboat did not count. */
const attempt = 1;
const maximumTries = 5;

/**
 * Makes a build of the Python runboat ours. The operator does not look at it until all is done, and each step
 * can be repeated. Throws NotAdopted, BuildRefused and errors of the API server.
 */
export async function adoptBuild(context: AdoptionContext, old: OldBuild): Promise<void> {
  const build = await createPaused(context, old);
  const settings = {
    ...resolveSettings(context.config, build, undefined),
    slug: old.slug,
    databasePrefix: '',
  };
  await recordSettings(context.client, build, settings);
  if (old.initStatus === 'todo') await removeJobs(context, build, 'initialize');
  await removeJobs(context, build, 'cleanup');
  for (const kind of [...context.kinds.kinds, pods])
    await repeatedly(() => claimAll(context, build, settings, kind));
  await writeStatus(context, build, settings, old);
  const done = { metadata: { annotations: { [ANNOTATION_PAUSED]: null, [ANNOTATION_ADOPTING]: null } } };
  await context.client.mergePatch(buildPath(context, old.name), withUid(done, build.metadata.uid));
}

/** The path of all builds, or of one. */
export function buildPath({ config }: AdoptionContext, name?: string): string {
  const { builds } = pathsIn(config.namespace);
  return name === undefined ? builds : objectPath(builds, name);
}

async function createPaused(context: AdoptionContext, old: OldBuild): Promise<BuildView> {
  const there = await readIfThere(context.client, buildPath(context, old.name));
  if (!there) return viewBuild(await context.client.create<KubeObject>(buildPath(context), paused(old)));
  const build = viewBuild(there);
  if (there.metadata.annotations?.[ANNOTATION_ADOPTING] === undefined)
    throw new NotAdopted(`there is a build ${old.name} already that was not made by an adoption`);
  if (!sameIdentity(identityOf(build), identityOf({ spec: old.spec })))
    throw new NotAdopted(`the build ${old.name} that an adoption began is of another commit`);
  return build;
}

function paused({ name, spec }: OldBuild) {
  const annotations = { [ANNOTATION_PAUSED]: 'true', [ANNOTATION_ADOPTING]: 'true' };
  return { apiVersion: API_GROUP_VERSION, kind: BUILD_KIND, metadata: { name, annotations }, spec };
}

/** What waits is initialised anew by us; a cleanup is done anew in any case. */
async function removeJobs(context: AdoptionContext, build: BuildView, kind: string): Promise<void> {
  const { client, config } = context;
  const { jobs } = pathsIn(config.namespace);
  const labelSelector = `${LABEL_BUILD}=${build.metadata.name},${LABEL_JOB_KIND}=${kind}`;
  const { items } = await client.listAll<KubeObject>(jobs, { labelSelector });
  for (const { metadata } of items) {
    if (!isFree(metadata, build)) continue;
    await client.delete(objectPath(jobs, metadata.name), {
      uid: metadata.uid,
      propagationPolicy: 'Foreground',
    });
  }
}

function isFree({ annotations }: ObjectMeta, build: BuildView): boolean {
  const owner = annotations?.[ANNOTATION_BUILD_UID];
  return owner === undefined || owner === build.metadata.uid;
}

async function claimAll(
  context: AdoptionContext,
  build: BuildView,
  settings: BuildSettings,
  kind: ServedKind,
): Promise<void> {
  if (!kind.namespaced) return;
  const { client, kinds, config } = context;
  const collection = kinds.collectionOf(kind, config.namespace);
  const labelSelector = `${LABEL_BUILD}=${build.metadata.name}`;
  const { items } = await client.listAll<KubeObject>(collection, { labelSelector });
  for (const { metadata } of items) {
    if (metadata.annotations?.[ANNOTATION_BUILD_UID] === build.metadata.uid) continue;
    if (!isFree(metadata, build))
      throw new NotAdopted(`${kind.kind} ${metadata.name} belongs to another build of that name`);
    const body = withUid(claim(kind.kind, metadata, build, settings), metadata.uid, metadata.resourceVersion);
    await client.mergePatch(objectPath(collection, metadata.name), body);
  }
}

/** The controllers write to these objects too, so a conflict is nothing unusual. */
async function repeatedly(claim: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await claim();
    } catch (error) {
      if (!isConflict(error) || tries >= maximumTries) throw error;
    }
  }
}

/** Ours by the UID; the Deployment also carries what a restart of the operator goes on from. */
function claim(kind: string, metadata: ObjectMeta, build: BuildView, settings: BuildSettings) {
  const { managedFields: entries = [] } = metadata as { managedFields?: ManagedFields[] };
  // The spec of a claim cannot change, so a bundle that leaves out a limit or the class must not take it away.
  const managedFields = takeOver(entries, { keepSpec: kind === 'PersistentVolumeClaim' });
  const isJob = metadata.labels?.[LABEL_JOB_KIND] === 'initialize';
  const annotations = {
    [ANNOTATION_BUILD_UID]: build.metadata.uid,
    [LAST_APPLIED]: null,
    ...(isJob ? { [ANNOTATION_ATTEMPT]: String(attempt) } : {}),
    ...(kind === 'Deployment' ? { [ANNOTATION_OVERRIDES]: settings.overrides } : {}),
  };
  const initStatus = metadata.annotations?.[LABEL_INIT_STATUS];
  const labels = kind === 'Deployment' ? { labels: { [LABEL_INIT_STATUS]: initStatus } } : {};
  return { metadata: { annotations, ...labels, ...(managedFields ? { managedFields } : {}) } };
}

/** What the operator has not seen happen; the rest it finds out. */
async function writeStatus(
  { client, ...context }: AdoptionContext,
  build: BuildView,
  settings: BuildSettings,
  old: OldBuild,
): Promise<void> {
  const { image, kubefiles, rule } = settings;
  const ended = old.initStatus === 'succeeded' || old.initStatus === 'failed';
  const status = {
    initStatus: old.initStatus,
    url: homePage(settings),
    resolved: { image, kubefiles, rule },
    ...(old.initStatus === 'todo' ? {} : { attempt }),
    ...(ended ? { initializedAt: old.since } : {}),
    lastScaledAt: old.since,
  };
  const path = buildPath({ client, ...context }, old.name);
  await client.mergePatch(path, withUid({ status }, build.metadata.uid), { subresource: 'status' });
}

function withUid(body: { metadata?: object; status?: object }, uid: string, resourceVersion?: string) {
  return { ...body, metadata: { ...body.metadata, uid, ...(resourceVersion ? { resourceVersion } : {}) } };
}
