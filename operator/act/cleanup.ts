import { FINALIZER_BUILD, LABEL_BUILD } from '../../crds/constants.js';
import { isNotFound } from '../../lib/kube/errors.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { asDenied, isLost, isNamespaceTerminating, isOurs, namespaceTerminates } from '../cluster/apply.js';
import { asJob, withOwnership } from '../cluster/decorate.js';
import { releaseDeployment } from '../cluster/release-deployment.js';
import { listResources } from '../cluster/resources.js';
import { refusalAfter } from '../memory.js';
import type { JobView, Verdict } from '../plan/observed.js';
import { BuildRefused } from '../settings.js';
import type { Work } from './context.js';
import { postJob } from './initialize.js';
import { applyOwned, render } from './modes.js';
import { jobResult, removeLastPods } from './pods.js';
import { readSecret, settingsFor } from './recorded-settings.js';

const noJob: Verdict = {
  reason: 'CleanupSkipped',
  message: 'The bundle has no cleanup job; only resources are removed.',
};
const terminating: Verdict = {
  reason: 'NamespaceTerminating',
  message: 'The namespace is being deleted, so no cleanup job can run; only resources are removed.',
};

/** Applies what the cleanup job needs and creates it. What goes wrong is told and tried again, never forgotten. */
export async function createCleanupJob(work: Work): Promise<void> {
  const { capacity } = work.services;
  const { build, facts } = work.observed;
  try {
    await postCleanupJob(work);
  } catch (thrown) {
    const error = asDenied(thrown);
    if (isLost(error)) capacity.doubtCleanup(build.metadata.uid);
    else capacity.releaseCleanup(build.metadata.uid);
    if (isNamespaceTerminating(error) || (await isInVain(work, error)))
      facts.cleanup.jobSkipped = terminating;
    else if (error instanceof BuildRefused) noteFailure(work, explain(error.verdict));
    else throw error;
  }
}

/** What is wrong need not be put right any more where no job could run anyway. */
async function isInVain({ services }: Work, error: unknown): Promise<boolean> {
  const { client, caches } = services;
  return error instanceof BuildRefused && (await namespaceTerminates(client, caches.paths.jobs));
}

async function postCleanupJob(work: Work): Promise<void> {
  const { caches, config } = work.services;
  const { build, facts } = work.observed;
  const { settings } = await settingsFor(work, false);
  const rendered = await render(work, settings, 'cleanup');
  const job = rendered.find(({ kind }) => kind === 'Job');
  if (!job) {
    facts.cleanup.jobSkipped = noJob;
    return;
  }
  for (const resource of rendered) {
    if (resource.kind !== 'Job' && resource.kind !== 'Deployment')
      await applyOwned(work, withOwnership(resource, build), undefined);
  }
  const attempt = Math.max(1, build.status?.attempt ?? 1);
  const stamp = { kind: 'cleanup' as const, attempt, timeout: config.timeouts.cleanup };
  caches.jobs.observe(await postJob(work, asJob(job, build, stamp), 'cleanup', attempt));
  work.log.info({ job: job.metadata.name }, 'Cleanup begins');
}

/** The reason of the cause is kept in the sentence where the contract asks for CleanupFailed. */
function explain(verdict: Verdict): Verdict {
  const known = verdict.reason === 'BundleMissing' ? 'BundleMissing' : 'CleanupFailed';
  const hint =
    'It is tried again; to give up and remove only resources, set annotation runboat.dev/skip-cleanup to "true".';
  return {
    reason: known,
    message: `The cleanup job cannot be made (${verdict.reason}): ${verdict.message} ${hint}`,
  };
}

function noteFailure(work: Work, verdict: Verdict): void {
  const { facts, fingerprint } = work.observed;
  facts.cleanup.refusal = refusalAfter(facts.cleanup.refusal, verdict, fingerprint, work.services.now());
  work.log.warn(
    { reason: verdict.reason, detail: verdict.message, failures: facts.cleanup.refusal.failures },
    'Cleanup failed',
  );
}

