/** Names that stand in the cluster: a running installation relies on every one of them. */

export const API_GROUP = 'runboat.dev';
export const API_VERSION = 'v1alpha1';
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}` as const;
export const BUILD_KIND = 'RunboatBuild';
export const BUILD_PLURAL = 'runboatbuilds';

/** The one field manager of every write. */
export const FIELD_MANAGER = 'runboat';

/** The Lease in the build namespace that operators are elected with. */
export const OPERATOR_LEASE = 'runboat-operator';

/** On every resource of a build, its pod templates and selectors: the build's name. */
export const LABEL_BUILD = 'runboat/build';
/** On jobs and their pods: `initialize` or `cleanup`. */
export const LABEL_JOB_KIND = 'runboat/job-kind';
/** On the Deployment, a copy of the annotation of the same name, for selecting. */
export const LABEL_INIT_STATUS = 'runboat/init-status';

/** On the Deployment: how far the initialisation is; the truth after a restart. */
export const ANNOTATION_INIT_STATUS = 'runboat/init-status';
/** On the Deployment: when it was last scaled, RFC 3339. */
export const ANNOTATION_LAST_SCALED = 'runboat/last-scaled';

/** On every resource: the identity of its build; the pull request is empty when there is none. */
export const ANNOTATION_REPO = 'runboat/repo';
export const ANNOTATION_TARGET_BRANCH = 'runboat/target-branch';
export const ANNOTATION_PR = 'runboat/pr';
export const ANNOTATION_GIT_COMMIT = 'runboat/git-commit';

/** On every resource: the UID of its build; without it, or with another one, it is not ours. */
export const ANNOTATION_BUILD_UID = 'runboat.dev/build-uid';
/** On jobs and their pods: the number of the attempt that they belong to. */
export const ANNOTATION_ATTEMPT = 'runboat.dev/attempt';
/** On initialise jobs: the `resetRequestedAt` that they answer; absent when no reset was asked. */
export const ANNOTATION_INITIALIZED_FOR = 'runboat.dev/initialized-for';
/** On the Deployment: a hash of all that the last mode applied. */
export const ANNOTATION_APPLIED = 'runboat.dev/applied';
/** On the Deployment: a hash of the overrides in the build's spec that its settings were resolved with. */
export const ANNOTATION_OVERRIDES = 'runboat.dev/overrides';

/** On a build, set by people: it is only observed while this is `true`. */
export const ANNOTATION_PAUSED = 'runboat.dev/paused';
/** On a build, set by people: `true` gives up a cleanup job that keeps failing. */
export const ANNOTATION_SKIP_CLEANUP = 'runboat.dev/skip-cleanup';

/** On a build: kept until everything that belongs to it is gone. */
export const FINALIZER_BUILD = 'runboat.dev/cleanup';
/** On a Deployment: kept until the cleanup of its build is done. */
export const FINALIZER_DEPLOYMENT = 'runboat/cleanup';
