import { isNewer } from '../../lib/kube/resource-version.js';
import { type BuildFilter, matchesFilter } from '../builds/build-filter.js';
import { compareBuilds } from '../builds/build-order.js';
import type { BuildRecord } from '../builds/build-record.js';
import { isWaiting } from '../builds/build-state.js';
import type { BuildChange, BuildDirectory } from '../builds/directory.js';
import { SortedList } from '../builds/sorted-list.js';
import type { FeedChange, Shown } from './feed-change.js';
import { History } from './history.js';
import type { WatchProgress } from './watch-progress.js';

export interface FeedOptions {
  readonly directory: BuildDirectory;
  /** Changes that are remembered for those who come back; 5000. */
  readonly historyLimit?: number;
  /** A deletion that the watch has not told of for so long will not be told of; 2 s. */
  readonly lostAfterMs?: number;
}

/**
 * The builds as they are at one resourceVersion, the watch's, and their changes in its order. The directory is ahead
 * of it by our own writes; telling of these before what happened earlier would make resourceVersions useless as ids.
 * It must be made before the directory is filled.
 */
export class BuildFeed {
  private readonly directory: BuildDirectory;
  private readonly lostAfterMs: number;
  private readonly history: History;
  private readonly shown = new Map<string, Shown>();
  /** Made when somebody first asks. */
  private order: SortedList<Shown> | undefined;
  /** Builds that changed in the directory and not here yet; true: an event of theirs was passed over. */
  private readonly held = new Map<string, boolean>();
  private readonly handlers = new Set<(change: FeedChange) => void>();
  private at: string | undefined;
  private replaced = 0;

  constructor({ directory, historyLimit = 5_000, lostAfterMs = 2_000 }: FeedOptions) {
    this.directory = directory;
    this.lostAfterMs = lostAfterMs;
    this.history = new History(historyLimit);
    directory.onChange((change) => this.hold(change));
  }

  /** The resourceVersion that all is shown at; undefined before the first list. */
  get position(): string | undefined {
    return this.at;
  }

  /** Another number whenever a build is shown otherwise than before. */
  get sequence(): number {
    return this.replaced;
  }

