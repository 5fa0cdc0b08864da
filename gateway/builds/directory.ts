import { compareQueueEntries, type QueueEntry } from '../../crds/queue-order.js';
import type { Informer } from '../../lib/kube/informer.js';
import { type BuildFilter, matchesFilter } from './build-filter.js';
import { type BuildJson, buildJson, type LinkSettings } from './build-json.js';
import { compareBuilds } from './build-order.js';
import type { BuildRecord } from './build-record.js';
import { isWaiting } from './build-state.js';
import { SortedList } from './sorted-list.js';

/** `old` alone: gone. `new` alone: appeared. Both: changed, or replaced by another build (other uid) of that name. */
export interface BuildChange {
  readonly old?: BuildRecord;
  readonly new?: BuildRecord;
}

/** All builds, from the watch. */
export interface BuildDirectory {
  /** Whether the first list is in; stays true through later troubles. */
  readonly synced: boolean;
  /** Another number after each change of any build, or of the settings. */
  readonly version: number;
  get(name: string): BuildRecord | undefined;
  /** The builds of a commit, few, in no order. */
  ofCommit(commit: string): BuildRecord[];
  /** In the order of the API's list. */
  list(filter?: BuildFilter): BuildRecord[];
  /** 1 is initialised next; null for a build that does not wait, or is not the one the directory has now. */
  queuePosition(record: BuildRecord): number | null;
  /** As the API answers it, with the exact queue position of now. */
  describe(record: BuildRecord): BuildJson;
  /** Called synchronously after each change of the directory. The answer takes the handler away. */
  onChange(handler: (change: BuildChange) => void): () => void;
  /** Called synchronously when `describe` answers otherwise for builds that have not changed. */
  onDescribedAnew(handler: () => void): void;
}

export interface DirectoryOptions {
  readonly informer: Pick<Informer<BuildRecord>, 'synced' | 'get' | 'list' | 'onChange'>;
  /** They may change; `settingsChanged` tells that they have. */
  readonly settings: LinkSettings;
  /** Told of a handler that threw; the others are called all the same. */
  readonly onHandlerError: (error: unknown) => void;
}

/** The orders are made when somebody first asks and kept up to date from then on, so that filling it costs little. */
export class InformedDirectory implements BuildDirectory {
  private readonly options: DirectoryOptions;
  private readonly handlers = new Set<(change: BuildChange) => void>();
  private readonly anewHandlers = new Set<() => void>();
  private order: SortedList<BuildRecord> | undefined;
  private waiting: SortedList<QueueEntry> | undefined;
  /** Names by commit, because every webhook asks whether its commit is built already. */
  private readonly byCommit = new Map<string, readonly string[]>();
  private changes = 0;

  constructor(options: DirectoryOptions) {
    this.options = options;
    options.informer.onChange((change) => this.take(change));
  }

  get synced(): boolean {
    return this.options.informer.synced;
  }

  get version(): number {
    return this.changes;
  }

  get(name: string): BuildRecord | undefined {
    return this.options.informer.get(name);
  }

  ofCommit(commit: string): BuildRecord[] {
    const records = (this.byCommit.get(commit) ?? []).map((name) => this.get(name));
    return records.filter((record) => record !== undefined);
  }

  list(filter: BuildFilter = {}): BuildRecord[] {
    this.order ??= new SortedList(this.options.informer.list(), compareBuilds);
    return this.order.all.filter((record) => matchesFilter(record, filter));
  }

  queuePosition(record: BuildRecord): number | null {
    if (!isQueued(record) || this.get(record.metadata.name) !== record) return null;
    this.waiting ??= new SortedList(this.waitingEntries(), compareQueueEntries);
    return this.waiting.indexOf(entryOf(record)) + 1 || null;
  }

  describe(record: BuildRecord): BuildJson {
    return buildJson(record, this.options.settings, this.queuePosition(record));
  }

  onChange(handler: (change: BuildChange) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  onDescribedAnew(handler: () => void): void {
    this.anewHandlers.add(handler);
  }

  /** What answers are made of besides builds has changed; `inLinks` is in every build's. */
  settingsChanged({ inLinks }: { inLinks: boolean }): void {
    this.changes++;
    if (inLinks) for (const handler of this.anewHandlers) handler();
  }

  private take(change: BuildChange): void {
    this.changes++;
    if (change.old !== undefined) {
      this.order?.remove(change.old);
      if (isQueued(change.old)) this.waiting?.remove(entryOf(change.old));
      this.forgetCommit(change.old);
    }
    if (change.new !== undefined) {
      this.order?.add(change.new);
      if (isQueued(change.new)) this.waiting?.add(entryOf(change.new));
      const { commit } = change.new.spec;
      this.byCommit.set(commit, [...(this.byCommit.get(commit) ?? []), change.new.metadata.name]);
    }
    for (const handler of this.handlers) this.call(handler, change);
  }

  private forgetCommit({ spec, metadata }: BuildRecord): void {
    const left = this.byCommit.get(spec.commit)?.filter((name) => name !== metadata.name) ?? [];
    if (left.length > 0) this.byCommit.set(spec.commit, left);
    else this.byCommit.delete(spec.commit);
  }

  private call(handler: (change: BuildChange) => void, change: BuildChange): void {
    try {
      handler(change);
    } catch (error) {
      this.options.onHandlerError(error);
    }
  }

  private *waitingEntries(): Iterable<QueueEntry> {
    for (const record of this.options.informer.list()) if (isQueued(record)) yield entryOf(record);
  }
}

function isQueued(record: BuildRecord): boolean {
  return isWaiting(record) && !record.paused;
}

function entryOf({ metadata, spec, status }: BuildRecord): QueueEntry {
  return {
    name: metadata.name,
    priority: spec.priority,
    queuedAt: status.phase === 'Queued' ? status.queuedAt : undefined,
    creationTimestamp: metadata.creationTimestamp,
  };
}
