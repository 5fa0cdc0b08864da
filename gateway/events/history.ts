import { compareResourceVersions, isNewer } from '../../lib/kube/resource-version.js';
import type { FeedChange } from './feed-change.js';

type Recorded = FeedChange & { readonly version: string };

/** The last changes in the order of their resourceVersions, without a gap since `floor`. */
export class History {
  private readonly limit: number;
  private changes: Recorded[] = [];
  private begin: string | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Forgets all: only what comes after this resourceVersion will be known. */
  restart(version: string): void {
    this.changes = [];
    this.begin = version;
  }

  add(change: Recorded): void {
    this.changes.push(change);
    // Dropped in portions, because moving thousands for each new one would cost more than the rest.
    if (this.changes.length < this.limit * 1.25) return;
    const dropped = this.changes.splice(0, this.changes.length - this.limit);
    this.begin = dropped.at(-1)!.version;
  }

  /** The changes after a resourceVersion, oldest first; undefined when they are not known any more. */
  since(version: string): readonly FeedChange[] | undefined {
    if (this.begin === undefined || isNewer(this.begin, version)) return undefined;
    return this.changes.slice(this.indexAfter(version));
  }

  private indexAfter(version: string): number {
    let low = 0;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareResourceVersions(this.changes[middle]!.version, version) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
