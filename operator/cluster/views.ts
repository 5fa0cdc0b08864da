import {
  ANNOTATION_APPLIED,
  ANNOTATION_ATTEMPT,
  ANNOTATION_BUILD_UID,
  ANNOTATION_INIT_STATUS,
  ANNOTATION_INITIALIZED_FOR,
  ANNOTATION_LAST_SCALED,
  ANNOTATION_OVERRIDES,
  LABEL_BUILD,
  LABEL_JOB_KIND,
} from '../../crds/constants.js';
import type { InitStatus, RunboatBuild } from '../../crds/runboatbuild.generated.js';
import { isOfDeployment } from '../../lib/kube/deployment-pods.js';
import type { ContainerStatus, Deployment, Job, KubeObject, ObjectMeta, Pod } from '../../lib/kube/types.js';
import type {
  BuildView,
  DeploymentView,
  JobKind,
  JobView,
  PodTrouble,
  PodView,
  Verdict,
  ViewMeta,
} from '../plan/observed.js';

/** What the caches keep of API objects: enough to plan with, and little, because there are thousands. */

function metaOf(meta: ObjectMeta): ViewMeta {
  return {
    name: meta.name,
    uid: meta.uid,
    resourceVersion: meta.resourceVersion,
    creationTimestamp: meta.creationTimestamp ?? '',
    generation: meta.generation ?? 0,
    deleting: meta.deletionTimestamp !== undefined,
    finalizers: meta.finalizers ?? [],
  };
}

export function viewBuild(object: KubeObject): BuildView {
  const { metadata, spec, status } = object as unknown as RunboatBuild & { metadata: ObjectMeta };
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp } = metadata;
  const { deletionTimestamp, finalizers, annotations } = metadata;
  return {
    spec,
    ...(status ? { status } : {}),
    metadata: {
      name,
      namespace: namespace ?? '',
      uid,
      resourceVersion,
      generation: generation ?? 0,
      creationTimestamp: creationTimestamp ?? '',
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
      ...(finalizers ? { finalizers } : {}),
      ...withRunboatKeys(annotations),
    },
  } as BuildView;
}

/** kubectl's last-applied annotation repeats the whole object; only our own annotations matter. */
function withRunboatKeys(annotations: Record<string, string> | undefined): {
  annotations?: Record<string, string>;
} {
  const own = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith('runboat.dev/'));
  return own.length > 0 ? { annotations: Object.fromEntries(own) } : {};
}

export function viewDeployment(object: KubeObject): DeploymentView {
  const { metadata, spec, status } = object as Deployment;
  const annotations = metadata.annotations ?? {};
  return {
    metadata: metaOf(metadata),
    build: metadata.labels?.[LABEL_BUILD] ?? '',
    buildUid: annotations[ANNOTATION_BUILD_UID],
    initStatus: parseInitStatus(annotations[ANNOTATION_INIT_STATUS]),
    lastScaled: annotations[ANNOTATION_LAST_SCALED],
    applied: annotations[ANNOTATION_APPLIED],
    overrides: annotations[ANNOTATION_OVERRIDES],
    replicas: spec?.replicas ?? 1,
    observedGeneration: status?.observedGeneration ?? 0,
    statusReplicas: status?.replicas ?? 0,
    readyReplicas: status?.readyReplicas ?? 0,
    stalled: stallOf(status?.conditions ?? []),
  };
}

type DeploymentCondition = NonNullable<NonNullable<Deployment['status']>['conditions']>[number];

/** ReplicaFailure tells at once that no pod can be made (a quota, for example), Progressing only after minutes. */
function stallOf(conditions: readonly DeploymentCondition[]): Verdict | undefined {
  const stall = conditions.find(
    ({ type, status }) =>
      (type === 'ReplicaFailure' && status === 'True') || (type === 'Progressing' && status === 'False'),
  );
  return stall && verdictOf(stall.reason, stall.message);
}

function parseInitStatus(text: string | undefined): InitStatus | undefined {
  return text === 'todo' || text === 'started' || text === 'succeeded' || text === 'failed'
    ? text
    : undefined;
}

export function viewJob(object: KubeObject): JobView {
  const { metadata, spec, status } = object as Job;
  const ended = status?.conditions?.find(
    ({ type, status: value }) => value === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  const failed = ended?.type === 'Failed';
  return {
    metadata: metaOf(metadata),
    build: metadata.labels?.[LABEL_BUILD] ?? '',
    buildUid: metadata.annotations?.[ANNOTATION_BUILD_UID],
    kind: metadata.labels?.[LABEL_JOB_KIND] === 'cleanup' ? 'cleanup' : 'initialize',
    attempt: parseAttempt(metadata.annotations?.[ANNOTATION_ATTEMPT]) ?? 0,
    initializedFor: metadata.annotations?.[ANNOTATION_INITIALIZED_FOR],
    outcome: ended ? (failed ? 'failed' : 'complete') : 'active',
    failure: failed ? verdictOf(ended.reason, ended.message) : undefined,
    finishedAt: ended?.lastTransitionTime,
    suspendedUntil: spec?.suspend && !ended ? endOfTime(metadata, spec) : undefined,
  };
}

function endOfTime({ creationTimestamp }: ObjectMeta, spec: NonNullable<Job['spec']>): number {
  return (Date.parse(creationTimestamp ?? '') || 0) + (spec.activeDeadlineSeconds ?? 0) * 1000;
}

function parseAttempt(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

export function viewPod(object: KubeObject): PodView {
  const { metadata, status } = object as Pod;
  const annotations = metadata.annotations ?? {};
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    metadata: metaOf(metadata),
    build: metadata.labels?.[LABEL_BUILD] ?? '',
    buildUid: annotations[ANNOTATION_BUILD_UID],
    kind: parseJobKind(metadata.labels?.[LABEL_JOB_KIND]),
    ofDeployment: isOfDeployment(object),
    attempt: parseAttempt(annotations[ANNOTATION_ATTEMPT]),
    ready: ready?.status === 'True',
    trouble: troubleOf(status),
  };
}

function parseJobKind(text: string | undefined): JobKind | undefined {
  return text === 'initialize' || text === 'cleanup' ? text : undefined;
}

/** Waiting reasons that are part of a normal start. */
const harmless = new Set(['ContainerCreating', 'PodInitializing']);

function troubleOf(status: Pod['status']): PodTrouble | undefined {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const container of containers) {
    const trouble = containerTrouble(container);
    if (trouble) return trouble;
  }
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  const { reason = 'Unschedulable', message = '', lastTransitionTime } = scheduled;
  const verdict = verdictOf(reason, `The pod cannot be scheduled: ${message}`);
  return lastTransitionTime ? { ...verdict, passingSince: lastTransitionTime } : verdict;
}

function containerTrouble(container: ContainerStatus): Verdict | undefined {
  const waiting = container.state?.waiting;
  if (!waiting?.reason || harmless.has(waiting.reason)) return undefined;
  const last = container.lastState?.terminated;
  const before = last
    ? ` It ended before with exit code ${last.exitCode} (${last.reason ?? 'unknown reason'}).`
    : '';
  const detail = waiting.message ? `: ${waiting.message}` : '';
  return verdictOf(
    waiting.reason,
    `Container ${container.name} waits (${waiting.reason})${detail}.${before}`,
  );
}

/** A reason of Kubernetes, made fit for a condition's `reason`, with its message. */
function verdictOf(reason: string | undefined, message: string | undefined): Verdict {
  const clean = (reason ?? '').replace(/[^A-Za-z0-9_]/g, '');
  return { reason: clean === '' ? 'Unknown' : clean, message: message ?? '' };
}
