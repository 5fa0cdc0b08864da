import { shownStateOf } from '../state/display-state.js';
import type { Build } from '../store/build-store.js';

/** What the front page tells of all builds. */
export interface Overview {
  /** Being initialised, the longest first, and then waiting, the next one first. */
  readonly queue: readonly Build[];
  /** The last one started first. */
  readonly running: readonly Build[];
  /** By name. */
  readonly repos: readonly { readonly name: string; readonly builds: readonly Build[] }[];
}

export function overviewOf(builds: Iterable<Build>): Overview {
  const [initializing, waiting, running]: [Build[], Build[], Build[]] = [[], [], []];
  const repos = new Map<string, Build[]>();
  for (const build of builds) {
    const state = shownStateOf(build);
    if (state === 'initializing') initializing.push(build);
    else if (state === 'waiting') waiting.push(build);
    else if (state === 'started') running.push(build);
    const { repo } = build.commit_info;
    const ofRepo = repos.get(repo);
    if (ofRepo === undefined) repos.set(repo, [build]);
    else ofRepo.push(build);
  }
  initializing.sort((a, b) => ascending(a.init_started_at ?? '', b.init_started_at ?? ''));
  // A build whose place is not known yet comes last.
  waiting.sort((a, b) => (a.queue_position ?? Infinity) - (b.queue_position ?? Infinity) || 0);
  running.sort((a, b) => ascending(b.last_scaled, a.last_scaled));
  const byName = [...repos]
    .sort(([a], [b]) => ascending(a, b))
    .map(([name, ofRepo]) => ({ name, builds: ofRepo }));
  return { queue: [...initializing, ...waiting], running, repos: byName };
}

function ascending(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
