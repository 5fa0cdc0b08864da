import { type BuildFilter, matchesFilter } from '../builds/build-filter.js';
import type { BuildRecord } from '../builds/build-record.js';

/** A build as listeners have been told of it. */
export interface Shown {
  readonly record: BuildRecord;
  /** Its place in the queue when it was last told; null: it does not wait; undefined: nobody was told. */
  position: number | null | undefined;
}

/** One change of one build. `old` alone: gone; `new` alone: appeared. Both are of one uid. */
export interface FeedChange {
  /**
   * Who has got this change has all changes up to this resourceVersion; undefined: that cannot be said, because more
   * of the same moment follow, or because the change came late.
   */
  readonly version: string | undefined;
  readonly old?: Shown;
  readonly new?: Shown;
}

/** What a listener with this filter is to be told of a change. */
export function tellOf(change: FeedChange, filter: BuildFilter): 'upd' | 'del' | undefined {
  if (change.new !== undefined && matchesFilter(change.new.record, filter)) return 'upd';
  return change.old !== undefined && matchesFilter(change.old.record, filter) ? 'del' : undefined;
}
