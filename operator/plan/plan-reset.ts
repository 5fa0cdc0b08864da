import {
  holds,
  initJobs,
  initPods,
  isTold,
  lookAgainAfter,
  nextAttempt,
  resetPending,
  runPods,
  scaledDown,
  usedAttempt,
} from './facts-of.js';
import type { Observed } from './observed.js';
import { type Check, condition, firstOf, type Plan, type Shown } from './plan.js';
import { showInitializing, showQueued } from './show.js';

const steps: readonly Check[] = [
  stopInitialization,
  tellMark,
  scaleDown,
  waitForPods,
  confirmPodsGone,
  refusedRedeploy,
  resolveAndApplyAgain,
  queueAgain,
];

/** A reset: what runs is stopped, everything is resolved and applied again, and the build is queued. */
export function planReset(observed: Observed, now: number): Plan | undefined {
  if (!resetPending(observed)) return undefined;
  if (isAnsweredByFirstAttempt(observed)) return undefined;
  return firstOf(steps, observed, now);
}

/** The first attempt answers a reset that was asked before it, unless settings were recorded before that. */
function isAnsweredByFirstAttempt({ build, deployment, overrides }: Observed): boolean {
  if (build.status?.attempt) return false;
  return deployment?.overrides === undefined || deployment.overrides === overrides;
}

function stopInitialization(observed: Observed, now: number): Plan | undefined {
  const used = usedAttempt(observed);
  const show = isTold(observed, used) ? undefined : showUsed(observed, used, now);
  const jobs = initJobs(observed);
  const job = jobs.find((candidate) => !candidate.metadata.deleting);
  if (job) return { action: { type: 'deleteJob', job }, show: show ?? {}, statusFirst: show !== undefined };
  if (show) return { show, lookAgainAt: now };
  return jobs.length > 0 ? { show: {} } : undefined;
}

/**
 * The Deployment is marked as started, the status does not tell it yet, and the job is gone: the mark would be
 * forgotten when all is applied again.
 */
function tellMark(observed: Observed, now: number): Plan | undefined {
  const { deployment, build } = observed;
  if (usedAttempt(observed) > 0) return undefined;
  if (deployment?.initStatus !== 'started' || build.status?.phase === 'Initializing') return undefined;
  const initializedFor = build.status?.initializedFor ?? null;
  return { show: { ...showInitializing(observed, undefined), initializedFor }, lookAgainAt: now };
}

/**
 * The job was made, but the status does not tell of it yet: a higher number is stored before it is deleted. Else the
 * number would be given twice, and a cleanup would not know that there is something to undo.
 */
function showUsed(observed: Observed, attempt: number, now: number): Shown {
  const initializedFor = observed.build.status?.initializedFor ?? null;
  return { ...showQueued(observed, attempt + 1, now), initializedFor };
}

function scaleDown(observed: Observed): Plan | undefined {
  if (observed.deployment?.replicas === 0) return undefined;
  return { action: { type: 'stop' }, show: {} };
}

function waitForPods(observed: Observed, now: number): Plan | undefined {
  const pods = [...runPods(observed), ...initPods(observed)];
  if (pods.length === 0 && scaledDown(observed)) return undefined;
  const stopping = observed.deployment?.initStatus === 'succeeded';
  const deleteOrphans = initPods(observed).some((pod) => !pod.metadata.deleting);
  return {
    show: stopping ? { phase: 'Stopping', conditions: [resetCondition()] } : {},
    lookAgainAt: now + lookAgainAfter,
    ...(deleteOrphans ? { action: { type: 'confirmNoPods', deleteOrphans: true } } : {}),
  };
}

function confirmPodsGone(observed: Observed, now: number): Plan | undefined {
  if (observed.facts.noPodLeft || observed.build.status?.phase === 'Queued') return undefined;
  return { action: { type: 'confirmNoPods', deleteOrphans: true }, show: {}, lookAgainAt: now + 1000 };
}

function refusedRedeploy(observed: Observed, now: number): Plan | undefined {
  const { refusal } = observed.facts;
  if (!holds(refusal, observed, now)) return undefined;
  const upToDate = condition('UpToDate', 'False', refusal.verdict);
  const phase = observed.deployment?.initStatus === 'succeeded' ? { phase: 'Stopped' as const } : {};
  const lookAgain = Number.isFinite(refusal.retryAt) ? { lookAgainAt: refusal.retryAt } : {};
  // Until it can be applied again it does not wait for a place.
  return { show: { ...phase, queuePosition: null, conditions: [upToDate] }, ...lookAgain };
}

function resolveAndApplyAgain(observed: Observed): Plan | undefined {
  const resetRequestedAt = observed.build.spec.resetRequestedAt ?? '';
  if (observed.facts.redeployedFor === resetRequestedAt) return undefined;
  return { action: { type: 'redeploy', resetRequestedAt }, show: {} };
}

function queueAgain(observed: Observed, now: number): Plan {
  // The status ends this reset, so the pass that follows it asks for a slot.
  return { show: showQueued(observed, nextAttempt(observed), now), lookAgainAt: now };
}

function resetCondition() {
  return condition('Ready', 'False', {
    reason: 'ResetRequested',
    message: 'The build is being stopped because a new initialisation was asked.',
  });
}
