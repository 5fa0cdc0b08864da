import { INITIALIZED_MESSAGE } from '../../crds/conditions.js';
import { deployedBefore, initPods } from './facts-of.js';
import type { JobView, Observed, Verdict } from './observed.js';
import { type ConditionUpdate, condition, type Shown } from './plan.js';

/** RFC 3339 with milliseconds, which keeps the order of builds queued within one second. */
export function timestamp(now: number): string {
  return new Date(now).toISOString();
}

/** Waiting for a place. A build that waits already under this number keeps its time. */
export function showQueued(observed: Observed, attempt: number, now: number): Shown {
  const { spec, status } = observed.build;
  const same = status?.phase === 'Queued' && status.attempt === attempt;
  return {
    phase: 'Queued',
    initStatus: 'todo',
    attempt,
    initializedFor: spec.resetRequestedAt ?? null,
    queuePosition: observed.slots.queuePosition ?? null,
    queuedAt: same && status.queuedAt ? status.queuedAt : timestamp(now),
    initStartedAt: null,
    initializedAt: null,
    readyAt: null,
    conditions: [
      deployed(),
      condition('Initialized', 'False', {
        reason: 'Queued',
        message: 'Waits for its turn to be initialised.',
      }),
      notReady('Queued', 'The build waits for its initialisation.'),
      upToDate(observed),
    ],
  };
}

/** The API refused the job or what it needs: the place is given up, so that others go first. */
export function showJobRefused(observed: Observed, attempt: number, at: number): Shown {
  const queued = showQueued(observed, attempt, at);
  const refusal = observed.facts.jobRefused;
  if (!refusal) return queued;
  const initialized = condition('Initialized', 'False', refusal.verdict);
  const others = (queued.conditions ?? []).filter(({ type }) => type !== 'Initialized');
  return { ...queued, queuedAt: timestamp(at), conditions: [...others, initialized] };
}

export function showInitializing(observed: Observed, job: JobView | undefined): Shown {
  const { status } = observed.build;
  const attempt = job?.attempt ?? status?.attempt ?? 1;
  return {
    phase: 'Initializing',
    initStatus: 'started',
    attempt,
    initializedFor: answeredReset(observed, job, attempt),
    queuePosition: null,
    ...(job ? { initStartedAt: job.metadata.creationTimestamp } : {}),
    initializedAt: null,
    readyAt: null,
    conditions: [
      deployed(),
      condition('Initialized', 'False', initializingVerdict(observed)),
      notReady('Initializing', 'The build is being initialised.'),
      upToDate(observed),
    ],
  };
}

/**
 * The reset that an attempt answers: what was stored with Queued, else what its job says, because a reset asked
 * after the job was made is one more. Without either it counts as answered.
 */
function answeredReset({ build }: Observed, job: JobView | undefined, attempt: number): string | null {
  const { spec, status } = build;
  if (status?.attempt === attempt) return status.initializedFor ?? null;
  return (job ? job.initializedFor : spec.resetRequestedAt) ?? null;
}

function initializingVerdict(observed: Observed): Verdict {
  const trouble = initPods(observed).find((pod) => pod.trouble)?.trouble;
  if (trouble) return trouble;
  const before = observed.build.status?.conditions?.find(({ type }) => type === 'Initialized');
  // A pod in trouble is deleted with its job at the deadline; the reason stays until the end is shown.
  const pods = initPods(observed);
  if (pods.length === 0 && before && observed.build.status?.phase === 'Initializing') return before;
  return { reason: 'Initializing', message: 'The initialisation job runs.' };
}

/** The end of the last initialisation, good or bad, common to all phases that follow it. */
export function showInitialized(observed: Observed, job: JobView | undefined, now: number): Shown {
  const { status } = observed.build;
  const initStatus = observed.deployment?.initStatus === 'failed' ? 'failed' : 'succeeded';
  const attempt = Math.max(job?.attempt ?? 0, status?.attempt ?? 0, 1);
  const known = status?.initStatus === initStatus && status.attempt === attempt;
  const result =
    observed.facts.initResult?.attempt === attempt ? observed.facts.initResult.verdict : undefined;
  return {
    initStatus,
    attempt,
    initializedFor: answeredReset(observed, job, attempt),
    queuePosition: null,
    ...(job ? { initStartedAt: job.metadata.creationTimestamp } : {}),
    ...(known && status.initializedAt ? {} : { initializedAt: job?.finishedAt ?? timestamp(now) }),
    conditions: [
      deployed(),
      ...(known && !result ? [] : [initializedCondition(initStatus === 'succeeded', result)]),
      upToDate(observed),
    ],
  };
}

function initializedCondition(succeeded: boolean, result: Verdict | undefined): ConditionUpdate {
  if (succeeded) {
    return condition(
      'Initialized',
      'True',
      result ?? { reason: 'InitSucceeded', message: INITIALIZED_MESSAGE },
    );
  }
  const message = 'The initialisation job failed. Read its log, then push a new commit or reset the build.';
  return condition('Initialized', 'False', result ?? { reason: 'InitFailed', message });
}

/** The operator lacks a right for its next step, whatever that is; it goes on trying. */
export function showDenied(observed: Observed, verdict: Verdict): Shown {
  const deleting = observed.build.metadata.deletionTimestamp !== undefined;
  if (deleting || deployedBefore(observed)) return { conditions: [condition('UpToDate', 'False', verdict)] };
  return { phase: 'Failed', conditions: [condition('Deployed', 'False', verdict)] };
}

export function deployed(): ConditionUpdate {
  return condition('Deployed', 'True', { reason: 'Deployed', message: 'All resources are applied.' });
}

export function notReady(reason: string, message: string): ConditionUpdate {
  return condition('Ready', 'False', { reason, message });
}

/** Whether what is applied is what the spec asks for. */
export function upToDate(observed: Observed): ConditionUpdate {
  const { deployment, facts, overrides } = observed;
  if (facts.refusal && facts.refusal.fingerprint === observed.fingerprint) {
    return condition('UpToDate', 'False', facts.refusal.verdict);
  }
  if (deployment?.overrides !== undefined && deployment.overrides !== overrides) {
    const message =
      'The overrides in the spec have changed since the build was initialised. Reset it to use them.';
    return condition('UpToDate', 'False', { reason: 'ResetNeeded', message });
  }
  return condition('UpToDate', 'True', { reason: 'AsSpecified', message: 'The build is as its spec asks.' });
}
