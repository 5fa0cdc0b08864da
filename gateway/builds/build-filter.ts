import type { BuildRecord } from './build-record.js';
import { type BuildState, stateOf } from './build-state.js';

/** What a build must be; a key that is not there says nothing. */
export interface BuildFilter {
  readonly name?: string;
  /** Lower case. */
  readonly repo?: string;
  /** The branch, or the base of a pull request. */
  readonly targetBranch?: string;
  /** That branch itself, without pull requests. */
  readonly branch?: string;
  readonly pr?: number;
  readonly status?: BuildState;
}

export function matchesFilter(record: BuildRecord, filter: BuildFilter): boolean {
  const { spec, metadata } = record;
  if (filter.name !== undefined && metadata.name !== filter.name) return false;
  if (filter.repo !== undefined && spec.repo !== filter.repo) return false;
  if (filter.targetBranch !== undefined && spec.targetBranch !== filter.targetBranch) return false;
  if (filter.branch !== undefined && (spec.targetBranch !== filter.branch || spec.pr !== null)) return false;
  if (filter.pr !== undefined && spec.pr !== filter.pr) return false;
  return filter.status === undefined || stateOf(record) === filter.status;
}

/** The same text for filters that mean the same. */
export function filterKey({ name, repo, targetBranch, branch, pr, status }: BuildFilter): string {
  return JSON.stringify([name, repo, targetBranch, branch, pr, status]);
}
