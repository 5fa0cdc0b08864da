import type { BuildRecord } from './build-record.js';

/**
 * The order of lists, for `Array.sort`: repository, pull request with branches first, target branch, creation; all of
 * them descending. The name makes it total.
 */
export function compareBuilds(a: BuildRecord, b: BuildRecord): number {
  return (
    descending(a.spec.repo, b.spec.repo) ||
    descending(a.spec.pr ?? Number.MAX_SAFE_INTEGER, b.spec.pr ?? Number.MAX_SAFE_INTEGER) ||
    descending(a.spec.targetBranch, b.spec.targetBranch) ||
    descending(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    descending(a.metadata.name, b.metadata.name)
  );
}

function descending<T extends string | number>(a: T, b: T): number {
  return a === b ? 0 : a < b ? 1 : -1;
}