  /** Called synchronously for each change that can be seen in the API's answers. */
  onChange(handler: (change: FeedChange) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** What matches at `position`, in the reverse of the order of lists. */
  snapshot(filter: BuildFilter): Shown[] {
    this.order ??= new SortedList(this.shown.values(), (a, b) => compareBuilds(a.record, b.record));
    return this.order.all.filter(({ record }) => matchesFilter(record, filter)).reverse();
  }

  /** The changes after a resourceVersion up to `position`, oldest first; undefined when they are not known. */
  since(version: string): readonly FeedChange[] | undefined {
    return this.history.since(version);
  }

  /** The API's JSON of a build that is told of, with its place in the queue of now if it is still what it was. */
  tell(shown: Shown): string {
    shown.position = this.positionOf(shown.record);
    return this.jsonOf(shown.record, shown.position);
  }

  /** Follows the watch. */
  advance({ type, resourceVersion, object }: WatchProgress): void {
    const isFirst = this.at === undefined;
    this.at = resourceVersion;
    if (type === 'LIST') this.takeList(resourceVersion, isFirst);
    else if (object !== undefined) this.takeEvent(type === 'DELETED', object, resourceVersion);
    for (const name of this.held.keys()) this.releaseLate(name);
  }

  private hold({ old, new: now }: BuildChange): void {
    const { name, uid } = (now ?? old)!.metadata;
    this.held.set(name, this.held.get(name) ?? false);
    if (now !== undefined) this.releaseLate(name);
    else setTimeout(() => this.releaseLost(name, uid), this.lostAfterMs).unref();
  }

  private takeEvent(isDeleted: boolean, { name, uid }: { name: string; uid: string }, version: string): void {
    const old = this.shown.get(name);
    if (isDeleted) {
      if (old?.record.metadata.uid === uid) this.show(name, undefined, version);
      // It came and went unseen; others may have seen it.
      else this.history.restart(version);
      return;
    }
    const now = this.directory.get(name);
    if (now?.metadata.resourceVersion === version) this.show(name, now, version);
    else if (this.held.has(name)) this.held.set(name, true);
  }

  /** What was listed says what is, not what was in between: who has not come so far cannot be told the rest. */
  private takeList(version: string, isFirst: boolean): void {
    const changes = this.differences(version).flatMap(({ name, now }) => this.replace(name, now));
    this.history.restart(version);
    if (isFirst) return;
    for (const change of changes.slice(0, -1)) this.publish(change);
    const last = changes.at(-1);
    if (last !== undefined) this.publish({ ...last, version });
  }

  private differences(version: string): { name: string; now: BuildRecord | undefined }[] {
    const names = new Set([...this.shown.keys(), ...this.held.keys()]);
    return [...names]
      .map((name) => ({ name, now: this.directory.get(name) }))
      .filter(({ name, now }) => now !== this.shown.get(name)?.record)
      .filter(({ now }) => now === undefined || !isNewer(now.metadata.resourceVersion, version));
  }

  /** A change that the watch should have brought before: its event was lost, and a comparison found it. */
  private releaseLate(name: string): void {
    const now = this.directory.get(name);
    if (now === undefined || this.at === undefined || isNewer(now.metadata.resourceVersion, this.at)) return;
    this.showLate(name, now);
  }

  private releaseLost(name: string, uid: string): void {
    const isShown = this.shown.get(name)?.record.metadata.uid === uid;
    if (isShown && this.directory.get(name)?.metadata.uid !== uid) this.showLate(name, undefined);
  }

  /** Nobody who comes back can be known to have it, so that all are to begin anew. */
  private showLate(name: string, now: BuildRecord | undefined): void {
    for (const change of this.replace(name, now)) this.publish(change);
    this.history.restart(String(BigInt(this.at!) + 1n));
  }

  /** Shows the state of a build at the resourceVersion of the event that brought it. */
  private show(name: string, now: BuildRecord | undefined, version: string): void {
    if (this.shown.get(name)?.record === now) return;
    const wasPassedOver = this.held.get(name) === true;
    const changes = this.replace(name, now);
    if (wasPassedOver) this.history.restart(version);
    for (const [index, change] of changes.entries()) {
      const isLast = index === changes.length - 1;
      if (!wasPassedOver) this.history.add({ ...change, version });
      this.publish(isLast ? { ...change, version } : change);
    }
  }

  /** Puts the present state of a build in the place of the one shown. Empty when nobody can see a difference. */
  private replace(name: string, record: BuildRecord | undefined): FeedChange[] {
    this.replaced++;
    const old = this.shown.get(name);
    const now = record && { record, position: undefined };
    if (record === this.directory.get(name)) this.held.delete(name);
    if (old !== undefined) this.order?.remove(old);
    if (now === undefined) this.shown.delete(name);
    else {
      this.shown.set(name, now);
      this.order?.add(now);
    }
    return this.changesBetween(old, now);
  }

  private changesBetween(old: Shown | undefined, now: Shown | undefined): FeedChange[] {
    if (old === undefined || now === undefined) return old === now ? [] : [changeOf(old, now)];
    if (old.record.metadata.uid !== now.record.metadata.uid)
      return [changeOf(old, undefined), changeOf(undefined, now)];
    return this.looksLike(old, now) ? [] : [changeOf(old, now)];
  }

  private looksLike(old: Shown, now: Shown): boolean {
    const position = this.positionOf(now.record);
    if (old.position === undefined && position !== null) return false;
    if (this.jsonOf(old.record, old.position ?? null) !== this.jsonOf(now.record, position)) return false;
    now.position = old.position;
    return true;
  }

  private jsonOf(record: BuildRecord, position: number | null): string {
    return JSON.stringify({ ...this.directory.describe(record), queue_position: position });
  }

  private positionOf(record: BuildRecord): number | null {
    const now = this.directory.get(record.metadata.name);
    const isSame = now !== undefined && now.metadata.uid === record.metadata.uid;
    return isSame && isWaiting(record) ? this.directory.queuePosition(now) : null;
  }

  private publish(change: FeedChange): void {
    for (const handler of this.handlers) handler(change);
  }
}

function changeOf(old: Shown | undefined, now: Shown | undefined): FeedChange {
  return { version: undefined, ...(old && { old }), ...(now && { new: now }) };
}
