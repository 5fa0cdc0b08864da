import { ANNOTATION_SKIP_CLEANUP } from '../../crds/constants.js';
import {
  cleanupJobs,
  conditionOf,
  everInitialized,
  holds,
  initJobs,
  initPods,
  lookAgainAfter,
  lookAgainAtJob,
  outcomeOf,
  runPods,
  scaledDown,
} from './facts-of.js';
import type { Observed, Verdict } from './observed.js';
import { type Check, condition, firstOf, type Plan, type Shown } from './plan.js';

const steps: readonly Check[] = [
  grantInDoubt,
  recordNeed,
  stopInitialization,
  scaleDown,
  removeReplicaSets,
  waitForPods,
  confirmPodsGone,
  cleanupRefused,
  cleanupFailed,
  cleanupRuns,
  cleanupDone,
  strayCleanupPods,
  cleanupGranted,
  cleanupWanted,
  removeResources,
  removeDeployment,
  removeSecret,
  removeFinalizer,
];

const pending: Verdict = {
  reason: 'CleanupPending',
  message: 'The cleanup job runs once no pod of the build is left.',
};
const nothing: Verdict = {
  reason: 'NothingToCleanUp',
  message: 'The build was never initialised; only resources are removed.',
};
const running: Verdict = { reason: 'CleanupRunning', message: 'The cleanup job runs.' };
const done: Verdict = {
  reason: 'CleanupDone',
  message: 'The cleanup job is done; resources are being removed.',
};
const skipped: Verdict = {
  reason: 'CleanupSkipped',
  message: `Annotation ${ANNOTATION_SKIP_CLEANUP} or the configuration asks for no cleanup job; only resources are removed.`,
};

/** Deletion of a build: from its first moment until nothing of it is left. */
export function planCleanup(observed: Observed, now: number): Plan {
  return firstOf(steps, observed, now);
}

function undeploying(verdict?: Verdict): Shown {
  const conditions = verdict ? [condition('CleanedUp', verdict === done ? 'True' : 'False', verdict)] : [];
  const ready = condition('Ready', 'False', {
    reason: 'Undeploying',
    message: 'The build is being removed.',
  });
  return { phase: 'Undeploying', queuePosition: null, conditions: [...conditions, ready] };
}

/** The job may be on its way: whether it comes to be decides about the cleanup, so that is waited for. */
function grantInDoubt(observed: Observed, now: number): Plan | undefined {
  if (observed.slots.grantedAttempt === undefined || initJobs(observed).length > 0) return undefined;
  // What is known already is recorded first, because the grant may be all that tells it.
  if (everInitialized(observed) && !conditionOf(observed, 'CleanedUp')) return undefined;
  return { show: { phase: 'Undeploying' }, lookAgainAt: now + 1000 };
}

/** Whether there is something to clean up is decided once, before what tells it is removed, and stored. */
function recordNeed(observed: Observed, now: number): Plan | undefined {
  if (conditionOf(observed, 'CleanedUp')) return undefined;
  return { show: undeploying(everInitialized(observed) ? pending : nothing), lookAgainAt: now };
}

function stopInitialization(observed: Observed): Plan | undefined {
  const jobs = initJobs(observed);
  if (jobs.length === 0) return undefined;
  const job = jobs.find((candidate) => !candidate.metadata.deleting);
  return { show: undeploying(), ...(job ? { action: { type: 'deleteJob', job } } : {}) };
}

function scaleDown(observed: Observed): Plan | undefined {
  const { deployment } = observed;
  if (!deployment || deployment.metadata.deleting || deployment.replicas === 0) return undefined;
  return { action: { type: 'scaleDown' }, show: undeploying() };
}

/** The controller ignores the scale of a Deployment that is being deleted, and leaves its ReplicaSets. */
function removeReplicaSets(observed: Observed, now: number): Plan | undefined {
  if (observed.deployment && !observed.deployment.metadata.deleting) return undefined;
  if (!runPods(observed).some((pod) => !pod.metadata.deleting)) return undefined;
  return { action: { type: 'removeReplicaSets' }, show: undeploying(), lookAgainAt: now + 2000 };
}

function waitForPods(observed: Observed, now: number): Plan | undefined {
  const initializing = initPods(observed);
  if (initializing.some((pod) => !pod.metadata.deleting)) {
    return {
      action: { type: 'confirmNoPods', deleteOrphans: true },
      show: undeploying(),
      lookAgainAt: now + 2000,
    };
  }
  const gone = initializing.length === 0 && runPods(observed).length === 0;
  const settled = observed.deployment?.metadata.deleting || scaledDown(observed);
  return gone && settled ? undefined : { show: undeploying(), lookAgainAt: now + lookAgainAfter };
}

