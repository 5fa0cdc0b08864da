import type { BuildRecord } from './build-record.js';

export const BUILD_STATES = [
  'stopped',
  'stopping',
  'initializing',
  'starting',
  'started',
  'failed',
  'undeploying',
] as const;

/** The `status` of a build as scripts know it; waiting is `initializing`. */
export type BuildState = (typeof BUILD_STATES)[number];

const OF_PHASE = {
  Queued: 'initializing',
  Initializing: 'initializing',
  Stopped: 'stopped',
  Starting: 'starting',
  Started: 'started',
  Stopping: 'stopping',
  Failed: 'failed',
  Undeploying: 'undeploying',
} as const satisfies Record<NonNullable<BuildRecord['status']['phase']>, BuildState>;

export function stateOf({ deleting, status }: BuildRecord): BuildState {
  if (deleting) return 'undeploying';
  return status.phase === undefined ? 'initializing' : (OF_PHASE[status.phase] ?? 'initializing');
}

/** Whether the build waits for its initialisation, one that the operator has not seen yet included. */
export function isWaiting({ deleting, status }: BuildRecord): boolean {
  return !deleting && (status.phase === undefined || status.phase === 'Queued');
}
