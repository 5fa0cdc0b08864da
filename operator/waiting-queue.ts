import { compareQueueEntries } from '../crds/queue-order.js';
import type { WaitingBuild } from './limits.js';

/** The builds that wait to be initialised, always in queue order; positions count from 1. */
export class WaitingQueue {
  private readonly order: WaitingBuild[] = [];
  private readonly byUid = new Map<string, WaitingBuild>();

  get size(): number {
    return this.order.length;
  }

  has(uid: string): boolean {
    return this.byUid.has(uid);
  }

  get(uid: string): WaitingBuild | undefined {
    return this.byUid.get(uid);
  }

  [Symbol.iterator](): IterableIterator<WaitingBuild> {
    return this.order.values();
  }

  put(build: WaitingBuild): void {
    this.delete(build.uid);
    this.byUid.set(build.uid, build);
    this.order.splice(this.indexOf(build), 0, build);
  }

  delete(uid: string): boolean {
    const build = this.byUid.get(uid);
    if (!build) return false;
    this.byUid.delete(uid);
    this.order.splice(this.indexOf(build), 1);
    return true;
  }

  positionOf(uid: string): number | undefined {
    const build = this.byUid.get(uid);
    return build ? this.indexOf(build) + 1 : undefined;
  }

  /** Where the build is, or belongs: names make the order total, so a binary search finds exactly one place. */
  private indexOf(build: WaitingBuild): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareQueueEntries(this.order[middle]!, build) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
