import type { Build } from '../store/build-store.js';

/** A line of the list, in the order in which lines follow each other. Keys are unique and stay. */
export type Row =
  | { readonly kind: 'repo'; readonly key: string; readonly repo: string; readonly builds: readonly Build[] }
  /** A branch that has builds of pull requests alone. */
  | { readonly kind: 'branch'; readonly key: string; readonly branch: string; readonly link: string }
  | {
      readonly kind: 'build';
      readonly key: string;
      readonly build: Build;
      /** The newest of its branch or pull request: the one that speaks for it. */
      readonly isNewest: boolean;
    };

const names = new Intl.Collator('en', { numeric: true });

/**
 * Builds by repository, then by branch, the highest number first; below the builds of the branch itself those of the
 * pull requests for it, the newest first. Of each branch and pull request the newest build comes first.
 */
export function arrange(builds: Iterable<Build>): Row[] {
  const repos = groupBy(builds, ({ commit_info }) => commit_info.repo);
  return sorted(repos, names.compare).flatMap(([repo, ofRepo]) => [
    { kind: 'repo', key: `repo ${repo}`, repo, builds: ofRepo } as const,
    ...branchRows(repo, ofRepo),
  ]);
}

function branchRows(repo: string, builds: readonly Build[]): Row[] {
  const branches = groupBy(builds, ({ commit_info }) => commit_info.target_branch);
  return sorted(branches, (a, b) => names.compare(b, a)).flatMap(([branch, ofBranch]) => {
    // A branch itself comes before all pull requests.
    const sources = groupBy(ofBranch, ({ commit_info }) => commit_info.pr ?? Number.POSITIVE_INFINITY);
    const rows = sorted(sources, (a, b) => (a < b ? 1 : -1)).flatMap(([, ofSource]) => buildRows(ofSource));
    if (sources.has(Number.POSITIVE_INFINITY)) return rows;
    const link = ofBranch[0]!.repo_target_branch_link;
    return [{ kind: 'branch', key: `branch ${repo} ${branch}`, branch, link } as const, ...rows];
  });
}

function buildRows(builds: Build[]): Row[] {
  builds.sort(newestFirst);
  return builds.map((build, index) => ({ kind: 'build', key: build.name, build, isNewest: index === 0 }));
}

/** The order of the API's lists: creation, then name, both descending. */
function newestFirst(a: Build, b: Build): number {
  return a.created === b.created ? (a.name < b.name ? 1 : -1) : a.created < b.created ? 1 : -1;
}

function groupBy<K>(builds: Iterable<Build>, keyOf: (build: Build) => K): Map<K, Build[]> {
  const groups = new Map<K, Build[]>();
  for (const build of builds) {
    const key = keyOf(build);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [build]);
    else group.push(build);
  }
  return groups;
}

function sorted<K>(groups: Map<K, Build[]>, compare: (a: K, b: K) => number): [K, Build[]][] {
  return [...groups].sort(([a], [b]) => compare(a, b));
}
