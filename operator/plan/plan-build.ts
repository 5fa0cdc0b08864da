import { FINALIZER_BUILD } from '../../crds/constants.js';
import { deployedBefore, holds, isPaused, resetPending } from './facts-of.js';
import type { Observed } from './observed.js';
import { overlookPassing } from './patience.js';
import { type Check, condition, firstOf, type Plan, type Shown } from './plan.js';
import { planCleanup } from './plan-cleanup.js';
import { planInitialization } from './plan-initialize.js';
import { planReset } from './plan-reset.js';
import { planRun } from './plan-run.js';

const policy: readonly Check[] = [
  paused,
  deleting,
  withoutFinalizer,
  deploymentBeingDeleted,
  withoutDeployment,
  planReset,
  planInitialization,
  planRun,
];

/**
 * The next step for one build and the status to show, from what is observed and nothing else.
 * `now` is in milliseconds since the epoch.
 */
export function planBuild(observed: Observed, now: number): Plan {
  const settled = overlookPassing(observed, now);
  const plan = firstOf(policy, settled.observed, now);
  const { lookAgainAt } = settled;
  if (lookAgainAt === undefined) return plan;
  return { ...plan, lookAgainAt: Math.min(lookAgainAt, plan.lookAgainAt ?? lookAgainAt) };
}

function paused(observed: Observed, now: number): Plan | undefined {
  if (!observed.policy.paused && !isPaused(observed.build)) return undefined;
  // Its place is given back once it is sure that no job comes of it.
  const lookAgain = observed.slots.initialize === 'granted' ? { lookAgainAt: now + 1_000 } : {};
  return { show: {}, keepsGrant: true, ...lookAgain };
}

function deleting(observed: Observed, now: number): Plan | undefined {
  const { deletionTimestamp, finalizers = [] } = observed.build.metadata;
  if (deletionTimestamp === undefined) return undefined;
  if (!finalizers.includes(FINALIZER_BUILD)) return { show: {} };
  return planCleanup(observed, now);
}

function withoutFinalizer(observed: Observed): Plan | undefined {
  if (observed.build.metadata.finalizers?.includes(FINALIZER_BUILD)) return undefined;
  return { action: { type: 'addFinalizer' }, show: {} };
}

function deploymentBeingDeleted(observed: Observed): Plan | undefined {
  if (!observed.deployment?.metadata.deleting) return undefined;
  return { action: { type: 'deleteBuild', why: 'its Deployment was deleted' }, show: {} };
}

function withoutDeployment(observed: Observed, now: number): Plan | undefined {
  if (observed.deployment) return undefined;
  const { refusal } = observed.facts;
  if (holds(refusal, observed, now)) return refusedDeploy(observed, refusal.retryAt);
  const before = deployedBefore(observed);
  if (before && !observed.facts.deploymentMissing) return { action: { type: 'confirmDeployment' }, show: {} };
  const initStatus = observed.build.status?.initStatus ?? 'todo';
  const resolveAgain = !before || resetPending(observed);
  return { action: { type: 'deploy', initStatus, resolveAgain }, show: {} };
}

/** What a build is whose Deployment is gone and cannot be made again: nothing of it runs. */
function phaseWithout({ build }: Observed): Shown {
  if (build.status?.initStatus === 'succeeded') return { phase: 'Stopped' };
  if (build.status?.initStatus === 'failed') return { phase: 'Failed' };
  return { queuePosition: null };
}

function refusedDeploy(observed: Observed, retryAt: number): Plan {
  const verdict = observed.facts.refusal?.verdict ?? { reason: 'ApplyRefused', message: '' };
  const lookAgain = Number.isFinite(retryAt) ? { lookAgainAt: retryAt } : {};
  if (deployedBefore(observed)) {
    const conditions = [condition('UpToDate', 'False', verdict), condition('Ready', 'False', verdict)];
    return { show: { ...phaseWithout(observed), conditions }, ...lookAgain };
  }
  const conditions = [condition('Deployed', 'False', verdict)];
  return { show: { phase: 'Failed', conditions }, ...lookAgain };
}
