import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { NotYet } from '../cluster/apply.js';
import { stopPending } from '../plan/plan-run.js';
import { timestamp } from '../plan/show.js';
import type { Work } from './context.js';
import {
  applyMode,
  applyQuietly,
  knownObjects,
  patchState,
  renderMode,
  renderQuietly,
  stateOf,
} from './modes.js';
import { currentSettings } from './recorded-settings.js';

/** `start` mode, scaled to 1: every object is applied, so that what was deleted comes back. Throws BuildRefused. */
export async function start(work: Work): Promise<void> {
  const { caches, now } = work.services;
  const { build } = work.observed;
  const settings = await currentSettings(work);
  const resources = await renderMode(work, settings, 'start');
  const deployment = caches.deploymentOf(build);
  if (!deployment) throw new NotYet('the Deployment vanished');
  const state = { ...stateOf(deployment, settings), replicas: 1, lastScaled: timestamp(now()) };
  work.observed.facts.noPodLeft = false;
  await applyMode(work, resources, state, await knownObjects(work));
  delete work.observed.facts.refusal;
  work.log.info({}, 'Started');
}

/**
 * Scaled to 0, then `stop` mode. Whatever keeps that mode from being rendered does not keep a build running: the
 * Deployment says that the mode is still to be applied. Throws then, once it is scaled down.
 */
export async function stop(work: Work): Promise<void> {
  const resources = await renderQuietly(work, 'stop').catch(async (error: unknown) => {
    await scaleDown(work, stopPending);
    throw error;
  });
  const deployment = work.services.caches.deploymentOf(work.observed.build);
  const inForce = resources !== undefined && deployment?.applied === resources.hash;
  await scaleDown(work, inForce ? undefined : stopPending);
  if (resources && !inForce) await applyQuietly(work, resources);
}

/** Scaled to 0 and nothing else, as the first step of a cleanup. */
export async function scaleDown(work: Work, applied?: string): Promise<void> {
  const { caches, now } = work.services;
  const deployment = caches.deploymentOf(work.observed.build);
  if (!deployment) throw new NotYet('the Deployment vanished');
  work.observed.facts.noPodLeft = false;
  const change = { replicas: 0, lastScaled: timestamp(now()) };
  await patchState(work, deployment, applied === undefined ? change : { ...change, applied });
  work.log.info({}, 'Scaled to 0');
}

export async function applyStopMode(work: Work): Promise<void> {
  const resources = await renderQuietly(work, 'stop');
  if (resources) await applyQuietly(work, resources);
}

/** A start was asked of a build whose initialisation failed: the wish is taken back and said. */
export async function refuseStart(work: Work): Promise<void> {
  const { client, caches, events } = work.services;
  const { build } = work.observed;
  const { name, uid, resourceVersion } = build.metadata;
  const body = { metadata: { uid, resourceVersion }, spec: { replicas: 0 } };
  const object = await client.mergePatch<KubeObject>(objectPath(caches.paths.builds, name), body);
  caches.builds.observe(object);
  const message =
    'The build is not started, because its initialisation failed. Reset it to initialise it again.';
  await events.record(build, { type: 'Warning', reason: 'NotInitialized', message });
}
