import { createHash } from 'node:crypto';
import type { RunboatBuild } from './runboatbuild.generated.js';

/** What makes a build that build and no other; it never changes. */
export interface BuildIdentity {
  /** `owner/name`, lower case. */
  readonly repo: string;
  /** The branch, or the base of the pull request. */
  readonly targetBranch: string;
  /** null: a build of the branch itself. */
  readonly pr: number | null;
  /** The full hash, lower case. */
  readonly commit: string;
}

/** The build that already stands under a name. */
export interface NameHolder {
  readonly identity: BuildIdentity;
  readonly uid: string;
  /** Whether it has a deletionTimestamp. */
  readonly deleting: boolean;
}

export interface BuildNameChoice {
  readonly name: string;
  /** True when a build of this identity stands under the name and is not being deleted: nothing to create. */
  readonly exists: boolean;
}

/** The longest name that leaves room for what is made of it; the resource definition has the same bound. */
export const MAX_NAME_LENGTH = 45;
const HASH_LENGTH = 8;
const COMMIT_LENGTH = 12;

/** Lower case, with one `-` for every run of characters outside `a-z0-9` and none at the ends; may be empty. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The plain name `repo-branch[-prN]-commit12`, of any length; it may be too long or taken. */
export function deriveBuildName(identity: BuildIdentity): string {
  const pullRequest = identity.pr === null ? '' : `pr${identity.pr}`;
  const commit = slug(identity.commit.slice(0, COMMIT_LENGTH));
  const parts = [slug(identity.repo), slug(identity.targetBranch), pullRequest, commit];
  const name = parts.filter((part) => part !== '').join('-');
  return /^[0-9]/.test(name) ? `b-${name}` : name;
}

/**
 * The plain name, cut so that `-` and 8 hexadecimal digits end it within 45 characters.
 *
 * The digits begin the SHA-256 of `repo\ntargetBranch\npr\ncommit`, with nothing for a missing pull
 * request. With `deletingUid`, the UID of the object that leaves the name, `\n` and that UID are added.
 */
export function hashedBuildName(identity: BuildIdentity, deletingUid?: string): string {
  const covered = [identity.repo, identity.targetBranch, identity.pr ?? '', identity.commit];
  if (deletingUid !== undefined) covered.push(deletingUid);
  const hash = createHash('sha256').update(covered.join('\n')).digest('hex').slice(0, HASH_LENGTH);
  const head = deriveBuildName(identity).slice(0, MAX_NAME_LENGTH - HASH_LENGTH - 1);
  return `${head.replace(/-+$/, '')}-${hash}`;
}

/** The name to try first: the plain one, or the hashed one when that is over 45 characters. */
export function firstBuildName(identity: BuildIdentity): string {
  const plain = deriveBuildName(identity);
  return plain.length <= MAX_NAME_LENGTH ? plain : hashedBuildName(identity);
}

/**
 * The name to try after `name` was found taken by `holder`.
 *
 * A holder that is being deleted gives the hash its UID, whatever its identity, so that the new build
 * shares no database and no host with it and everybody who sees that holder chooses alike. A living holder
 * of another identity leads to the plain hash, and if that is taken too, to one that covers its UID.
 */
export function nextBuildName(identity: BuildIdentity, name: string, holder: NameHolder): string {
  const hashed = hashedBuildName(identity);
  return holder.deleting || name === hashed ? hashedBuildName(identity, holder.uid) : hashed;
}

/** Whether `holder` is the living build of `identity`. */
export function isLivingBuildOf(identity: BuildIdentity, holder: NameHolder): boolean {
  return !holder.deleting && sameIdentity(identity, holder.identity);
}

/**
 * The name for a build of `identity`, given who stands under each name. It ends because every further name
 * covers the UID of another holder. Look first for a build of the same identity under any other name.
 */
export function chooseBuildName(
  identity: BuildIdentity,
  holderOf: (name: string) => NameHolder | undefined,
): BuildNameChoice {
  let name = firstBuildName(identity);
  let holder = holderOf(name);
  while (holder && !isLivingBuildOf(identity, holder)) {
    name = nextBuildName(identity, name, holder);
    holder = holderOf(name);
  }
  return { name, exists: holder !== undefined };
}

export function identityOf(build: Pick<RunboatBuild, 'spec'>): BuildIdentity {
  const { repo, targetBranch, pr, commit } = build.spec;
  return { repo, targetBranch, pr: pr ?? null, commit };
}

export function sameIdentity(a: BuildIdentity, b: BuildIdentity): boolean {
  return a.repo === b.repo && a.targetBranch === b.targetBranch && a.pr === b.pr && a.commit === b.commit;
}

/** The Secret that records the resolved settings of the build of this name. */
export function settingsSecretName(buildName: string): string {
  return `${buildName}-runboat`;
}
