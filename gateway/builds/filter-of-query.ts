import type { QueryValues } from '../openapi/read-query.js';
import type { BuildFilter } from './build-filter.js';

/** A filter from the parameters repo, target_branch, branch, pr, status and build_name of a query. */
export function filterOf(query: QueryValues): BuildFilter {
  const { build_name: name, repo, target_branch: targetBranch, branch, pr, status } = query;
  return {
    ...(name === undefined ? {} : { name }),
    ...(repo === undefined ? {} : { repo: repo.toLowerCase() }),
    ...(targetBranch === undefined ? {} : { targetBranch }),
    ...(branch === undefined ? {} : { branch }),
    ...(pr === undefined ? {} : { pr }),
    ...(status === undefined ? {} : { status }),
  };
}
