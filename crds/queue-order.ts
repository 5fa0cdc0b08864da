import type { RunboatBuild } from './runboatbuild.generated.js';

/** What decides the place of a build in the queue; times are RFC 3339 texts. */
export interface QueueEntry {
  readonly name: string;
  /** Higher goes first. */
  readonly priority: number;
  /** Absent for a build that the operator has not seen yet. */
  readonly queuedAt?: string | undefined;
  readonly creationTimestamp: string;
}

/**
 * The order in which waiting builds are initialised, for `Array.sort`: priority, then the time since which
 * they wait, then name. Times are compared as instants, because `.000` and an offset change the text only.
 */
export function compareQueueEntries(a: QueueEntry, b: QueueEntry): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const apart = waitingSince(a) - waitingSince(b);
  if (apart !== 0) return apart;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** Takes from a build of the API server what decides its place; a missing time counts as the beginning of time. */
export function queueEntryOf(build: RunboatBuild): QueueEntry {
  return {
    name: build.metadata.name,
    priority: build.spec.priority ?? 0,
    queuedAt: build.status?.queuedAt,
    creationTimestamp: build.metadata.creationTimestamp ?? '',
  };
}

/** Milliseconds since the epoch; finite for any text, because one NaN would leave a sort without an order. */
function waitingSince(entry: QueueEntry): number {
  const queued = Date.parse(entry.queuedAt ?? '');
  if (!Number.isNaN(queued)) return queued;
  const created = Date.parse(entry.creationTimestamp);
  return Number.isNaN(created) ? 0 : created;
}