function confirmPodsGone(observed: Observed, now: number): Plan | undefined {
  if (observed.facts.noPodLeft) return undefined;
  return {
    action: { type: 'confirmNoPods', deleteOrphans: true },
    show: undeploying(),
    lookAgainAt: now + 1000,
  };
}

function jobNeeded(observed: Observed): boolean {
  const reason = conditionOf(observed, 'CleanedUp')?.reason;
  return reason !== nothing.reason && reason !== done.reason && !skipReason(observed);
}

function skipReason(observed: Observed): Verdict | undefined {
  const annotation = observed.build.metadata.annotations?.[ANNOTATION_SKIP_CLEANUP];
  if (annotation === 'true' || !observed.policy.cleanupJob) return skipped;
  return observed.facts.cleanup.jobSkipped;
}

function cleanupRefused(observed: Observed, now: number): Plan | undefined {
  const { refusal } = observed.facts.cleanup;
  if (!jobNeeded(observed) || !holds(refusal, observed, now)) return undefined;
  const lookAgain = Number.isFinite(refusal.retryAt) ? { lookAgainAt: refusal.retryAt } : {};
  return { show: undeploying(refusal.verdict), ...lookAgain };
}

function cleanupFailed(observed: Observed, now: number): Plan | undefined {
  const [job] = cleanupJobs(observed);
  if (!job || !jobNeeded(observed) || outcomeOf(job, now) !== 'failed') return undefined;
  if (job.metadata.deleting) return { show: undeploying() };
  const noted = observed.facts.cleanup.failedJob === job.metadata.uid;
  return {
    action: noted ? { type: 'deleteJob', job } : { type: 'noteCleanupFailure', job },
    show: undeploying(),
  };
}

function cleanupRuns(observed: Observed, now: number): Plan | undefined {
  const [job] = cleanupJobs(observed);
  if (!job || !jobNeeded(observed) || job.outcome !== 'active') return undefined;
  const trouble = observed.pods.find((pod) => pod.kind === 'cleanup' && pod.trouble)?.trouble;
  const verdict = trouble ? { ...running, message: `The cleanup job waits: ${trouble.message}` } : running;
  return { show: undeploying(verdict), lookAgainAt: lookAgainAtJob(job, now) };
}

/** Stored before anything else is removed: a restart must not run the job again without its resources. */
function cleanupDone(observed: Observed, now: number): Plan | undefined {
  const [job] = cleanupJobs(observed);
  if (!jobNeeded(observed) || job?.outcome !== 'complete') return undefined;
  return { show: undeploying(done), lookAgainAt: now };
}

/** A pod whose job was deleted without it would hold a place for ever, or work beside the next one. */
function strayCleanupPods(observed: Observed, now: number): Plan | undefined {
  if (!jobNeeded(observed) || !observed.pods.some((pod) => pod.kind === 'cleanup')) return undefined;
  return { action: { type: 'removeLastPods' }, show: undeploying(), lookAgainAt: now + 2000 };
}

function cleanupGranted(observed: Observed): Plan | undefined {
  if (!jobNeeded(observed) || observed.slots.cleanup !== 'granted') return undefined;
  return { action: { type: 'createCleanupJob' }, show: undeploying() };
}

function cleanupWanted(observed: Observed): Plan | undefined {
  if (!jobNeeded(observed)) return undefined;
  return { wants: { slot: 'cleanup' }, show: undeploying() };
}

function removeResources(observed: Observed, now: number): Plan | undefined {
  if (observed.facts.cleanup.resourcesGone) return undefined;
  const reason = skipReason(observed);
  return { action: { type: 'removeResources' }, show: undeploying(reason), lookAgainAt: now + 1000 };
}

function removeDeployment(observed: Observed, now: number): Plan | undefined {
  if (!observed.deployment) return undefined;
  return { action: { type: 'removeDeployment' }, show: undeploying(), lookAgainAt: now + 2000 };
}

function removeSecret(observed: Observed): Plan | undefined {
  if (observed.facts.cleanup.secretGone) return undefined;
  return { action: { type: 'removeSecret' }, show: undeploying() };
}

function removeFinalizer(): Plan {
  return { action: { type: 'removeFinalizer' }, show: {} };
}
