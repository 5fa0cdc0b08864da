import { FINALIZER_BUILD } from '../../crds/constants.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { asDenied } from '../cluster/apply.js';
import { refusalAfter } from '../memory.js';
import type { Action } from '../plan/plan.js';
import { BuildRefused } from '../settings.js';
import * as cleanup from './cleanup.js';
import type { Work } from './context.js';
import { confirmDeployment, deploy, redeploy } from './deploy.js';
import * as initialize from './initialize.js';
import { confirmNoPods, removeLastPods } from './pods.js';
import * as scale from './scale.js';

/** Actions that the planner does not ask again before a refusal of them may have lost its cause. */
const waits: ReadonlySet<Action['type']> = new Set(['deploy', 'redeploy', 'start']);

/**
 * Carries out one action. A user's mistake is remembered as a refusal, so that the next plan shows it; what
 * the API server did not answer, or answered with a conflict, is thrown and tried again.
 */
export async function act(work: Work, action: Action): Promise<void> {
  try {
    await perform(work, action);
  } catch (thrown) {
    const error = waits.has(action.type) ? asDenied(thrown) : thrown;
    if (!(error instanceof BuildRefused)) throw error;
    const { observed, services } = work;
    const { facts, build, fingerprint } = observed;
    facts.refusal = refusalAfter(facts.refusal, error.verdict, fingerprint, services.now());
    services.capacity.releaseStart(build.metadata.uid);
    const { reason, message } = error.verdict;
    work.log.warn({ action: action.type, reason, detail: message }, 'The build cannot go on');
  }
}

async function perform(work: Work, action: Action): Promise<void> {
  switch (action.type) {
    case 'addFinalizer':
      return addFinalizer(work);
    case 'deleteBuild':
      return deleteBuild(work, action.why);
    case 'confirmDeployment':
      return confirmDeployment(work);
    case 'deploy':
      return deploy(work, action.initStatus, action.resolveAgain);
    case 'redeploy':
      return redeploy(work, action.resetRequestedAt);
    case 'deleteJob':
      return initialize.deleteJob(work, action.job);
    case 'confirmJob':
      return initialize.confirmJob(work, action.attempt);
    case 'confirmNoPods':
      return confirmNoPods(work, action.deleteOrphans);
    case 'createJob':
      return initialize.createInitJob(work, action.attempt);
    case 'markStarted':
      return initialize.markStarted(work);
    case 'readInitResult':
      return initialize.readInitResult(work, action.job);
    case 'finishInit':
      return initialize.finishInit(work, action.succeeded);
    case 'forgetLostJob':
      return initialize.forgetLostJob(work, action.attempt);
    case 'refuseStart':
      return scale.refuseStart(work);
    case 'start':
      return scale.start(work);
    case 'stop':
      return scale.stop(work);
    case 'applyStopMode':
      return scale.applyStopMode(work);
    case 'scaleDown':
      return scale.scaleDown(work);
    case 'removeReplicaSets':
      return cleanup.removeReplicaSets(work);
    case 'createCleanupJob':
      return cleanup.createCleanupJob(work);
    case 'removeLastPods':
      await removeLastPods(work);
      return;
    case 'noteCleanupFailure':
      return cleanup.noteCleanupFailure(work, action.job);
    case 'removeResources':
      return cleanup.removeResources(work);
    case 'removeDeployment':
      return cleanup.removeDeployment(work);
    case 'removeSecret':
      return cleanup.removeSecret(work);
    case 'removeFinalizer':
      return cleanup.removeFinalizer(work);
  }
}

async function addFinalizer(work: Work): Promise<void> {
  const { client, caches } = work.services;
  const { build, deployment, facts } = work.observed;
  const { name, uid, resourceVersion, finalizers = [] } = build.metadata;
  const body = { metadata: { uid, resourceVersion, finalizers: [...finalizers, FINALIZER_BUILD] } };
  caches.builds.observe(await client.mergePatch<KubeObject>(objectPath(caches.paths.builds, name), body));
  if (build.status === undefined && !deployment) facts.unrecorded = true;
}

async function deleteBuild(work: Work, why: string): Promise<void> {
  const { client, caches, events } = work.services;
  const { build } = work.observed;
  const { name, uid } = build.metadata;
  const path = objectPath(caches.paths.builds, name);
  const answer = await client.delete(path, { uid, propagationPolicy: 'Background' });
  if (answer.object) caches.builds.observe(answer.object);
  await events.record(build, {
    type: 'Normal',
    reason: 'DeploymentDeleted',
    message: `The build is removed, because ${why}.`,
  });
  work.log.info({ why }, 'The build is removed');
}
