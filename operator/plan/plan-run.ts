import { holds, initJobs, lookAgainAfter, runPods } from './facts-of.js';
import type { Observed } from './observed.js';
import { type Check, type ConditionUpdate, condition, firstOf, type Plan, type Shown } from './plan.js';
import { notReady, showInitialized, timestamp } from './show.js';

/** What `runboat.dev/applied` says between a change of state and the end of the apply that goes with it. */
export const stopPending = 'pending:stop';

const startLimitMessage =
  'No more builds may be started, and all that are started are to be kept. It starts by itself when a place is free.';

const policy: readonly Check[] = [
  strayJob,
  resultUnknown,
  stopModePending,
  failed,
  stop,
  start,
  startWaits,
  steady,
];

/** An initialised build: started, stopped, or failed for good. */
export function planRun(observed: Observed, now: number): Plan {
  const plan = firstOf(policy, observed, now);
  const { refusal } = observed.facts;
  if (!isStopPending(observed) || !holds(refusal, observed, now) || !Number.isFinite(refusal.retryAt))
    return plan;
  return { ...plan, lookAgainAt: Math.min(refusal.retryAt, plan.lookAgainAt ?? refusal.retryAt) };
}

/** Scaled to 0, and the `stop` mode is still to be applied. */
function isStopPending({ deployment }: Observed): boolean {
  return deployment?.applied === stopPending && deployment.replicas === 0;
}

/** The end of the initialisation was seen, so a job that runs was asked before it and came late. */
function strayJob(observed: Observed): Plan | undefined {
  const job = initJobs(observed).find(({ outcome }) => outcome === 'active');
  if (!job) return undefined;
  return { show: {}, ...(job.metadata.deleting ? {} : { action: { type: 'deleteJob', job } }) };
}

/** The outcome is on the Deployment but not yet in the status, so its sentence is still to be read. */
function resultUnknown(observed: Observed): Plan | undefined {
  const [job] = initJobs(observed);
  const { status } = observed.build;
  if (!job || job.outcome === 'active') return undefined;
  if (observed.facts.initResult?.attempt === job.attempt) return undefined;
  if (status?.initStatus === observed.deployment?.initStatus && status?.attempt === job.attempt)
    return undefined;
  return { action: { type: 'readInitResult', job }, show: {} };
}

function failed(observed: Observed, now: number): Plan | undefined {
  if (observed.deployment?.initStatus !== 'failed') return undefined;
  if (observed.deployment.replicas > 0) return { action: { type: 'stop' }, show: {} };
  const shown = showInitialized(observed, initJobs(observed)[0], now);
  const message = 'The initialisation failed, so there is nothing to start. Reset the build to try again.';
  const conditions = [...(shown.conditions ?? []), notReady('NotInitialized', message)];
  const plan: Plan = { show: { ...shown, phase: 'Failed', conditions } };
  if (observed.build.spec.replicas === 1)
    return { ...plan, action: { type: 'refuseStart' }, statusFirst: true };
  return withRetention(plan, observed, now);
}

function stop(observed: Observed): Plan | undefined {
  if (observed.build.spec.replicas === 1 || observed.deployment?.replicas === 0) return undefined;
  return { action: { type: 'stop' }, show: {} };
}

function stopModePending(observed: Observed, now: number): Plan | undefined {
  if (!isStopPending(observed) || holds(observed.facts.refusal, observed, now)) return undefined;
  return { action: { type: 'applyStopMode' }, show: {} };
}

function start(observed: Observed, now: number): Plan | undefined {
  if (!startWanted(observed) || holds(observed.facts.refusal, observed, now)) return undefined;
  if (observed.slots.start === 'granted') return { action: { type: 'start' }, show: {} };
  return undefined;
}

function startWaits(observed: Observed, now: number): Plan | undefined {
  if (!startWanted(observed)) return undefined;
  const { refusal } = observed.facts;
  if (holds(refusal, observed, now)) {
    const lookAgain = Number.isFinite(refusal.retryAt) ? { lookAgainAt: refusal.retryAt } : {};
    const message = `The build cannot be started: ${refusal.verdict.message}`;
    return { show: showStopped(observed, notReady(refusal.verdict.reason, message), now), ...lookAgain };
  }
  const ready =
    observed.slots.start === 'blocked'
      ? notReady('StartLimitReached', startLimitMessage)
      : notReady('Stopped', 'The build is stopped.');
  return { wants: { slot: 'start' }, show: showStopped(observed, ready, now) };
}

function startWanted(observed: Observed): boolean {
  return observed.build.spec.replicas === 1 && observed.deployment?.replicas === 0;
}

function steady(observed: Observed, now: number): Plan {
  const { deployment } = observed;
  if (deployment && deployment.replicas > 0)
    return withRetention({ show: showScaledUp(observed, now) }, observed, now);
  const stopped = notReady('Stopped', 'The build is stopped.');
  const plan: Plan = { show: showStopped(observed, stopped, now) };
  if (!isDown(observed)) return { ...plan, lookAgainAt: now + lookAgainAfter };
  return withRetention(plan, observed, now);
}

/** Any change of the Deployment's annotations counts as a generation, so that says nothing about pods. */
function isDown(observed: Observed): boolean {
  return observed.deployment?.statusReplicas === 0 && runPods(observed).length === 0;
}

function showStopped(observed: Observed, ready: ConditionUpdate, now: number): Shown {
  const shown = showInitialized(observed, initJobs(observed)[0], now);
  const conditions = [...(shown.conditions ?? []), ready];
  return { ...shown, phase: isDown(observed) ? 'Stopped' : 'Stopping', conditions };
}

function showScaledUp(observed: Observed, now: number): Shown {
  const shown = showInitialized(observed, initJobs(observed)[0], now);
  const isReady = (observed.deployment?.readyReplicas ?? 0) > 0;
  const conditions = [...(shown.conditions ?? []), isReady ? ready() : notReadyYet(observed)];
  if (!isReady) return { ...shown, phase: 'Starting', conditions };
  const since = observed.build.status?.phase === 'Started' ? {} : { readyAt: timestamp(now) };
  return { ...shown, ...since, phase: 'Started', conditions };
}

function ready(): ConditionUpdate {
  return condition('Ready', 'True', { reason: 'Started', message: 'The build is started and ready.' });
}

function notReadyYet(observed: Observed): ConditionUpdate {
  const trouble = runPods(observed).find((pod) => pod.trouble)?.trouble ?? observed.deployment?.stalled;
  if (trouble) return notReady(trouble.reason, trouble.message);
  return notReady('Starting', 'The build is starting.');
}

/** Finished initialise jobs are kept for their logs, but not for ever. */
function withRetention(plan: Plan, observed: Observed, now: number): Plan {
  const finished = initJobs(observed).find((job) => job.finishedAt !== undefined && !job.metadata.deleting);
  if (!finished?.finishedAt) return plan;
  const until = Date.parse(finished.finishedAt) + observed.policy.retentionFinishedJobs;
  if (now < until) return { ...plan, lookAgainAt: Math.min(until, plan.lookAgainAt ?? until) };
  return { ...plan, action: { type: 'deleteJob', job: finished }, statusFirst: true };
}
