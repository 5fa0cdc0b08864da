import { HttpError } from '../http/http-error.js';
import type { BuildFilter } from './build-filter.js';
import { BUILD_STATES, type BuildState } from './build-state.js';
import { MAX_PR } from './identity.js';

/**
 * A filter from the parameters repo, target_branch, branch, pr, status and build_name of a query; others are not
 * looked at. @throws HttpError 400 for a `pr` or `status` that cannot be one.
 */
export function parseFilter(query: ReadonlyMap<string, string>): BuildFilter {
  const [name, repo, targetBranch, branch] = ['build_name', 'repo', 'target_branch', 'branch'].map((key) =>
    query.get(key),
  );
  const [pr, status] = [query.get('pr'), query.get('status')];
  return {
    ...(name === undefined ? {} : { name }),
    ...(repo === undefined ? {} : { repo: repo.toLowerCase() }),
    ...(targetBranch === undefined ? {} : { targetBranch }),
    ...(branch === undefined ? {} : { branch }),
    ...(pr === undefined ? {} : { pr: parsePr(pr) }),
    ...(status === undefined ? {} : { status: parseState(status) }),
  };
}

/** @throws HttpError 400. */
export function parsePr(text: string): number {
  const pr = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (pr >= 1 && pr <= MAX_PR) return pr;
  throw new HttpError(
    400,
    'The parameter pr must be the number of a pull request, a whole number from 1 on.',
  );
}

function parseState(text: string): BuildState {
  const state = BUILD_STATES.find((candidate) => candidate === text);
  if (state !== undefined) return state;
  throw new HttpError(400, `The parameter status must be one of ${BUILD_STATES.join(', ')}.`);
}
