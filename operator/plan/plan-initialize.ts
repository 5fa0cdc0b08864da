import {
  holds,
  initJobs,
  initPods,
  isSettled,
  isTold,
  lookAgainAfter,
  lookAgainAtJob,
  nextAttempt,
  outcomeOf,
} from './facts-of.js';
import type { JobView, Observed } from './observed.js';
import { type Check, firstOf, type Plan } from './plan.js';
import { showInitializing, showJobRefused, showQueued } from './show.js';

/** Milliseconds after which the Deployment controller is not waited for any more. */
const controllerTakes = 3_000;

const whenTodo: readonly Check[] = [
  runningByMistake,
  believedJob,
  strayJob,
  confirmGone,
  strayPods,
  madeJobLost,
  jobRefused,
  jobGranted,
  waitForSlot,
];
const whenStarted: readonly Check[] = [runningByMistake, jobRuns, confirmLost, strayPods, lost];

/** From deployed to the end of the initialise job. */
export function planInitialization(observed: Observed, now: number): Plan | undefined {
  const initStatus = observed.deployment?.initStatus ?? 'todo';
  if (initStatus === 'todo') return firstOf(whenTodo, observed, now);
  if (initStatus === 'started') return firstOf(whenStarted, observed, now);
  return undefined;
}

/** Nobody but the operator scales the Deployment of a build; what was scaled by hand goes back. */
function runningByMistake(observed: Observed): Plan | undefined {
  if (observed.deployment?.replicas === 0) return undefined;
  return { action: { type: 'stop' }, show: {} };
}

/** A job is believed when the status, with Queued, or a grant names its attempt, and nobody is deleting it. */
function isBelieved(observed: Observed, job: JobView): boolean {
  const { status } = observed.build;
  const isQueued = status?.phase === 'Queued';
  if (job.metadata.deleting || (isQueued && isTold(observed, job.attempt))) return false;
  // Made before a reset that is queued under the same number, and seen only now.
  if (isQueued && job.initializedFor !== status.initializedFor) return false;
  const named = isQueued && status.attempt === job.attempt;
  return named || observed.slots.grantedAttempt === job.attempt;
}

function believedJob(observed: Observed, now: number): Plan | undefined {
  const job = initJobs(observed).find((candidate) => isBelieved(observed, candidate));
  if (!job) return undefined;
  const quietAt = deploymentQuietAt(observed);
  if (now < quietAt) return { show: { queuePosition: null }, lookAgainAt: quietAt };
  return { action: { type: 'markStarted' }, show: {} };
}

/**
 * Milliseconds since the epoch until which it pays to wait for the Deployment controller, which writes to a new
 * Deployment twice at once: a change of ours in between would be refused and sent again.
 */
function deploymentQuietAt({ deployment, facts }: Observed): number {
  const madeAt = facts.jobMade?.at;
  if (!deployment || isSettled(deployment) || madeAt === undefined) return 0;
  return madeAt + controllerTakes;
}

function strayJob(observed: Observed, now: number): Plan | undefined {
  const [newest] = initJobs(observed);
  if (!newest) return undefined;
  // A number above that of the stray job is stored first: it tells for ever that a job existed.
  const attempt = Math.max(nextAttempt(observed), newest.attempt + 1);
  const show = showQueued(observed, attempt, now);
  const job = initJobs(observed).find((candidate) => !candidate.metadata.deleting);
  if (!job) return { show, lookAgainAt: now + lookAgainAfter };
  return { action: { type: 'deleteJob', job }, show, statusFirst: true };
}

/** Somebody deleted a job before it was marked as started: a live read tells what is left of it. */
function confirmGone(observed: Observed): Plan | undefined {
  const { jobMade, jobMissing, noPodLeft } = observed.facts;
  if (!jobMade || jobMissing?.attempt === jobMade.attempt) return undefined;
  if (noPodLeft && isTold(observed, jobMade.attempt)) return undefined;
  return { action: { type: 'confirmJob', attempt: jobMade.attempt }, show: {} };
}

/** Its number is not given again, and a cleanup must know of it: a higher one is stored first. */
function madeJobLost(observed: Observed, now: number): Plan | undefined {
  const { jobMade } = observed.facts;
  if (!jobMade || isTold(observed, jobMade.attempt)) return undefined;
  const show = showQueued(observed, nextAttempt(observed), now);
  return { action: { type: 'forgetLostJob', attempt: jobMade.attempt }, show, statusFirst: true };
}

/** Pods that outlived their job, for example because it was deleted with the orphan policy. */
function strayPods(observed: Observed, now: number): Plan | undefined {
  const pods = initPods(observed);
  if (pods.length === 0) return undefined;
  const wait = { show: {}, lookAgainAt: now + lookAgainAfter };
  if (pods.every((pod) => pod.metadata.deleting)) return wait;
  return { ...wait, action: { type: 'confirmNoPods', deleteOrphans: true } };
}

/** The build keeps a place in the order, at its end, and is not granted again before its time. */
function jobRefused(observed: Observed, now: number): Plan | undefined {
  const refusal = observed.facts.jobRefused;
  if (!holds(refusal, observed, now)) return undefined;
  const attempt = nextAttempt(observed);
  const show = showJobRefused(observed, attempt, refusal.refusedAt);
  return {
    wants: { slot: 'initialize', attempt, notBefore: refusal.retryAt },
    show,
    lookAgainAt: refusal.retryAt,
  };
}

function jobGranted(observed: Observed): Plan | undefined {
  const { initialize, grantedAttempt } = observed.slots;
  // A grant for another attempt is one that a predecessor left and nobody needs any more.
  if (initialize !== 'granted' || grantedAttempt !== nextAttempt(observed)) return undefined;
  return { action: { type: 'createJob', attempt: grantedAttempt }, show: {} };
}

function waitForSlot(observed: Observed, now: number): Plan {
  const attempt = nextAttempt(observed);
  // A grant of another attempt is given back once it is sure that nothing comes of it.
  const lookAgain = observed.slots.initialize === 'granted' ? { lookAgainAt: now + 1_000 } : {};
  return { wants: { slot: 'initialize', attempt }, show: showQueued(observed, attempt, now), ...lookAgain };
}

function jobRuns(observed: Observed, now: number): Plan | undefined {
  const [job] = initJobs(observed);
  if (!job) return undefined;
  const show = showInitializing(observed, job);
  const outcome = outcomeOf(job, now);
  if (outcome === 'active') return { show, lookAgainAt: lookAgainAtJob(job, now) };
  if (observed.facts.initResult?.attempt !== job.attempt)
    return { action: { type: 'readInitResult', job }, show };
  return { action: { type: 'finishInit', succeeded: outcome === 'complete' }, show };
}

function confirmLost(observed: Observed): Plan | undefined {
  const attempt = observed.build.status?.attempt ?? 1;
  if (observed.facts.jobMissing?.attempt === attempt) return undefined;
  return { action: { type: 'confirmJob', attempt }, show: {} };
}

function lost(observed: Observed): Plan {
  const attempt = observed.build.status?.attempt ?? 1;
  // The status names the lost attempt first, so that the next one gets a number of its own.
  const show = showInitializing(observed, undefined);
  return { action: { type: 'forgetLostJob', attempt }, show, statusFirst: true };
}
