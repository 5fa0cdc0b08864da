import {
  ANNOTATION_GIT_COMMIT,
  ANNOTATION_INIT_STATUS,
  ANNOTATION_LAST_SCALED,
  ANNOTATION_PR,
  ANNOTATION_REPO,
  ANNOTATION_TARGET_BRANCH,
  LABEL_BUILD,
} from '../../crds/constants.js';
import type { InitStatus, RunboatBuildSpec } from '../../crds/runboatbuild.generated.js';
import type { Deployment } from '../../lib/kube/types.js';

/** A build as the Python runboat keeps it: all of it is on the Deployment. */
export interface OldBuild {
  readonly name: string;
  readonly deployment: Deployment;
  readonly spec: RunboatBuildSpec;
  /** The first label of its address, which stays. */
  readonly slug: string;
  readonly initStatus: InitStatus;
  /** RFC 3339; when it was never scaled, its creation. */
  readonly since: string;
}

const NAME = /^[a-z]([-a-z0-9]{0,43}[a-z0-9])?$/;
const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const INIT_STATUSES: readonly InitStatus[] = ['todo', 'started', 'succeeded', 'failed'];

/** The build of a Deployment, or a sentence that says why it cannot be adopted. */
export function readOldBuild(deployment: Deployment): OldBuild | string {
  const { metadata, spec } = deployment;
  const annotations = metadata.annotations ?? {};
  const name = metadata.labels?.[LABEL_BUILD] ?? '';
  const repo = annotations[ANNOTATION_REPO]?.toLowerCase() ?? '';
  const targetBranch = annotations[ANNOTATION_TARGET_BRANCH] ?? '';
  const commit = annotations[ANNOTATION_GIT_COMMIT] ?? '';
  const pr = annotations[ANNOTATION_PR] || undefined;
  const initStatus = INIT_STATUSES.find((status) => status === annotations[ANNOTATION_INIT_STATUS]);
  if (!NAME.test(name)) return `its name "${name}" is not one of a build`;
  if (!repo.includes('/')) return `annotation ${ANNOTATION_REPO} is "${repo}", not owner/name`;
  if (targetBranch === '') return `annotation ${ANNOTATION_TARGET_BRANCH} is missing`;
  if (!COMMIT.test(commit)) return `annotation ${ANNOTATION_GIT_COMMIT} is "${commit}", not a whole commit`;
  if (pr !== undefined && !/^[1-9]\d{0,8}$/.test(pr))
    return `annotation ${ANNOTATION_PR} is "${pr}", not a number`;
  if (!initStatus) return `annotation ${ANNOTATION_INIT_STATUS} is not one of ${INIT_STATUSES.join(', ')}`;
  const isStarted = initStatus === 'succeeded' && (spec?.replicas ?? 0) > 0;
  return {
    name,
    deployment,
    slug: oldSlug(repo, targetBranch, pr, commit),
    spec: { repo, targetBranch, ...(pr ? { pr: Number(pr) } : {}), commit, replicas: isStarted ? 1 : 0 },
    initStatus,
    since: annotations[ANNOTATION_LAST_SCALED] ?? metadata.creationTimestamp ?? new Date(0).toISOString(),
  };
}

/** As the Python runboat makes it: each character that does not fit becomes a `-`, and nothing is shortened. */
function oldSlug(repo: string, branch: string, pr: string | undefined, commit: string): string {
  const slug = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '-');
  return [slug(repo), slug(branch), ...(pr ? [`pr${pr}`] : []), commit.slice(0, 12)].join('-');
}
