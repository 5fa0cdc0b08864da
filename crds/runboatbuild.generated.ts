// Generated from crds/runboatbuild.yaml by crds/scripts/generate-types.mjs (make generate). Do not edit.
import type {ObjectMeta} from './object-meta.js';

/**
 * Where the build stands. Queued: waits for its initialisation. Initializing: its initialisation runs. Stopped: initialised, not running. Starting: scaled up, not ready yet. Started: answers requests. Stopping: scaled down, pods are still there. Failed: could not be deployed or initialised. Undeploying: is being deleted.
 */
export type Phase =
  'Queued' | 'Initializing' | 'Stopped' | 'Starting' | 'Started' | 'Stopping' | 'Failed' | 'Undeploying';
/**
 * How far the initialisation is. todo: not begun. started: runs. succeeded and failed: how the last one ended.
 */
export type InitStatus = 'todo' | 'started' | 'succeeded' | 'failed';
/**
 * The aspect. Deployed: its resources were made. Initialized: its initialisation succeeded. Ready: it answers requests. UpToDate: it is what spec and configuration ask for. CleanedUp: nothing of it is left.
 */
export type ConditionType = 'Deployed' | 'Initialized' | 'Ready' | 'UpToDate' | 'CleanedUp';

/**
 * One deployment of one commit of one branch or pull request of one repository. Repository, target branch, pull request and commit are its identity and never change.
 */
export interface RunboatBuild {
  /**
   * The API group and version of this object, runboat.dev/v1alpha1.
   */
  apiVersion: 'runboat.dev/v1alpha1';
  /**
   * The kind of this object, RunboatBuild.
   */
  kind: 'RunboatBuild';
  metadata: ObjectMeta;
  spec: RunboatBuildSpec;
  status?: RunboatBuildStatus;
}
/**
 * What is built, and the state it shall be in.
 */
export interface RunboatBuildSpec {
  /**
   * The repository as owner/name, in lower case, for example oca/mis-builder. Cannot be changed.
   */
  repo: string;
  /**
   * The branch that is built, or the base branch of the pull request, for example 16.0. Cannot be changed.
   */
  targetBranch: string;
  /**
   * The number of the pull request; left out for a build of the branch itself. Cannot be changed, added or removed.
   */
  pr?: number;
  /**
   * The full hash of the commit, 40 or 64 hexadecimal digits in lower case. Cannot be changed.
   */
  commit: string;
  /**
   * 1 starts the build, 0 stops it. A start is remembered while the build waits for its initialisation.
   */
  replicas?: number;
  /**
   * Asks for a new initialisation whenever it differs from status.initializedFor. Usually the present time; it is not compared with any clock.
   */
  resetRequestedAt?: string;
  /**
   * True protects the build from being stopped or deleted when the limits of started and of deployed builds are reached.
   */
  keep?: boolean;
  /**
   * Builds with a higher priority are initialised earlier.
   */
  priority?: number;
  /**
   * The container image, instead of that of the matching repository rule. A change takes effect with the next reset.
   */
  image?: string;
  /**
   * The name of the bundle of kubefiles, instead of that of the matching repository rule. A change takes effect with the next reset.
   */
  kubefiles?: string;
  /**
   * Environment variables that are added to those of the configuration and override them key by key. Visible to all who may read builds, so not for secrets. A change takes effect with the next reset.
   */
  env?: {
    /**
     * The value of the variable.
     */
    [k: string]: string;
  };
  /**
   * Template variables for the bundle that are added to those of the configuration and override them key by key. A change takes effect with the next reset.
   */
  templateVars?: {
    /**
     * The value of the template variable.
     */
    [k: string]: string;
  };
}
/**
 * What the operator has observed.
 */
export interface RunboatBuildStatus {
  /**
   * The generation of the build that this status answers.
   */
  observedGeneration?: number;
  phase?: Phase;
  initStatus?: InitStatus;
  /**
   * The number of replicas of the Deployment, as observed.
   */
  replicas?: number;
  /**
   * The number of ready replicas of the Deployment, as observed.
   */
  readyReplicas?: number;
  /**
   * The place in the queue while the phase is Queued, kept up to date for the first ten; 1 is initialised next.
   */
  queuePosition?: number;
  /**
   * The address of the build's home page once it is started.
   */
  url?: string;
  /**
   * When the build began to wait for its initialisation.
   */
  queuedAt?: string;
  /**
   * When the last initialisation began.
   */
  initStartedAt?: string;
  /**
   * When the last initialisation ended, well or badly.
   */
  initializedAt?: string;
  /**
   * When the build last became ready to answer requests.
   */
  readyAt?: string;
  /**
   * When the build was last started or stopped.
   */
  lastScaledAt?: string;
  /**
   * The number of the last initialisation; 0 when there was none.
   */
  attempt?: number;
  /**
   * The spec.resetRequestedAt that the last initialisation answers.
   */
  initializedFor?: string;
  reported?: ReportedStatus;
  resolved?: ResolvedSettings;
  /**
   * Deployed, Initialized, Ready, UpToDate and CleanedUp, each with a reason and a sentence that says what to do.
   *
   * @maxItems 5
   */
  conditions?: Condition[];
}
/**
 * The last commit status that the forge accepted.
 */
export interface ReportedStatus {
  /**
   * The state that was reported.
   */
  state?: 'pending' | 'success' | 'failure' | 'error';
  /**
   * The link that was reported with it.
   */
  targetUrl?: string;
}
/**
 * What the settings of the build came out as, for display.
 */
export interface ResolvedSettings {
  /**
   * The container image.
   */
  image?: string;
  /**
   * The name of the bundle of kubefiles.
   */
  kubefiles?: string;
  /**
   * The repository rule of the configuration that matched.
   */
  rule?: string;
}
/**
 * One aspect of the build's state.
 */
export interface Condition {
  type: ConditionType;
  /**
   * Whether the aspect holds.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * The generation of the build that the condition answers.
   */
  observedGeneration?: number;
  /**
   * When the status of the condition last changed.
   */
  lastTransitionTime: string;
  /**
   * The reason in one PascalCase word, for programs.
   */
  reason: string;
  /**
   * The reason in a sentence, with what to do about it.
   */
  message: string;
}
