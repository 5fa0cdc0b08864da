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

/** Those who have seen more than this gateway, elsewhere, or all. */
export type FeedAudience = 'those ahead' | 'everybody';

/**
 * Takes changes, oldest first. When states were skipped, it is told who has to begin anew instead: what they know
 * differs from what was shown here, so that these changes would tell them wrong.
 */
export type FeedHandler = (changes: readonly FeedChange[], beginAnew?: FeedAudience) => void;

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
  /** Builds that changed in the directory and not here yet. */
  private readonly held = new Set<string>();
  /** Those of them whose state at the watch's resourceVersion is not known, because the directory is ahead of it. */
  private readonly passedOver = new Set<string>();
  private readonly handlers = new Set<FeedHandler>();
  private at: string | undefined;
  private replaced = 0;

  constructor({ directory, historyLimit = 5_000, lostAfterMs = 2_000 }: FeedOptions) {
    this.directory = directory;
    this.lostAfterMs = lostAfterMs;
    this.history = new History(historyLimit);
    directory.onChange((change) => this.hold(change));
    directory.onDescribedAnew(() => this.beginAnew());
  }

  /** The resourceVersion that the watch has reached; undefined before the first list. */
  get reached(): string | undefined {
    return this.at;
  }

  /** The same, if all is shown at it, so that it may be given out as an id. */
  get position(): string | undefined {
    return this.passedOver.size === 0 ? this.at : undefined;
  }

  /** Another number whenever a build is shown otherwise than before. */
  get sequence(): number {
    return this.replaced;
  }

  /** Called synchronously for what can be seen in the API's answers. The answer takes the handler away. */
  onChange(handler: FeedHandler): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** What matches, in the reverse of the order of lists. */
  snapshot(filter: BuildFilter): Shown[] {
    this.order ??= new SortedList(this.shown.values(), (a, b) => compareBuilds(a.record, b.record));
    return this.order.all.filter(({ record }) => matchesFilter(record, filter)).reverse();
  }

  /** The changes after a resourceVersion, oldest first; undefined when they are not known. */
  since(version: string): readonly FeedChange[] | undefined {
    return this.passedOver.size === 0 ? this.history.since(version) : undefined;
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
    for (const name of this.held) this.releaseLate(name);
  }

  /** All builds look otherwise than they were told of, though none has changed. */
  private beginAnew(): void {
    this.replaced++;
    if (this.at !== undefined) this.skip(String(BigInt(this.at) + 1n), [], 'everybody');
  }

  private hold({ old, new: now }: BuildChange): void {
    const { name, uid } = (now ?? old)!.metadata;
    this.held.add(name);
    if (now !== undefined) this.releaseLate(name);
    else setTimeout(() => this.releaseLost(name, uid), this.lostAfterMs).unref();
  }

  private takeEvent(isDeleted: boolean, { name, uid }: { name: string; uid: string }, version: string): void {
    if (isDeleted) {
      this.takeDeletion(name, uid, version);
      return;
    }
    const now = this.directory.get(name);
    if (now?.metadata.resourceVersion === version) this.show(name, now, version);
    else if (this.held.has(name)) {
      this.passedOver.add(name);
      this.skip(version);
    }
  }

  private takeDeletion(name: string, uid: string, version: string): void {
    if (this.shown.get(name)?.record.metadata.uid === uid) {
      this.show(name, undefined, version);
      return;
    }
    // It came and went unseen here. Unless that is known already, a list was taken for later than it was.
    const isKnown = this.passedOver.delete(name);
    if (this.isShown(name)) this.held.delete(name);
    this.skip(version, [], isKnown ? 'those ahead' : 'everybody');
  }

  /** What was listed says what is, not what was in between: who has not come so far cannot be told the rest. */
  private takeList(version: string, isFirst: boolean): void {
    const changes = this.differences(version).flatMap(({ name, now }) => this.replace(name, now));
    this.passedOver.clear();
    for (const name of this.held) {
      if (this.isShown(name)) this.held.delete(name);
      else this.passedOver.add(name);
    }
    this.skip(version, isFirst ? [] : this.dated(changes, version));
  }

  private differences(version: string): { name: string; now: BuildRecord | undefined }[] {
    const names = new Set([...this.shown.keys(), ...this.held.keys()]);
    return [...names]
      .map((name) => ({ name, now: this.directory.get(name) }))
      .filter(({ name }) => !this.isShown(name))
      .filter(({ now }) => now === undefined || !isNewer(now.metadata.resourceVersion, version));
  }

  /** A change that the watch should have brought before: its event was lost, and a comparison found it. */
  private releaseLate(name: string): void {
    const now = this.directory.get(name);
    if (now === undefined || this.at === undefined || isNewer(now.metadata.resourceVersion, this.at)) return;
    this.showLate(name, now);
  }

  private releaseLost(name: string, uid: string): void {
    const isStillShown = this.shown.get(name)?.record.metadata.uid === uid;
    if (isStillShown && this.directory.get(name)?.metadata.uid !== uid) this.showLate(name, undefined);
  }

  /** Nobody who comes back can be known to have it, so that all are to begin anew. */
  private showLate(name: string, now: BuildRecord | undefined): void {
    this.skip(String(BigInt(this.at!) + 1n), this.replace(name, now));
  }

  /** Shows the state of a build at the resourceVersion of the event that brought it. */
  private show(name: string, now: BuildRecord | undefined, version: string): void {
    if (this.shown.get(name)?.record === now) return;
    const wasPassedOver = this.passedOver.has(name);
    const changes = this.replace(name, now);
    const dated = this.dated(changes, version);
    for (const change of changes) this.history.add({ ...change, version });
    if (wasPassedOver || changes.length > 1) this.skip(version, dated);
    else this.publish(dated);
  }

  /** Puts the present state of a build in the place of the one shown. Empty when nobody can see a difference. */
  private replace(name: string, record: BuildRecord | undefined): FeedChange[] {
    this.replaced++;
    const old = this.shown.get(name);
    const now = record && { record, position: undefined };
    this.passedOver.delete(name);
    if (old !== undefined) this.order?.remove(old);
    if (now === undefined) this.shown.delete(name);
    else {
      this.shown.set(name, now);
      this.order?.add(now);
    }
    if (this.isShown(name)) this.held.delete(name);
    return this.changesBetween(old, now);
  }

  /** Whether all that the directory knows of a build is shown. */
  private isShown(name: string): boolean {
    return this.shown.get(name)?.record === this.directory.get(name);
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

  /** Only the last of several changes of one moment can tell that all are there, and only if they are. */
  private dated(changes: readonly FeedChange[], version: string): FeedChange[] {
    if (this.passedOver.size > 0) return [...changes];
    return changes.map((change, index) => (index === changes.length - 1 ? { ...change, version } : change));
  }

  /** States before this resourceVersion were skipped. */
  private skip(
    version: string,
    changes: readonly FeedChange[] = [],
    beginAnew: FeedAudience = 'those ahead',
  ): void {
    this.history.restart(version);
    this.publish(changes, beginAnew);
  }

  private publish(changes: readonly FeedChange[], beginAnew?: FeedAudience): void {
    for (const handler of this.handlers) handler(changes, beginAnew);
  }
}

function changeOf(old: Shown | undefined, now: Shown | undefined): FeedChange {
  return { version: undefined, ...(old && { old }), ...(now && { new: now }) };
}
