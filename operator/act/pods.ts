import { INITIALIZED_MESSAGE } from '../../crds/conditions.js';
import { ANNOTATION_BUILD_UID, LABEL_BUILD, LABEL_JOB_KIND } from '../../crds/constants.js';
import { defaultContainer } from '../../lib/kube/default-container.js';
import { isOfDeployment } from '../../lib/kube/deployment-pods.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { ContainerStatus, CoreEvent, KubeObject, Pod } from '../../lib/kube/types.js';
import type { JobView, Verdict } from '../plan/observed.js';
import type { Work } from './context.js';

/** A live read of the build's pods, finished ones too. */
export async function listPods(work: Work): Promise<Pod[]> {
  const { client, caches } = work.services;
  const { name, uid } = work.observed.build.metadata;
  const { items } = await client.listAll<Pod>(caches.paths.pods, { labelSelector: `${LABEL_BUILD}=${name}` });
  return items.filter(({ metadata }) => metadata.annotations?.[ANNOTATION_BUILD_UID] === uid);
}

/**
 * Whether no pod of the build's Deployment and of its initialisations is left. What nothing else will remove is
 * removed here: finished pods, which a ReplicaSet that shrinks does not count, and pods whose owner is gone.
 */
export async function confirmNoPods(work: Work, deleteOrphans: boolean): Promise<void> {
  const pods = (await listPods(work)).filter((pod) => {
    const kind = pod.metadata.labels?.[LABEL_JOB_KIND];
    return kind === 'initialize' || (kind !== 'cleanup' && isOfDeployment(pod));
  });
  work.observed.facts.noPodLeft = pods.length === 0;
  if (deleteOrphans) await deleteLeftOver(work, pods);
}

/** Whether really no pod is left, once all that has pods is gone: somebody may have orphaned one of a cleanup job. */
export async function removeLastPods(work: Work): Promise<boolean> {
  const pods = await listPods(work);
  await deleteLeftOver(work, pods);
  return pods.length === 0;
}

async function deleteLeftOver(work: Work, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp === undefined && isLeftOver(work, pod)) await deletePod(work, pod);
  }
}

function isLeftOver(work: Work, pod: Pod): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return true;
  const owner = pod.metadata.ownerReferences?.[0];
  if (!owner) return true;
  if (owner.kind !== 'Job') return false;
  return !work.observed.jobs.some((job) => job.metadata.uid === owner.uid);
}

async function deletePod(work: Work, pod: Pod): Promise<void> {
  const { client, caches } = work.services;
  const { name, uid } = pod.metadata;
  await client.delete(objectPath(caches.paths.pods, name), { uid, propagationPolicy: 'Background' });
  work.log.info({ pod: name }, 'Deleted a pod that nothing else removes');
}

/** What the last pod of a job says of its end. */
export async function jobResult(work: Work, job: JobView): Promise<Verdict> {
  const pods = (await listPods(work)).filter(({ metadata }) => isPodOf(metadata, job));
  const last = pods.sort((a, b) => startOf(a) - startOf(b)).at(-1);
  const ended = last ? terminationOf(last) : undefined;
  if (job.outcome === 'complete') {
    const message = ended?.message?.trim() || INITIALIZED_MESSAGE;
    return { reason: 'InitSucceeded', message };
  }
  if (job.suspendedUntil !== undefined) return suspendedVerdict(job);
  if (job.failure?.reason === 'DeadlineExceeded') return await deadlineVerdict(work, job);
  return failureOf(job, last, ended);
}

function isPodOf(metadata: KubeObject['metadata'], job: JobView): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) ?? false;
}

function startOf(pod: Pod): number {
  return Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
}

type Termination = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** How the default container ended; of a failed pod, where that one did not fail, a container that did. */
export function terminationOf(pod: Pod): Termination | undefined {
  const { phase, containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const wanted = defaultContainer(pod);
  const all = [...containerStatuses, ...initContainerStatuses];
  const chosen = all.find(({ name }) => name === wanted)?.state?.terminated;
  if (phase !== 'Failed' || hasFailed(chosen)) return chosen;
  const sidecars = pod.spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  // A sidecar is ended with a signal after all others, which says nothing.
  const culprits = all.filter(({ name }) => !sidecars.some((sidecar) => sidecar.name === name));
  return culprits.find(({ state }) => hasFailed(state?.terminated))?.state?.terminated ?? chosen;
}

function hasFailed(ended: Termination | undefined): boolean {
  return ended !== undefined && ended.exitCode !== 0;
}

function failureOf(job: JobView, pod: Pod | undefined, ended: Termination | undefined): Verdict {
  const retry = 'Read its log, then push a new commit or reset the build.';
  const detail = [ended?.reason, ended && `exit code ${ended.exitCode}`].filter(Boolean).join(', ');
  const said = ended?.message?.trim() || pod?.status?.message || job.failure?.message || '';
  const message = `The ${job.kind} job failed${detail ? ` (${detail})` : ''}${said ? `: ${withStop(said)}` : '.'} ${retry}`;
  return { reason: 'InitFailed', message };
}

/** Kubernetes deletes the pod at the deadline, so what it waited for is known only from the condition. */
async function deadlineVerdict(work: Work, job: JobView): Promise<Verdict> {
  const type = job.kind === 'initialize' ? 'Initialized' : 'CleanedUp';
  const before = work.observed.build.status?.conditions?.find((condition) => condition.type === type);
  const plain = ['Initializing', 'Queued', 'CleanupRunning', 'CleanupPending'];
  const known = before && !plain.includes(before.reason) ? before.message : await lackOfPod(work, job);
  const waited = known ? ` Before that: ${withStop(known)}` : '';
  const message = `The ${job.kind} job did not end within its time.${waited} Correct what it waits for and reset the build.`;
  return { reason: 'DeadlineExceeded', message };
}

/** Its pods were deleted with the suspension, and say nothing. */
function suspendedVerdict(job: JobView): Verdict {
  const what = job.kind === 'initialize' ? 'Reset the build, and let its job run.' : 'Let it run.';
  const message = `The ${job.kind} job did not end within its time, because it was suspended. ${what}`;
  return { reason: 'DeadlineExceeded', message };
}

/** Why no pod could be made for a job, for example because of a quota: Kubernetes says it in Events alone. */
async function lackOfPod(work: Work, job: JobView): Promise<string | undefined> {
  const { client, caches } = work.services;
  const fieldSelector = `involvedObject.uid=${job.metadata.uid},reason=FailedCreate`;
  try {
    const { items } = await client.listAll<CoreEvent>(caches.paths.events, { fieldSelector });
    return items.at(-1)?.message;
  } catch (error) {
    work.log.debug({ job: job.metadata.name, err: error }, 'The Events of a job could not be read');
    return undefined;
  }
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
