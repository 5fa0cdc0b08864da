import type { InitStatus } from '../../crds/runboatbuild.generated.js';
import type { Unparsed } from '../../lib/kube/client.js';
import type { DeleteAnswer } from '../../lib/kube/requests.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { isChangeRefusal, isOurs, type KnownObject, NotYet, readIfThere } from '../cluster/apply.js';
import { identityOf } from '../cluster/decorate.js';
import { releaseDeployment } from '../cluster/release-deployment.js';
import { type FoundResource, listResources } from '../cluster/resources.js';
import type { KubeResource, Mode } from '../render/types.js';
import type { BuildSettings } from '../settings.js';
import type { Work } from './context.js';
import { applyMode, applyOwned, assembleMode, knownObjects, type ModeResources, renderAll } from './modes.js';
import { noteResolved, settingsFor, storeSettings } from './recorded-settings.js';

/** First deployment, or that of a build whose Deployment went missing: everything is checked, recorded, applied. */
export async function deploy(work: Work, initStatus: InitStatus, resolveAgain: boolean): Promise<void> {
  // Whoever removed the Deployment may have removed the record too.
  work.services.memory.forgetSettings(work.observed.build.metadata.uid);
  const { settings, stored } = await settingsFor(work, resolveAgain);
  const modes = await renderAll(work, settings);
  if (!stored) await storeSettings(work, settings);
  if (initStatus === 'todo') keepForInitialization(work, settings);
  const status = work.observed.build.status;
  const lastScaled = status?.lastScaledAt;
  const resources = assembleMode(work.observed.build, modes.deployment, []);
  await applyMode(work, resources, {
    initStatus,
    replicas: 0,
    lastScaled,
    applied: '',
    overrides: settings.overrides,
  });
  noteResolved(work, settings);
  work.observed.facts.deploymentMissing = false;
  delete work.observed.facts.refusal;
  work.log.info(
    { resources: resources.others.length + 1, image: settings.image, bundle: settings.kubefiles },
    'Deployed',
  );
}

function keepForInitialization({ services, observed }: Work, settings: BuildSettings): void {
  services.memory.keepSettings(observed.build.metadata.uid, settings);
}

/**
 * A reset, once nothing of the build runs: settings are resolved again, all resources applied again, those
 * that cannot be changed made anew, and those that no mode renders any more removed.
 */
export async function redeploy(work: Work, resetRequestedAt: string): Promise<void> {
  const { build, facts } = work.observed;
  const { settings } = await settingsFor(work, true);
  const modes = await renderAll(work, settings);
  await storeSettings(work, settings);
  keepForInitialization(work, settings);
  const resources = assembleMode(build, modes.deployment, []);
  await removeStale(work, settings, modes, resources);
  const lastScaled = work.services.caches.deploymentOf(build)?.lastScaled;
  const state = {
    initStatus: 'todo' as const,
    replicas: 0,
    lastScaled,
    applied: '',
    overrides: settings.overrides,
  };
  await applyMode(work, resources, state, await knownObjects(work), applyOrReplace);
  noteResolved(work, settings);
  facts.redeployedFor = resetRequestedAt;
  delete facts.refusal;
  delete facts.jobRefused;
  delete facts.initResult;
  work.log.info({ image: settings.image, bundle: settings.kubefiles }, 'Applied again for a reset');
}

/** Removes what an earlier version of the bundle made and none of its modes renders now. */
async function removeStale(
  work: Work,
  settings: BuildSettings,
  modes: Record<Mode, KubeResource[]>,
  resources: ModeResources,
): Promise<void> {
  const { build } = work.observed;
  const wanted = new Set(Object.values(modes).flat().map(identityOf));
  for (const resource of [resources.deployment, ...resources.others]) wanted.add(identityOf(resource));
  for (const found of await listResources(work.services, build)) {
    if (wanted.has(identityOf(found)) || found.isRecord || found.kind === 'Job') continue;
    if (isMadeByAnother(found)) continue;
    if (found.kind === 'Deployment') await release(work, found.path, found.uid);
    const answer = await work.services.client.delete(found.path, {
      uid: found.uid,
      propagationPolicy: 'Background',
    });
    if (found.kind === 'Deployment') noteDeleted(work, found.metadata.name, answer);
    work.log.info(
      { kind: found.kind, name: found.metadata.name, bundle: settings.kubefiles },
      'Removed a resource that no mode renders any more',
    );
  }
}

/** What a controller made of a resource goes with that one, for example the pods of a StatefulSet. */
function isMadeByAnother({ metadata }: FoundResource): boolean {
  return metadata.ownerReferences?.some(({ controller }) => controller === true) ?? false;
}

/** Without our finalizer its deletion is over at once and not taken for a user's wish to delete the build. */
async function release({ services }: Work, path: string, uid: string): Promise<void> {
  const object = await releaseDeployment(services.client, path, uid);
  if (object) services.caches.deployments.observe(object);
}

/** The cache must not go on showing a Deployment that is replaced. Throws NotYet while others hold it. */
function noteDeleted(work: Work, name: string, answer: DeleteAnswer): void {
  const { deployments } = work.services.caches;
  if (answer.state === 'deleting') throw new NotYet(`Deployment ${name} is still being deleted`);
  const uid = deployments.get(name)?.metadata.uid;
  if (uid !== undefined) deployments.observeDeleted(name, uid);
}

/** Only in a reset: what the API server refuses to change, but would make anew, is deleted and made again. */
async function applyOrReplace(
  work: Work,
  resource: KubeResource,
  known: KnownObject | undefined,
): Promise<Unparsed<KubeObject>> {
  try {
    return await applyOwned(work, resource, known);
  } catch (error) {
    const { namespace } = work.observed.build.metadata;
    if (!(await isChangeRefusal(work.services, namespace, resource, error))) throw error;
    await removeForReplacement(work, resource);
    return await applyOwned(work, resource, undefined);
  }
}

async function removeForReplacement(work: Work, resource: KubeResource): Promise<void> {
  const { client, kinds } = work.services;
  const { build } = work.observed;
  const path = kinds.pathOf(resource, build.metadata.namespace);
  const object = await readIfThere(client, path);
  if (!object || !isOurs(object, build)) return;
  const { uid, name } = object.metadata;
  if (resource.kind === 'Deployment') await release(work, path, uid);
  const answer = await client.delete(path, { uid, propagationPolicy: 'Background' });
  work.log.info({ kind: resource.kind, name }, 'Deleted a resource that cannot be changed, to make it again');
  if (resource.kind === 'Deployment') noteDeleted(work, name, answer);
  if (answer.state === 'deleting') throw new NotYet(`${resource.kind} ${name} is still being deleted`);
}

/** A live read decides whether the Deployment is gone or only missing from the cache. */
export async function confirmDeployment(work: Work): Promise<void> {
  const { client, caches } = work.services;
  const { build, facts } = work.observed;
  const labelSelector = `runboat/build=${build.metadata.name}`;
  const { items } = await client.listAll<KubeObject>(caches.paths.deployments, { labelSelector });
  const own = items.filter((object) => isOurs(object, build));
  for (const object of own) caches.deployments.observe(object);
  if (own.length > 0) return;
  facts.deploymentMissing = true;
  work.log.warn({}, 'The Deployment is missing and is made again');
}
