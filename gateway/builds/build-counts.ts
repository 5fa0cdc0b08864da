import type { Config } from '../../lib/config/types.js';
import { type BuildState, isWaiting, stateOf } from './build-state.js';
import type { BuildDirectory } from './directory.js';

/** The answer to `GET /status`. */
export interface BuildCounts {
  /** What `limits.deployed` counts: all but those being undeployed and those that were refused. */
  readonly deployed: number;
  readonly max_deployed: number;
  readonly failed: number;
  readonly stopped: number;
  readonly started: number;
  readonly max_started: number;
  /** Wait for their initialisation. */
  readonly to_initialize: number;
  /** Have their job. */
  readonly initializing: number;
  readonly max_initializing: number;
  readonly undeploying: number;
}

export function countBuilds(directory: BuildDirectory, limits: Config['limits']): BuildCounts {
  const states: Partial<Record<BuildState, number>> = {};
  let [waiting, refused] = [0, 0];
  const builds = directory.list();
  for (const build of builds) {
    const state = stateOf(build);
    states[state] = (states[state] ?? 0) + 1;
    if (isWaiting(build)) waiting++;
    if (state !== 'undeploying' && build.status.refused) refused++;
  }
  const of = (state: BuildState) => states[state] ?? 0;
  return {
    deployed: builds.length - of('undeploying') - refused,
    max_deployed: limits.deployed,
    failed: of('failed'),
    stopped: of('stopped'),
    started: of('started'),
    max_started: limits.started,
    to_initialize: waiting,
    initializing: of('initializing') - waiting,
    max_initializing: limits.initializing,
    undeploying: of('undeploying'),
  };
}
