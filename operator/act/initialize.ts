import { ApiError, isForbidden, isWebhookRefusal } from '../../lib/kube/errors.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import {
  asDenied,
  describe,
  forbidden,
  isAdmissionRefusal,
  isLost,
  isNamespaceTerminating,
  isOurs,
  NotYet,
  readIfThere,
} from '../cluster/apply.js';
import { asJob } from '../cluster/decorate.js';
import { viewJob } from '../cluster/views.js';
import { refusalAfter } from '../memory.js';
import type { JobKind, JobView, Verdict } from '../plan/observed.js';
import { stopPending } from '../plan/plan-run.js';
import type { KubeResource } from '../render/types.js';
import { BuildRefused } from '../settings.js';
import type { Work } from './context.js';
import { applyMode, applyQuietly, patchState, renderMode, renderQuietly, stateOf } from './modes.js';
import { jobResult, listPods } from './pods.js';
import { currentSettings } from './recorded-settings.js';

/** Applies what `initialize` needs and creates its job for a granted attempt; a refusal gives the place back. */
export async function createInitJob(work: Work, attempt: number): Promise<void> {
  const { capacity, config } = work.services;
  const { build, facts } = work.observed;
  try {
    const resources = await initializeResources(work);
    const { spec, status } = build;
    const initializedFor = status?.phase === 'Queued' ? status.initializedFor : spec.resetRequestedAt;
    const timeout = config.timeouts.initialize;
    const stamp = { kind: 'initialize' as const, attempt, initializedFor, timeout };
    const job = await postJob(work, asJob(resources, build, stamp), 'initialize', attempt);
    work.services.caches.jobs.observe(job);
    delete facts.jobRefused;
    delete facts.jobDelays;
    facts.jobMade = { attempt, at: work.services.now() };
    facts.noPodLeft = false;
    work.log.info({ attempt, job: job.metadata.name }, 'Initialisation begins');
  } catch (thrown) {
    const error = asDenied(thrown);
    if (error instanceof BuildRefused) return refuseJob(work, error.verdict);
    if (!isLost(error) && isTooOften(work)) return refuseJob(work, delayVerdict(error as Error));
    if (isLost(error)) {
      facts.jobInDoubt = attempt;
      capacity.doubtInitialization(build.metadata.uid);
    }
    throw error;
  }
}

/** A place is not held for what does not pass: after a few tries others go first. Nothing was made by any of them. */
function isTooOften(work: Work): boolean {
  const { facts } = work.observed;
  facts.jobDelays = (facts.jobDelays ?? 0) + 1;
  return facts.jobDelays >= 4;
}

function delayVerdict(error: Error): Verdict {
  const message = `The initialise job cannot be made yet, because ${error.message}. It is tried again; remove what is in the way.`;
  return { reason: 'JobRefused', message };
}

async function initializeResources(work: Work): Promise<KubeResource> {
  const settings = await currentSettings(work);
  const resources = await renderMode(work, settings, 'initialize');
  const deployment = work.services.caches.deploymentOf(work.observed.build);
  if (!deployment || !resources.job) throw new NotYet('the build changed while its job was prepared');
  if (deployment.applied !== resources.hash) await applyMode(work, resources, stateOf(deployment, settings));
  return resources.job;
}

function refuseJob(work: Work, verdict: Verdict): void {
  const { services, observed } = work;
  const { facts, build, fingerprint } = observed;
  facts.jobRefused = refusalAfter(facts.jobRefused, verdict, fingerprint, services.now());
  services.capacity.refuseInitialization(build.metadata.uid);
  work.log.warn({ reason: verdict.reason, detail: verdict.message }, 'The initialise job was refused');
}

/**
 * POSTs a job under the name that its bundle gives. A job of that name and attempt that is ours is the answer to
 * an earlier try. Throws BuildRefused (JobRefused, NameCollision), NotYet while an older one is in the way.
 */
export async function postJob(
  work: Work,
  job: KubeResource,
  kind: JobKind,
  attempt: number,
): Promise<KubeObject> {
  const { client, kinds } = work.services;
  const { build } = work.observed;
  const path = kinds.pathOf(job, build.metadata.namespace);
  try {
    return await client.create<KubeObject>(path.slice(0, path.lastIndexOf('/')), job, {
      fieldValidation: 'Warn',
    });
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'AlreadyExists')
      return await existingJob(work, path, job, { kind, attempt });
    throw jobRefusal(error, job);
  }
}

