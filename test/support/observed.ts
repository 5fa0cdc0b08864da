// Builders of what the planner looks at, for unit tests: whatever a test does not name is as harmless as possible.
import { ANNOTATION_BUILD_UID, FINALIZER_BUILD } from '../../crds/constants.js';
import type { Condition, RunboatBuildSpec, RunboatBuildStatus } from '../../crds/runboatbuild.generated.js';
import type {
  BuildView,
  DeploymentView,
  Facts,
  JobView,
  Observed,
  PodView,
  Policy,
  Refusal,
  Slots,
  ViewMeta,
} from '../../operator/plan/observed.js';

/** The moment at which the planner is asked, milliseconds since the epoch. */
export const now = Date.parse('2026-03-01T12:00:00.000Z');

/** A time before `now`, RFC 3339. */
export function ago(seconds: number): string {
  return new Date(now - seconds * 1000).toISOString();
}

export function buildView(parts: BuildParts = {}): BuildView {
  const { metadata, spec, status } = parts;
  return {
    metadata: {
      name: 'web',
      namespace: 'builds',
      uid: 'build-uid',
      resourceVersion: '10',
      generation: 1,
      creationTimestamp: ago(3600),
      finalizers: [FINALIZER_BUILD],
      ...metadata,
    },
    spec: { repo: 'oca/mis-builder', targetBranch: '16.0', commit: 'a'.repeat(40), ...spec },
    ...(status ? { status } : {}),
  } as BuildView;
}

export interface BuildParts {
  readonly metadata?: Partial<BuildView['metadata']>;
  readonly spec?: Partial<RunboatBuildSpec>;
  readonly status?: RunboatBuildStatus | undefined;
}

/** A build that is being deleted. */
export const deleting = { deletionTimestamp: ago(5) };

export function metaView(name: string, meta: Partial<ViewMeta> = {}): ViewMeta {
  return {
    name,
    uid: `${name}-uid`,
    resourceVersion: '20',
    creationTimestamp: ago(600),
    generation: 1,
    deleting: false,
    finalizers: [],
    ...meta,
  };
}

type Parts<T extends { metadata: ViewMeta }> = Partial<Omit<T, 'metadata'>> & {
  metadata?: Partial<ViewMeta>;
};

/** Initialised, stopped, in sync. */
export function deploymentView({ metadata, ...parts }: Parts<DeploymentView> = {}): DeploymentView {
  return {
    metadata: metaView('web', metadata),
    build: 'web',
    buildUid: 'build-uid',
    initStatus: 'succeeded',
    lastScaled: undefined,
    applied: 'hash',
    overrides: 'overrides',
    replicas: 0,
    observedGeneration: 1,
    statusReplicas: 0,
    readyReplicas: 0,
    stalled: undefined,
    ...parts,
  };
}

/** A running initialise job of attempt 1. */
export function jobView({ metadata, ...parts }: Parts<JobView> = {}): JobView {
  const kind = parts.kind ?? 'initialize';
  return {
    metadata: metaView(`web-${kind}`, metadata),
    build: 'web',
    buildUid: 'build-uid',
    kind,
    attempt: 1,
    initializedFor: undefined,
    outcome: 'active',
    failure: undefined,
    finishedAt: undefined,
    suspendedUntil: undefined,
    ...parts,
  };
}

/** A pod of the Deployment that is not ready. */
export function podView({ metadata, ...parts }: Parts<PodView> = {}): PodView {
  return {
    metadata: metaView('web-pod', metadata),
    build: 'web',
    buildUid: 'build-uid',
    kind: undefined,
    ofDeployment: parts.kind === undefined,
    attempt: undefined,
    ready: false,
    trouble: undefined,
    ...parts,
  };
}

/** A refusal that stands until `retryIn` seconds from now; with Infinity only a change helps. */
export function refusal(reason: string, retryIn: number): Refusal {
  const verdict = { reason, message: `It is refused with ${reason}.` };
  const retryAt = now + retryIn * 1000;
  return { verdict, fingerprint: 'fingerprint', retryAt, failures: 1, refusedAt: now - 1000 };
}

export function condition(type: Condition['type'], status: Condition['status'], reason: string): Condition {
  return { type, status, reason, message: `${reason}.`, lastTransitionTime: ago(60), observedGeneration: 1 };
}

export interface ObservedParts {
  readonly build?: BuildParts;
  /** Null: there is none. */
  readonly deployment?: Parameters<typeof deploymentView>[0] | null;
  readonly jobs?: readonly JobView[];
  readonly pods?: readonly PodView[];
  readonly facts?: Partial<Facts>;
  readonly slots?: Partial<Slots>;
  readonly policy?: Partial<Policy>;
  readonly fingerprint?: string;
  readonly overrides?: string;
}

/** An initialised build that is stopped, as it is seen when nothing is to be done. */
export function observed(parts: ObservedParts = {}): Observed {
  const { build, deployment, facts, slots, policy } = parts;
  return {
    build: buildView(build),
    deployment: deployment === null ? undefined : deploymentView(deployment),
    jobs: parts.jobs ?? [],
    pods: parts.pods ?? [],
    facts: { cleanup: {}, ...facts },
    slots: {
      initialize: 'unasked',
      grantedAttempt: undefined,
      start: 'unasked',
      cleanup: 'unasked',
      queuePosition: undefined,
      ...slots,
    },
    policy: { paused: false, cleanupJob: true, retentionFinishedJobs: 72 * 3600_000, ...policy },
    fingerprint: parts.fingerprint ?? 'fingerprint',
    overrides: parts.overrides ?? 'overrides',
  };
}

/** Annotations of an object of the build. */
export const ownAnnotations = { [ANNOTATION_BUILD_UID]: 'build-uid' };
