import type { ConditionType } from './runboatbuild.generated.js';

/** Every condition of a build, in the order in which a build meets them, and what True means. */
export const conditionTypes = {
  Deployed: 'The resources of the build were made.',
  Initialized: 'The last initialisation succeeded.',
  Ready: 'The build is started and answers requests.',
  UpToDate: 'The build is what its spec and the configuration ask for.',
  CleanedUp: 'Nothing of the deleted build is left.',
} as const satisfies Record<ConditionType, string>;

/** Where a reason is seen. */
export type ReasonPlace = ConditionType | 'Event';

export interface ReasonFacts {
  readonly places: readonly ReasonPlace[];
  /** One line for people. */
  readonly meaning: string;
  /** True when somebody has to do something, or a build did not get what was asked for. */
  readonly trouble: boolean;
}

/**
 * Every reason of ours in conditions and Events. `Ready=False` has besides them the reasons that Kubernetes
 * gives for a pod or a Deployment (CrashLoopBackOff, ImagePullBackOff, ProgressDeadlineExceeded, ...).
 */
export const reasons = {
  NoMatchingRule: trouble(
    ['Deployed', 'UpToDate'],
    'No rule of the configuration matches the repository and branch.',
  ),
  BundleInvalid: trouble(
    ['Deployed', 'UpToDate', 'CleanedUp'],
    'The bundle cannot be rendered, or breaks the contract for bundles.',
  ),
  BundleMissing: trouble(
    ['Deployed', 'UpToDate', 'CleanedUp'],
    'The configuration has no bundle of that name.',
  ),
  Forbidden: trouble(
    ['Deployed', 'Initialized', 'UpToDate', 'CleanedUp'],
    'The operator has no right to do what the bundle needs.',
  ),
  ApplyRefused: trouble(['Deployed', 'UpToDate'], 'The API server refused a resource of the build.'),
  NameCollision: trouble(
    ['Deployed', 'Initialized', 'UpToDate'],
    'A resource of that name exists and does not belong to the build.',
  ),
  ResetNeeded: trouble(['UpToDate'], 'An override in the spec changed and takes effect with the next reset.'),
  JobRefused: trouble(['Initialized', 'CleanedUp'], 'The API server refused the job; it is tried again.'),
  JobLost: trouble(
    ['Initialized', 'Event'],
    'The initialise job vanished before its end was seen; the build is queued again.',
  ),
  InitFailed: trouble(['Initialized'], 'The initialise job failed; its log says why.'),
  DeadlineExceeded: trouble(['Initialized', 'CleanedUp'], 'The job did not end within its time.'),
  NotInitialized: trouble(
    ['Ready', 'Event'],
    'The build cannot be started, because its last initialisation did not succeed.',
  ),
  StartLimitReached: trouble(
    ['Ready'],
    'All places for started builds are taken by builds with keep; it starts by itself later.',
  ),
  CleanupFailed: trouble(['CleanedUp'], 'The cleanup did not succeed; it is tried again with growing delay.'),
  NamespaceTerminating: trouble(
    ['CleanedUp'],
    'The namespace is being deleted, where no cleanup job can run.',
  ),

  Deployed: normal(['Deployed'], 'All resources of the build were made.'),
  Deploying: normal(['Deployed'], 'The resources of the build are being made.'),
  Queued: normal(['Initialized', 'Ready', 'Event'], 'The build waits for its initialisation.'),
  Initializing: normal(['Initialized', 'Ready', 'Event'], 'The initialise job runs.'),
  InitSucceeded: normal(['Initialized'], 'The initialise job succeeded.'),
  ResetRequested: normal(['Initialized', 'Ready', 'Event'], 'A new initialisation was asked for.'),
  Starting: normal(['Ready'], 'The build was scaled up and is not ready yet.'),
  Started: normal(['Ready'], 'The build answers requests.'),
  Stopping: normal(['Ready'], 'The build was scaled down and its pods are still there.'),
  Stopped: normal(['Ready'], 'The build is stopped; spec.replicas 1 starts it.'),
  StoppedByLimit: normal(
    ['Event'],
    'The build was stopped, because there are more started builds than the limit allows.',
  ),
  DeletedByLimit: normal(
    ['Event'],
    'The build was deleted, because there are more deployed builds than the limit allows.',
  ),
  DeploymentDeleted: normal(
    ['Event'],
    'The Deployment of the build was deleted by somebody, and so the build is.',
  ),
  DeploymentRestored: normal(['Event'], 'The Deployment of the build was missing and was made again.'),
  AsSpecified: normal(['UpToDate'], 'The build is what its spec and the configuration ask for.'),
  Paused: normal(
    ['UpToDate', 'CleanedUp'],
    'The build is only observed, because it or the whole operator is paused.',
  ),
  Undeploying: normal(['Ready', 'Event'], 'The build is being deleted.'),
  CleanupPending: normal(
    ['CleanedUp'],
    'The cleanup waits for the pods of the build to end, or for a free place.',
  ),
  NothingToCleanUp: normal(
    ['CleanedUp'],
    'The build was never initialised, so no cleanup job is needed; resources are removed.',
  ),
  CleanupRunning: normal(['CleanedUp'], 'The cleanup job runs.'),
  CleanupSkipped: normal(
    ['CleanedUp'],
    'The cleanup job is switched off, not in the bundle, or was given up; resources are removed.',
  ),
  CleanupDone: normal(['CleanedUp'], 'The cleanup job succeeded; resources are removed.'),
} as const satisfies Record<string, ReasonFacts>;

export type Reason = keyof typeof reasons;

/** What `Initialized=True` says when the bundle's job says nothing of its end. */
export const INITIALIZED_MESSAGE = 'The initialisation job succeeded.';

/** Whether a condition that is false with this reason is one to do something about; reasons of others are. */
export function isTrouble(reason: string): boolean {
  return Object.hasOwn(reasons, reason) ? reasons[reason as Reason].trouble : true;
}

/** All reasons, for comparing them with the documentation. */
export const reasonNames = Object.keys(reasons) as readonly Reason[];

function trouble(places: readonly ReasonPlace[], meaning: string): ReasonFacts {
  return { places, meaning, trouble: true };
}

function normal(places: readonly ReasonPlace[], meaning: string): ReasonFacts {
  return { places, meaning, trouble: false };
}
