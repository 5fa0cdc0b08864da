import { createHash } from 'node:crypto';
import {
  ANNOTATION_APPLIED,
  ANNOTATION_ATTEMPT,
  ANNOTATION_BUILD_UID,
  ANNOTATION_GIT_COMMIT,
  ANNOTATION_INIT_STATUS,
  ANNOTATION_INITIALIZED_FOR,
  ANNOTATION_LAST_SCALED,
  ANNOTATION_OVERRIDES,
  ANNOTATION_PR,
  ANNOTATION_REPO,
  ANNOTATION_TARGET_BRANCH,
  FINALIZER_DEPLOYMENT,
  LABEL_BUILD,
  LABEL_INIT_STATUS,
  LABEL_JOB_KIND,
} from '../../crds/constants.js';
import type { InitStatus } from '../../crds/runboatbuild.generated.js';
import type { BuildView, JobKind } from '../plan/observed.js';
import { withoutLeftOut } from '../render/left-out.js';
import type { KubeResource } from '../render/types.js';

/** The state of a build that its Deployment carries. */
export interface DeploymentState {
  readonly initStatus: InitStatus;
  readonly replicas: number;
  /** RFC 3339; absent when never scaled. */
  readonly lastScaled: string | undefined;
  readonly applied: string;
  readonly overrides: string;
}

interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: { restartPolicy?: string; containers?: unknown };
}

/** What of a workload's spec leads to its pods. */
interface WorkloadSpec {
  readonly template?: PodTemplate;
  /** Of a CronJob. */
  readonly jobTemplate?: { readonly spec?: WorkloadSpec };
  /** Of a StatefulSet. */
  readonly persistentVolumeClaimRetentionPolicy?: object;
}

/** Labels and annotations that every resource of a build carries. */
export function ownership(build: BuildView): {
  labels: Record<string, string>;
  annotations: Record<string, string>;
} {
  const { spec, metadata } = build;
  return {
    labels: { [LABEL_BUILD]: metadata.name },
    annotations: {
      [ANNOTATION_REPO]: spec.repo,
      [ANNOTATION_TARGET_BRANCH]: spec.targetBranch,
      [ANNOTATION_PR]: spec.pr === undefined ? '' : String(spec.pr),
      [ANNOTATION_GIT_COMMIT]: spec.commit,
      [ANNOTATION_BUILD_UID]: metadata.uid,
    },
  };
}

/** Adds to a rendered resource what says whose it is; what the bundle says of these keys is overridden. */
export function withOwnership(resource: KubeResource, build: BuildView): KubeResource {
  const { labels, annotations } = ownership(build);
  const { metadata } = resource;
  const spec = resource['spec'] as WorkloadSpec | undefined;
  return {
    ...resource,
    ...(spec ? { spec: withOwnedClaims(resource, withOwnedPods(spec, build)) } : {}),
    metadata: {
      ...metadata,
      namespace: build.metadata.namespace,
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    },
  };
}

/**
 * A workload whose pods carry the build's UID. Their label is the bundle's, and others may use it too: without
 * the UID a stranger's pods would be taken for the build's own.
 */
function withOwnedPods(spec: WorkloadSpec, build: BuildView): WorkloadSpec {
  const { template, jobTemplate } = spec;
  if (jobTemplate?.spec)
    return { ...spec, jobTemplate: { ...jobTemplate, spec: withOwnedPods(jobTemplate.spec, build) } };
  if (template?.spec?.containers === undefined) return spec;
  const annotations = { ...template.metadata?.annotations, [ANNOTATION_BUILD_UID]: build.metadata.uid };
  const metadata = { ...template.metadata, annotations };
  return { ...spec, template: { ...template, metadata } };
}

/** The claims that Kubernetes makes for a StatefulSet carry nothing of ours, so they have to go with it. */
function withOwnedClaims({ apiVersion, kind }: KubeResource, spec: WorkloadSpec): WorkloadSpec {
  if (kind !== 'StatefulSet' || !apiVersion.startsWith('apps/')) return spec;
  const policy = { ...spec.persistentVolumeClaimRetentionPolicy, whenDeleted: 'Delete' };
  return { ...spec, persistentVolumeClaimRetentionPolicy: policy };
}

/** A Deployment with the state in force over whatever the bundle says. */
export function withState(deployment: KubeResource, state: DeploymentState): KubeResource {
  const { metadata } = deployment;
  const spec = deployment['spec'] as Record<string, unknown>;
  return {
    ...deployment,
    metadata: {
      ...metadata,
      finalizers: [FINALIZER_DEPLOYMENT],
      labels: { ...metadata.labels, [LABEL_INIT_STATUS]: state.initStatus },
      annotations: { ...metadata.annotations, ...stateAnnotations(state) },
    },
    spec: { ...spec, replicas: state.replicas },
  };
}