async function existingJob(
  work: Work,
  path: string,
  job: KubeResource,
  wanted: { kind: JobKind; attempt: number },
) {
  const { client, caches } = work.services;
  const existing = await readIfThere(client, path);
  if (!existing) throw new NotYet(`${describe(job)} vanished while it was created`);
  if (!isOurs(existing, work.observed.build)) {
    const message = `${describe(job)} exists already and does not belong to this build, so it is left alone. Rename or remove it.`;
    throw new BuildRefused({ reason: 'NameCollision', message });
  }
  caches.jobs.observe(existing);
  const view = viewJob(existing);
  const same = view.kind === wanted.kind && view.attempt === wanted.attempt && !view.metadata.deleting;
  if (same) return existing;
  throw new NotYet(`an older ${describe(job)} is still there`);
}

function jobRefusal(error: unknown, job: KubeResource): unknown {
  if (!(error instanceof ApiError) || isNamespaceTerminating(error)) return error;
  if (![400, 403, 413, 422].includes(error.status) && !isWebhookRefusal(error)) return error;
  if (isForbidden(error) && !isAdmissionRefusal(error)) return forbidden(error, job);
  const message = `The API server refuses ${describe(job)}: ${error.serverMessage}. It is tried again; raise the quota or correct the bundle.`;
  return new BuildRefused({ reason: 'JobRefused', message });
}

/** The job is there: the Deployment says so from now on. */
export async function markStarted(work: Work): Promise<void> {
  const { caches, capacity } = work.services;
  const { build } = work.observed;
  const deployment = caches.deploymentOf(build);
  if (!deployment) throw new NotYet('the Deployment vanished');
  await patchState(work, deployment, { initStatus: 'started' });
  capacity.releaseInitialization(build.metadata.uid);
}

/** Deletes a job with its pods: it stays visible until they are gone. */
export async function deleteJob(work: Work, job: JobView): Promise<void> {
  const { client, caches } = work.services;
  const { name, uid } = job.metadata;
  const answer = await client.delete(objectPath(caches.paths.jobs, name), {
    uid,
    propagationPolicy: 'Foreground',
  });
  work.observed.facts.noPodLeft = false;
  if (answer.state === 'deleting' && answer.object) caches.jobs.observe(answer.object);
  else caches.jobs.observeDeleted(name, uid);
  work.log.info({ job: name, attempt: job.attempt, kind: job.kind }, 'Deleted a job');
}

/** A live read decides whether the job is gone or only missing from the cache. */
export async function confirmJob(work: Work, attempt: number): Promise<void> {
  const { client, caches } = work.services;
  const { build, facts } = work.observed;
  const labelSelector = `runboat/build=${build.metadata.name},runboat/job-kind=initialize`;
  const { items } = await client.listAll<KubeObject>(caches.paths.jobs, { labelSelector });
  const own = items.filter((object) => isOurs(object, build));
  for (const object of own) caches.jobs.observe(object);
  if (own.length > 0) return;
  // A pod can outlive its job, and its cache can be behind that of jobs.
  for (const pod of await listPods(work)) caches.pods.observe(pod);
  facts.jobMissing = { attempt };
}

/** The job vanished before its end was seen: the build goes back to the queue. */
export async function forgetLostJob(work: Work, attempt: number): Promise<void> {
  const { caches, events } = work.services;
  const { build } = work.observed;
  const deployment = caches.deploymentOf(build);
  if (!deployment) throw new NotYet('the Deployment vanished');
  if (deployment.initStatus !== 'todo') await patchState(work, deployment, { initStatus: 'todo' });
  const message = `The job of initialisation ${attempt} vanished before its end was seen. The build is queued again.`;
  await events.record(build, { type: 'Warning', reason: 'JobLost', message });
  work.log.warn({ attempt }, 'The initialise job is lost; queued again');
}

export async function readInitResult(work: Work, job: JobView): Promise<void> {
  work.observed.facts.initResult = { attempt: job.attempt, verdict: await jobResult(work, job) };
}

/** The end of an initialisation: `stop` mode, then the outcome on the Deployment. */
export async function finishInit(work: Work, succeeded: boolean): Promise<void> {
  const { caches } = work.services;
  const deployment = caches.deploymentOf(work.observed.build);
  if (!deployment) throw new NotYet('the Deployment vanished');
  const resources = await renderQuietly(work, 'stop');
  const applied = resources !== undefined && (await applyQuietly(work, resources));
  const initStatus = succeeded ? ('succeeded' as const) : ('failed' as const);
  const current = caches.deploymentOf(work.observed.build) ?? deployment;
  const pending = applied ? {} : { applied: stopPending };
  await patchState(work, current, { initStatus, ...pending });
  work.services.memory.forgetSettings(work.observed.build.metadata.uid);
  const seconds = Math.round(
    (work.services.now() - Date.parse(work.observed.build.status?.initStartedAt ?? '')) / 1000,
  );
  work.log.info(
    { outcome: initStatus, ...(Number.isFinite(seconds) ? { seconds } : {}) },
    'Initialisation ended',
  );
}
