import { ANNOTATION_PAUSED } from '../../crds/constants.js';
import type { Condition } from '../../crds/runboatbuild.generated.js';
import type { BuildView, DeploymentView, JobView, Observed, PodView, Refusal } from './observed.js';

/** How long to wait for an event that ought to come before looking with a live read, in milliseconds. */
export const lookAgainAfter = 15_000;

export function conditionOf(observed: Observed, type: Condition['type']): Condition | undefined {
  return observed.build.status?.conditions?.find((candidate) => candidate.type === type);
}

/** Initialise jobs of the build, newest attempt first. */
export function initJobs(observed: Observed): JobView[] {
  return jobsOf(observed, 'initialize');
}

export function cleanupJobs(observed: Observed): JobView[] {
  return jobsOf(observed, 'cleanup');
}

function jobsOf(observed: Observed, kind: JobView['kind']): JobView[] {
  return observed.jobs.filter((job) => job.kind === kind).sort((a, b) => b.attempt - a.attempt);
}

/** How a job ended; one whose time is over while somebody has it suspended has failed, though Kubernetes waits. */
export function outcomeOf(job: JobView, now: number): JobView['outcome'] {
  const isOver = job.suspendedUntil !== undefined && now >= job.suspendedUntil;
  return job.outcome === 'active' && isOver ? 'failed' : job.outcome;
}

/** When to look at a job that runs even if nothing happens, milliseconds since the epoch. */
export function lookAgainAtJob({ suspendedUntil = Number.POSITIVE_INFINITY }: JobView, now: number): number {
  return Math.min(now + 60_000, suspendedUntil);
}

export function initPods(observed: Observed): PodView[] {
  return observed.pods.filter((pod) => pod.kind === 'initialize');
}

/** Pods other than those of jobs. */
export function runPods(observed: Observed): PodView[] {
  return observed.pods.filter((pod) => pod.kind === undefined);
}

/** A reset was asked that the last attempt does not answer. No clock is compared. */
export function resetPending(observed: Observed): boolean {
  const asked = observed.build.spec.resetRequestedAt;
  return asked !== undefined && asked !== observed.build.status?.initializedFor;
}

/** True while a refusal stands: nothing it depends on has changed and it is too early for another try. */
export function holds(refusal: Refusal | undefined, observed: Observed, now: number): refusal is Refusal {
  return refusal !== undefined && refusal.fingerprint === observed.fingerprint && now < refusal.retryAt;
}

/** The Deployment controller has seen the last change, so it does not write just now. */
export function isSettled(deployment: DeploymentView): boolean {
  return deployment.observedGeneration >= deployment.metadata.generation;
}

/** The Deployment controller has seen the last change of scale and no replica is left. */
export function scaledDown(observed: Observed): boolean {
  const deployment = observed.deployment;
  if (!deployment) return true;
  return deployment.replicas === 0 && isSettled(deployment) && deployment.statusReplicas === 0;
}

/** A build that was applied once; later trouble does not make it a refused one. */
export function deployedBefore(observed: Observed): boolean {
  const status = observed.build.status;
  return observed.deployment !== undefined || status?.initStatus !== undefined || (status?.attempt ?? 0) > 0;
}

/**
 * An initialise job of this build existed at some time, or may have, so its cleanup job has something to undo. A second
 * attempt is only numbered after a first job, and a start time is only written for a job that was seen.
 */
export function everInitialized(observed: Observed): boolean {
  const status = observed.build.status;
  const initStatus = observed.deployment?.initStatus ?? status?.initStatus ?? 'todo';
  return (
    initStatus !== 'todo' ||
    (status?.attempt ?? 0) > 1 ||
    status?.initStartedAt !== undefined ||
    observed.facts.jobMade !== undefined ||
    observed.facts.jobInDoubt !== undefined ||
    initJobs(observed).length > 0 ||
    initPods(observed).length > 0
  );
}

/** The number that the next initialisation gets, or has been given with Queued. */
export function nextAttempt(observed: Observed): number {
  return Math.max(storedAttempt(observed), usedAttempt(observed) + 1);
}

/** The next number as far as the status tells. */
function storedAttempt({ build }: Observed): number {
  const last = build.status?.attempt ?? 0;
  return build.status?.phase === 'Queued' && last > 0 ? last : last + 1;
}

/** The highest number that a job has had, or may have had; 0: none. One that is still granted can be used again. */
export function usedAttempt(observed: Observed): number {
  const { jobMade, jobInDoubt = 0 } = observed.facts;
  const lapsed = jobInDoubt === observed.slots.grantedAttempt ? 0 : jobInDoubt;
  return Math.max(lapsed, jobMade?.attempt ?? 0, ...initJobs(observed).map(({ attempt }) => attempt));
}

/** The status tells for ever that there was a job of this attempt: the next one has a higher number. */
export function isTold(observed: Observed, attempt: number): boolean {
  return storedAttempt(observed) > attempt;
}

/** Annotation `runboat.dev/paused`, whatever its value but "false": the build is only observed. */
export function isPaused(build: BuildView): boolean {
  const annotation = build.metadata.annotations?.[ANNOTATION_PAUSED];
  return annotation !== undefined && annotation !== 'false';
}