function stateAnnotations(state: DeploymentState): Record<string, string> {
  return {
    [ANNOTATION_INIT_STATUS]: state.initStatus,
    [ANNOTATION_APPLIED]: state.applied,
    [ANNOTATION_OVERRIDES]: state.overrides,
    ...(state.lastScaled === undefined ? {} : { [ANNOTATION_LAST_SCALED]: state.lastScaled }),
  };
}

/** The change of state alone, as the body of a merge patch; null removes an annotation. */
export function statePatch(change: Partial<DeploymentState>): Record<string, unknown> {
  const annotations: Record<string, string> = {};
  if (change.initStatus !== undefined) annotations[ANNOTATION_INIT_STATUS] = change.initStatus;
  if (change.lastScaled !== undefined) annotations[ANNOTATION_LAST_SCALED] = change.lastScaled;
  if (change.applied !== undefined) annotations[ANNOTATION_APPLIED] = change.applied;
  const labels =
    change.initStatus === undefined ? {} : { labels: { [LABEL_INIT_STATUS]: change.initStatus } };
  const spec = change.replicas === undefined ? {} : { spec: { replicas: change.replicas } };
  return { metadata: { annotations, ...labels }, ...spec };
}

export interface JobStamp {
  readonly kind: JobKind;
  readonly attempt: number;
  /** The reset that an initialisation answers. */
  readonly initializedFor?: string | undefined;
  /** Upper bound of the job's duration, milliseconds. */
  readonly timeout: number;
}

/**
 * A Job as it is POSTed: stamped with kind and attempt, its pods too, bounded in time, and with a policy that
 * replaces a pod that was evicted, drained or preempted instead of failing the job for it. Fields that would keep it
 * from ending are left out.
 */
export function asJob(resource: KubeResource, build: BuildView, stamp: JobStamp): KubeResource {
  const job = withOwnership(resource, build);
  const spec = withoutLeftOut(job['spec'] as Record<string, unknown>);
  const template = { ...(spec['template'] as PodTemplate | undefined) };
  const labels = { [LABEL_BUILD]: build.metadata.name, [LABEL_JOB_KIND]: stamp.kind };
  const annotations = {
    [ANNOTATION_ATTEMPT]: String(stamp.attempt),
    [ANNOTATION_BUILD_UID]: build.metadata.uid,
  };
  template.metadata = {
    ...template.metadata,
    labels: { ...template.metadata?.labels, ...labels },
    annotations: { ...template.metadata?.annotations, ...annotations },
  };
  job.metadata = {
    ...job.metadata,
    labels: { ...job.metadata.labels, ...labels },
    annotations: { ...job.metadata.annotations, ...annotations, ...answerOf(stamp) },
  };
  const deadline = deadlineSeconds(spec['activeDeadlineSeconds'], stamp.timeout);
  const policy = disruptionPolicy(stamp.kind, spec, template);
  return { ...job, spec: { ...spec, ...policy, template, activeDeadlineSeconds: deadline } };
}

function answerOf({ initializedFor }: JobStamp): Record<string, string> {
  return initializedFor === undefined ? {} : { [ANNOTATION_INITIALIZED_FOR]: initializedFor };
}

function deadlineSeconds(bundle: unknown, timeout: number): number {
  const most = Math.max(1, Math.ceil(timeout / 1000));
  return typeof bundle === 'number' && bundle > 0 ? Math.min(bundle, most) : most;
}

/** Kubernetes accepts a podFailurePolicy only with restartPolicy Never, and beside it only this replacement policy. */
function disruptionPolicy(kind: JobKind, spec: Record<string, unknown>, template: PodTemplate): object {
  const own = spec['podFailurePolicy'] !== undefined;
  if (kind !== 'initialize' || own || template.spec?.restartPolicy !== 'Never') return {};
  const onPodConditions = [{ type: 'DisruptionTarget', status: 'True' }];
  const podFailurePolicy = { rules: [{ action: 'Ignore', onPodConditions }] };
  return { podFailurePolicy, podReplacementPolicy: 'Failed' };
}

/** What makes a resource that resource: group, kind and name; the version may change. */
export function identityOf(resource: {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}): string {
  const group = resource.apiVersion.includes('/') ? resource.apiVersion.split('/')[0] : '';
  return `${group}/${resource.kind}/${resource.metadata.name}`;
}

/**
 * A hash of resources that does not depend on their order. That of keys is the same for what is the same, because
 * kustomize prints them sorted.
 */
export function appliedHash(resources: readonly KubeResource[]): string {
  const texts = resources.map((resource) => JSON.stringify(resource)).sort();
  return createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 32);
}
