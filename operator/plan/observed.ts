import type { InitStatus, RunboatBuild } from '../../crds/runboatbuild.generated.js';

/** What every cached object keeps of its metadata. */
export interface ViewMeta {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly generation: number;
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
}

/** A build as cached: the API object without managed fields. */
export type BuildView = RunboatBuild & {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    annotations?: Record<string, string>;
  };
};

export interface DeploymentView {
  readonly metadata: ViewMeta;
  readonly build: string;
  readonly buildUid: string | undefined;
  /** Annotation `runboat/init-status`, the truth about initialisation. */
  readonly initStatus: InitStatus | undefined;
  /** Annotation `runboat/last-scaled`, an RFC 3339 time. */
  readonly lastScaled: string | undefined;
  /** Hash of everything the last mode applied; absent until the first apply went through. */
  readonly applied: string | undefined;
  /** Hash of the spec's overrides that the recorded settings were resolved with. */
  readonly overrides: string | undefined;
  readonly replicas: number;
  readonly observedGeneration: number;
  readonly statusReplicas: number;
  readonly readyReplicas: number;
  /** Condition Progressing when it is False, e.g. ProgressDeadlineExceeded. */
  readonly stalled: { readonly reason: string; readonly message: string } | undefined;
}

export type JobKind = 'initialize' | 'cleanup';

export interface JobView {
  readonly metadata: ViewMeta;
  readonly build: string;
  readonly buildUid: string | undefined;
  readonly kind: JobKind;
  readonly attempt: number;
  /** The `resetRequestedAt` that an initialise job answers. */
  readonly initializedFor: string | undefined;
  readonly outcome: 'active' | 'complete' | 'failed';
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  /** When the condition Complete or Failed was set. */
  readonly finishedAt: string | undefined;
  /**
   * Of a job that somebody suspended: the end of its time, milliseconds since the epoch. Kubernetes does not count it
   * meanwhile, and a place is not held for ever.
   */
  readonly suspendedUntil: number | undefined;
}

export interface PodTrouble {
  readonly reason: string;
  readonly message: string;
  /** RFC 3339, only for trouble that often passes by itself: when it began. */
  readonly passingSince?: string;
}

/** A pod that has not finished; finished ones are not watched. */
export interface PodView {
  readonly metadata: ViewMeta;
  readonly build: string;
  readonly buildUid: string | undefined;
  readonly kind: JobKind | undefined;
  /** Of the Deployment; what is of neither a job nor the Deployment is of another workload of the bundle. */
  readonly ofDeployment: boolean;
  readonly attempt: number | undefined;
  readonly ready: boolean;
  /** Why a container waits or the pod is not scheduled, when that is bad news. */
  readonly trouble: PodTrouble | undefined;
}

export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

/** What this process has learnt by live reads and refusals; empty after a restart. */
export interface Facts {
  /** This process has put the finalizer on a build that had nothing yet, so no settings can be recorded for it. */
  unrecorded?: boolean;
  /** The last deploy, mode or reset that could not be carried out, and when it is worth another try. */
  refusal?: Refusal;
  /** A live read found that the Deployment is gone. */
  deploymentMissing?: boolean;
  /** A live read found that the initialise job of this attempt is gone. */
  jobMissing?: { attempt: number };
  /** The outcome of the initialise job of an attempt, from its pods. */
  initResult?: { attempt: number; verdict: Verdict };
  /** The `resetRequestedAt` for which everything has been resolved and applied again. */
  redeployedFor?: string;
  /** A live read found no pod of the build; forgotten when one is seen again. */
  noPodLeft?: boolean;
  cleanup: CleanupFacts;
  /** The newest initialise job that was made or seen, and when it was made here, milliseconds since the epoch. */
  jobMade?: { attempt: number; at?: number };
  /** The attempt whose job may have existed unseen: a predecessor was granted it, or its creation was not answered. */
  jobInDoubt?: number;
  /** How often the initialise job could not be made for what may pass by itself. */
  jobDelays?: number;
  /** The API refused the initialise job; no other slot is asked before `retryAt`. */
  jobRefused?: Refusal;
  /** `image`, bundle and rule that the settings resolved to, and the address. */
  resolved?: { image: string; kubefiles: string; rule: string; url: string };
}

export interface Refusal {
  readonly verdict: Verdict;
  /** What the refusal depends on (spec, configuration, bundle): another value is another try. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch; Infinity when only a changed fingerprint helps. */
  readonly retryAt: number;
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly refusedAt: number;
}

export interface CleanupFacts {
  /** Why no cleanup job is needed or possible. */
  jobSkipped?: Verdict;
  refusal?: Refusal;
  /** UID of the failed job that `refusal` speaks of. */
  failedJob?: string;
  resourcesGone?: boolean;
  secretGone?: boolean;
  /** The build's finalizer was removed by us, so its end is no surprise. */
  released?: boolean;
}

/** `blocked`: no place can be made for it, so the user is told. */
export type SlotState = 'unasked' | 'waiting' | 'blocked' | 'granted';

/** The build's share of the limits. */
export interface Slots {
  readonly initialize: SlotState;
  /** The attempt that was granted. */
  readonly grantedAttempt: number | undefined;
  readonly start: SlotState;
  readonly cleanup: SlotState;
  /** Position that status should show; undefined when not waiting. */
  readonly queuePosition: number | undefined;
}

export interface Policy {
  readonly paused: boolean;
  readonly cleanupJob: boolean;
  /** Milliseconds. */
  readonly retentionFinishedJobs: number;
}

/** All that the planner looks at for one build; nothing here is an API call away. */
export interface Observed {
  readonly build: BuildView;
  readonly deployment: DeploymentView | undefined;
  readonly jobs: readonly JobView[];
  /** Of the Deployment and of jobs. */
  readonly pods: readonly PodView[];
  readonly facts: Facts;
  readonly slots: Slots;
  readonly policy: Policy;
  /** What a refusal is compared with: changes with spec, configuration and bundle. */
  readonly fingerprint: string;
  /** Hash of the spec's overrides as they are now. */
  readonly overrides: string;
}