/** The cleanup job failed: why, and when it is tried again. */
export async function noteCleanupFailure(work: Work, job: JobView): Promise<void> {
  const { message } = await jobResult(work, job);
  noteFailure(work, explain({ reason: 'CleanupFailed', message }));
  work.observed.facts.cleanup.failedJob = job.metadata.uid;
}

/** ReplicaSets of a Deployment that is being deleted or gone would go on running pods. */
export async function removeReplicaSets(work: Work): Promise<void> {
  const { client, caches } = work.services;
  const { build } = work.observed;
  const labelSelector = `${LABEL_BUILD}=${build.metadata.name}`;
  const { items } = await client.listAll<KubeObject>(caches.paths.replicaSets, { labelSelector });
  const own = items.filter((object) => isOurs(object, build));
  for (const { metadata } of own) {
    const path = objectPath(caches.paths.replicaSets, metadata.name);
    await client.delete(path, { uid: metadata.uid, propagationPolicy: 'Background' });
  }
  if (own.length === 0) await removePods(work);
}

/** Pods that were orphaned together with their ReplicaSet. */
async function removePods(work: Work): Promise<void> {
  const { client, caches } = work.services;
  for (const pod of work.observed.pods) {
    if (pod.kind !== undefined || pod.metadata.deleting) continue;
    const { name, uid } = pod.metadata;
    await client.delete(objectPath(caches.paths.pods, name), { uid, propagationPolicy: 'Background' });
  }
}

/** Deletes all resources but the Deployment and the recorded settings, and notes when none is left. */
export async function removeResources(work: Work): Promise<void> {
  const { client, caches } = work.services;
  const { build, facts } = work.observed;
  const found = await listResources(work.services, build);
  const rest = found.filter(({ kind, isRecord }) => kind !== 'Deployment' && !isRecord);
  for (const { path, uid, kind, deleting, metadata } of rest) {
    if (deleting) continue;
    // Jobs are gone only when their pods are; nothing else has dependents that matter.
    const propagationPolicy = kind === 'Job' ? 'Foreground' : 'Background';
    const answer = await client.delete(path, { uid, propagationPolicy });
    if (kind === 'Job' && answer.state !== 'deleting') caches.jobs.observeDeleted(metadata.name, uid);
  }
  facts.cleanup.resourcesGone = rest.length === 0 && (await removeLastPods(work));
}

/** Deletes the Deployment and takes our finalizer away, with the ReplicaSets that orphaning would leave. */
export async function removeDeployment(work: Work): Promise<void> {
  const { client, caches } = work.services;
  const { deployment } = work.observed;
  if (!deployment) return;
  const { name, uid } = deployment.metadata;
  const path = objectPath(caches.paths.deployments, name);
  await client.delete(path, { uid, propagationPolicy: 'Background' });
  // Not before: the controller would make them again.
  await removeReplicaSets(work);
  const object = await releaseDeployment(client, path, uid);
  if (object) await caches.deployments.refresh(name);
  else caches.deployments.observeDeleted(name, uid);
}

export async function removeSecret(work: Work): Promise<void> {
  const { client, caches } = work.services;
  const { build, facts } = work.observed;
  const secret = await readSecret(work);
  if (secret && isOurs(secret, build)) {
    const { name, uid } = secret.metadata;
    await client.delete(objectPath(caches.paths.secrets, name), { uid, propagationPolicy: 'Background' });
  }
  facts.cleanup.secretGone = true;
}

/** The last step: nothing of the build is left. */
export async function removeFinalizer(work: Work): Promise<void> {
  const { client, caches } = work.services;
  const { build, facts } = work.observed;
  const { name, uid, resourceVersion, finalizers = [] } = build.metadata;
  const metadata = {
    uid,
    resourceVersion,
    finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER_BUILD),
  };
  facts.cleanup.released = true;
  try {
    caches.builds.observe(
      await client.mergePatch<KubeObject>(objectPath(caches.paths.builds, name), { metadata }),
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
    caches.builds.observeDeleted(name, uid);
  }
  work.log.info({}, 'Removed without a trace');
}
