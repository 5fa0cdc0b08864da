import type { BuildIdentity, NameHolder } from '../../crds/names.js';
import { HttpError } from '../http/http-error.js';
import type { BuildRecord } from './build-record.js';

/** What somebody outside says a build is of, unchecked. */
export interface IdentityClaim {
  readonly repo: string;
  readonly targetBranch: string;
  readonly pr: number | null;
  readonly commit: string;
}

const MAX_REPO = 140;
const MAX_BRANCH = 255;
export const MAX_PR = 2_147_483_647;

/**
 * Checks an identity by the rules of the resource, so that what passes is never refused by the API server for its
 * form. Repository and commit become lower case. @throws HttpError 400.
 */
export function parseIdentity(claim: IdentityClaim): BuildIdentity {
  const { pr } = claim;
  if (pr !== null && !(Number.isInteger(pr) && pr >= 1 && pr <= MAX_PR)) {
    throw new HttpError(400, 'The pull request must be a whole number from 1 on.');
  }
  return {
    repo: parseRepo(claim.repo),
    targetBranch: parseBranch(claim.targetBranch),
    pr,
    commit: parseCommit(claim.commit),
  };
}

/** `owner/name` in lower case. @throws HttpError 400. */
export function parseRepo(text: string): string {
  const repo = text.toLowerCase();
  const parts = repo.split('/');
  const isName = (part: string) => /^[a-z0-9._-]+$/.test(part) && !/^\.+$/.test(part);
  if (repo.length <= MAX_REPO && parts.length === 2 && parts.every(isName)) return repo;
  throw new HttpError(400, 'The repository must be owner/name, for example oca/mis-builder.');
}

/** The whole name of a branch. @throws HttpError 400. */
export function parseBranch(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the rule of the resource is about them.
  if (text !== '' && [...text].length <= MAX_BRANCH && !/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw new HttpError(
    400,
    `The branch must have from 1 to ${MAX_BRANCH} characters and no control characters.`,
  );
}

function parseCommit(text: string): string {
  const commit = text.toLowerCase();
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return commit;
  throw new HttpError(
    400,
    'The commit must be the full hash, 40 or 64 hexadecimal digits; "git rev-parse HEAD" prints it.',
  );
}

export function recordIdentity({ spec }: BuildRecord): BuildIdentity {
  const { repo, targetBranch, pr, commit } = spec;
  return { repo, targetBranch, pr, commit };
}

export function holderOf(record: BuildRecord): NameHolder {
  return { identity: recordIdentity(record), uid: record.metadata.uid, deleting: record.deleting };
}
