import { compareResourceVersions, isNewer } from './resource-version.js';
import type { Cached } from './types.js';

/** `old` alone: gone. `new` alone: appeared. Both: changed, or replaced by another object (other uid) of that name. */
export interface Change<T> {
  old?: T;
  new?: T;
}

export interface StoreOptions {
  /** Milliseconds that only grow. */
  now: () => number;
  /** How long a deleted uid is remembered; longer than any answer can be late. */
  tombstoneMs?: number;
}

interface Tombstone {
  /** Objects of this uid up to this resourceVersion are past; undefined: all of them are. */
  upTo: string | undefined;
  at: number;
}

/** A list that is being read, page by page. */
export interface ListInProgress {
  resourceVersion: string;
  /** The list is older than what was seen before it began: etcd was restored from an older snapshot. */
  restored: boolean;
  seen: Set<string>;
}

const TOMBSTONE_MS = 10 * 60_000;

/**
 * Objects of one kind in one namespace by name, fed from lists, watches and the answers to our own writes, which
 * come in any order. Newer resourceVersions win; what was deleted does not come back by a late answer. No I/O.
 */
export class Store<T extends Cached> {
  private readonly objects = new Map<string, T>();
  /** By uid, oldest first. */
  private readonly tombstones = new Map<string, Tombstone>();
  private readonly options: StoreOptions;
  private readonly emit: (change: Change<T>) => void;
  private newest = '0';

  constructor(options: StoreOptions, emit: (change: Change<T>) => void) {
    this.options = options;
    this.emit = emit;
  }

  get size(): number {
    return this.objects.size;
  }

  /** The newest resourceVersion that was seen, `0` at first. */
  get highest(): string {
    return this.newest;
  }

  get(name: string): T | undefined {
    return this.objects.get(name);
  }

  values(): IterableIterator<T> {
    return this.objects.values();
  }

  /** Whether an object of this identity would be taken into the store. */
  wants(metadata: Cached['metadata']): boolean {
    const { name, uid, resourceVersion } = metadata;
    const tombstone = this.tombstones.get(uid);
    if (tombstone !== undefined && !outlives(resourceVersion, tombstone)) return false;
    const cached = this.objects.get(name);
    return cached === undefined || isNewer(resourceVersion, cached.metadata.resourceVersion);
  }

  /** An object as seen at its resourceVersion; ignored when the store has it as new or newer, or knows it deleted. */
  put(object: T): boolean {
    const { name, resourceVersion } = object.metadata;
    this.note(resourceVersion);
    const isWanted = this.wants(object.metadata);
    const cached = this.objects.get(name);
    if (isWanted) this.set(name, object);
    if (cached !== undefined && cached.metadata.uid !== object.metadata.uid) this.settle(cached, object);
    return isWanted;
  }

  /** Two objects of one name were never there at the same time, so the older one is gone for good. */
  private settle(cached: T, seen: T): void {
    const isCachedOlder = isNewer(seen.metadata.resourceVersion, cached.metadata.resourceVersion);
    this.bury((isCachedOlder ? cached : seen).metadata.uid, undefined);
    // The newer one is known to be deleted, so that it did not take the place of the older one.
    const { name } = cached.metadata;
    if (isCachedOlder && this.objects.get(name) === cached) this.drop(name, cached);
  }

  /**
   * An object that was deleted, or left the selector, at this resourceVersion; undefined when only the fact is known,
   * from the answer to our own delete. A newer object of that name stays.
   */
  remove(name: string, uid: string, resourceVersion: string | undefined): boolean {
    if (resourceVersion !== undefined) this.note(resourceVersion);
    this.bury(uid, resourceVersion);
    const cached = this.objects.get(name);
    if (cached === undefined || cached.metadata.uid !== uid) return false;
    if (resourceVersion !== undefined && isNewer(cached.metadata.resourceVersion, resourceVersion))
      return false;
    this.drop(name, cached);
    return true;
  }

  /**
   * Begins a consistent list; `highestBefore` is `highest` at the moment before it was asked for. A consistent list
   * is never older than what anyone saw before it, unless etcd went back in time.
   */
  beginList(resourceVersion: string, highestBefore: string): ListInProgress {
    const restored = isNewer(highestBefore, resourceVersion);
    if (restored) {
      this.tombstones.clear();
      this.newest = resourceVersion;
    }
    this.note(resourceVersion);
    return { resourceVersion, restored, seen: new Set() };
  }

  putListed(list: ListInProgress, object: T): void {
    list.seen.add(object.metadata.name);
    if (!list.restored) {
      this.put(object);
      return;
    }
    const cached = this.objects.get(object.metadata.name);
    if (cached === undefined || !sameVersion(cached, object)) this.set(object.metadata.name, object);
  }

  /** Drops what the list does not have; objects newer than the list stay, unless the list replaces everything. */
  endList(list: ListInProgress): number {
    let dropped = 0;
    for (const [name, cached] of this.objects) {
      if (list.seen.has(name)) continue;
      const { uid, resourceVersion } = cached.metadata;
      if (!list.restored && isNewer(resourceVersion, list.resourceVersion)) continue;
      this.bury(uid, list.resourceVersion);
      this.drop(name, cached);
      dropped++;
    }
    return dropped;
  }

  note(resourceVersion: string): void {
    if (isNewer(resourceVersion, this.newest)) this.newest = resourceVersion;
  }

  private set(name: string, object: T): void {
    const old = this.objects.get(name);
    this.objects.set(name, object);
    this.emit(old === undefined ? { new: object } : { old, new: object });
  }

  private drop(name: string, cached: T): void {
    this.objects.delete(name);
    this.emit({ old: cached });
  }

  private bury(uid: string, upTo: string | undefined): void {
    const known = this.tombstones.get(uid);
    const stays =
      known !== undefined && (known.upTo === undefined || (upTo !== undefined && isNewer(known.upTo, upTo)));
    this.tombstones.delete(uid);
    this.tombstones.set(uid, { upTo: stays ? known.upTo : upTo, at: this.options.now() });
    this.forgetOldTombstones();
  }

  private forgetOldTombstones(): void {
    const limit = this.options.now() - (this.options.tombstoneMs ?? TOMBSTONE_MS);
    for (const [uid, tombstone] of this.tombstones) {
      if (tombstone.at > limit) return;
      this.tombstones.delete(uid);
    }
  }
}

function outlives(resourceVersion: string, tombstone: Tombstone): boolean {
  return tombstone.upTo !== undefined && compareResourceVersions(resourceVersion, tombstone.upTo) > 0;
}

function sameVersion(a: Cached, b: Cached): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
