import { setTimeout as sleep } from 'node:timers/promises';
import { compareWithServer } from './comparison.js';
import { isNotFound } from './errors.js';
import { DEFAULT_TIMES, type InformerOptions, type InformerTimes } from './informer-options.js';
import { objectPath } from './paths.js';
import { type ObjectEvent, Reflector, type Sink } from './reflector.js';
import { isNewer } from './resource-version.js';
import { type Change, type ListInProgress, Store } from './store.js';
import type { Cached, KubeObject } from './types.js';

export type ChangeHandler<T> = (change: Change<T>) => void;

/** How far the watch is: the cache has all changes up to `resourceVersion`, and perhaps our own writes beyond it. */
export interface Progress {
  /** What took it there; `LIST`: changes in between may have been skipped. */
  readonly type: 'LIST' | 'BOOKMARK' | ObjectEvent['type'];
  readonly resourceVersion: string;
  /** Whom an event was about. */
  readonly object?: { readonly name: string; readonly uid: string };
}

/** More than there are writes between an answer and its event. */
const REMEMBERED_ANSWERS = 500;

/** A cache of one resource in one namespace that follows the API server, whatever happens on the way. */
export class Informer<T extends Cached> {
  private readonly options: InformerOptions<T>;
  private readonly times: InformerTimes;
  private readonly store: Store<T>;
  private readonly reflector: Reflector;
  private readonly handlers: ChangeHandler<T>[] = [];
  private readonly followers: ((progress: Progress) => void)[] = [];
  /** Versions that answers to our own writes brought; their events are still to come, or came before. */
  private readonly answered = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly waiting = new Set<() => void>();
  private loops: Promise<unknown> | undefined;
  private hasSynced = false;

  constructor(options: InformerOptions<T>) {
    this.options = options;
    this.times = { ...DEFAULT_TIMES, ...options.times };
    this.store = new Store<T>({ now: () => performance.now() }, (change) => this.announce(change));
    const { client, path, query = {}, log, hooks = {} } = options;
    const common = { client, path, query, times: this.times, log, hooks, signal: this.stopping.signal };
    this.reflector = new Reflector(common, this.sink());
  }

  /** Begins to list and watch; `whenSynced` tells when the first list is in. */
  start(): void {
    this.loops ??= Promise.all([this.reflector.follow(() => this.noteSynced()), this.compareForEver()]);
  }

  /** Ends the watch; the cache stays as it is. An informer that was stopped cannot be started again. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error(`the informer of ${this.options.path} was stopped`));
    await this.loops;
  }

  /** Whether the first list is in; stays true through later troubles. */
  get synced(): boolean {
    return this.hasSynced;
  }

  /** Resolves after the first list. @throws the signal's reason, or an Error when the informer is stopped before. */
  whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.hasSynced) return Promise.resolve();
    const given = AbortSignal.any(
      signal === undefined ? [this.stopping.signal] : [this.stopping.signal, signal],
    );
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.waiting.delete(settle);
        given.removeEventListener('abort', settle);
        if (this.hasSynced) resolve();
        else reject(given.reason);
      };
      if (given.aborted) return settle();
      this.waiting.add(settle);
      given.addEventListener('abort', settle);
    });
  }

  get(name: string): T | undefined {
    return this.store.get(name);
  }

  list(): IterableIterator<T> {
    return this.store.values();
  }

  get size(): number {
    return this.store.size;
  }

  /** Called synchronously after each change of the cache; what a handler throws is logged and goes no further. */
  onChange(handler: ChangeHandler<T>): void {
    this.handlers.push(handler);
  }

  /** Called synchronously after each event, bookmark and list, when the cache has it; guarded like `onChange`. */
  onProgress(handler: (progress: Progress) => void): void {
    this.followers.push(handler);
  }

  /** Takes the API server's answer to our own write (or read) into the cache, unless that knows better. */
  observe(object: KubeObject): void {
    const { name, uid, resourceVersion } = object.metadata;
    if (isGone(object)) this.store.remove(name, uid, undefined);
    else if (this.options.matches?.(object) === false) this.store.remove(name, uid, resourceVersion);
    else {
      this.put(object);
      this.expectRepetition(resourceVersion);
    }
  }

  /** Our delete was answered with "gone": the object of this uid never comes back. */
  observeDeleted(name: string, uid: string): void {
    this.store.remove(name, uid, undefined);
  }

  /**
   * Reads one object live and takes it into the cache; undefined when there is none. It is answered also when the
   * selector leaves it out of the cache.
   */
  async refresh(name: string): Promise<T | undefined> {
    const object = await this.readIntoCache(name);
    if (object === undefined) return undefined;
    const cached = this.store.get(name);
    const isCurrent =
      cached !== undefined && !isNewer(object.metadata.resourceVersion, cached.metadata.resourceVersion);
    return isCurrent ? cached : this.options.trim(object);
  }

  /** Compares the cache with the API server now and repairs it. Answers how many objects differed. */
  async resync(): Promise<number> {
    const { client, path, query = {}, log, hooks } = this.options;
    const objects = await compareWithServer({
      client,
      path,
      query,
      store: this.store,
      graceMs: this.times.graceMs,
      signal: this.stopping.signal,
      refresh: (name) => this.readIntoCache(name),
      relist: () => this.reflector.relist(),
    });
    if (objects === 0) return 0;
    log.warn({ path, objects }, 'The cache differed from the API server and is repaired');
    hooks?.onRepair?.(objects);
    // A watch that loses events deserves no trust.
    this.reflector.resume();
    return objects;
  }

  private sink(): Sink {
    const { store } = this;
    return {
      get highest() {
        return store.highest;
      },
      beginList: (resourceVersion, highestBefore) => store.beginList(resourceVersion, highestBefore),
      takeListed: (list, item) => this.takeListed(list, item),
      endList: (list) => {
        store.endList(list);
        this.proceed({ type: 'LIST', resourceVersion: list.resourceVersion });
      },
      takeEvent: (event) => this.takeEvent(event),
      takeRepeated: (resourceVersion) => this.takeRepeated(resourceVersion),
      forgetRepeated: () => this.answered.clear(),
      note: (resourceVersion) => {
        store.note(resourceVersion);
        this.proceed({ type: 'BOOKMARK', resourceVersion });
      },
    };
  }

  private takeListed(list: ListInProgress, item: KubeObject): void {
    list.seen.add(item.metadata.name);
    const trimmed = this.trim(item);
    if (trimmed !== undefined) this.store.putListed(list, trimmed);
  }

  private takeEvent({ type, object }: ObjectEvent): void {
    const { name, uid, resourceVersion } = object.metadata;
    if (type === 'DELETED') this.store.remove(name, uid, resourceVersion);
    else this.put(object);
    this.proceed({ type, resourceVersion, object: { name, uid } });
  }

  private expectRepetition(resourceVersion: string): void {
    this.answered.add(resourceVersion);
    const [oldest] = this.answered;
    if (this.answered.size > REMEMBERED_ANSWERS && oldest !== undefined) this.answered.delete(oldest);
  }

  /** Followers want to know of every event, and whom it was about. */
  private takeRepeated(resourceVersion: string): boolean {
    if (this.followers.length > 0 || !this.answered.delete(resourceVersion)) return false;
    this.store.note(resourceVersion);
    return true;
  }

  private put(object: KubeObject): void {
    const trimmed = this.trim(object);
    if (trimmed !== undefined) this.store.put(trimmed);
  }

  /** An object that `trim` cannot take is left out, so that it holds up no other. */
  private trim(object: KubeObject): T | undefined {
    try {
      return this.options.trim(object);
    } catch (error) {
      const fields = { path: this.options.path, name: object.metadata.name, err: error };
      this.options.log.error(fields, 'An object cannot be taken into the cache');
      return undefined;
    }
  }

  private async readIntoCache(name: string): Promise<KubeObject | undefined> {
    const before = this.store.get(name);
    const object = await this.read(name);
    if (object !== undefined) this.observe(object);
    // A uid never comes back; an object of another uid, which came while we asked, stays.
    else if (before !== undefined) this.observeDeleted(name, before.metadata.uid);
    return object;
  }

  private async read(name: string): Promise<KubeObject | undefined> {
    try {
      const path = objectPath(this.options.path, name);
      return await this.options.client.get<KubeObject>(path, { signal: this.stopping.signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async compareForEver(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const delay = this.times.resyncMs * (0.9 + Math.random() / 5);
      // Rejects only when the informer is stopped, which the loop looks at.
      await sleep(delay, undefined, { signal }).catch(() => undefined);
      if (this.hasSynced && !signal.aborted)
        await this.resync().catch((error: unknown) => this.noteFailedResync(error));
    }
  }

  private noteFailedResync(error: unknown): void {
    if (this.stopping.signal.aborted) return;
    const fields = { path: this.options.path, err: error };
    this.options.log.warn(fields, 'The cache could not be compared with the API server; later again');
  }

  private noteSynced(): void {
    this.hasSynced = true;
    for (const settle of [...this.waiting]) settle();
  }

  private announce(change: Change<T>): void {
    for (const handler of this.handlers)
      this.call(handler, change, (change.new ?? change.old)?.metadata.name);
  }

  private proceed(progress: Progress): void {
    for (const handler of this.followers) this.call(handler, progress, progress.object?.name);
  }

  private call<A>(handler: (argument: A) => void, argument: A, name: string | undefined): void {
    try {
      handler(argument);
    } catch (error) {
      const fields = { path: this.options.path, name, err: error };
      this.options.log.error(fields, 'A handler of cache changes failed');
    }
  }
}

/** The answer to a write that took the last finalizer of an object being deleted shows it, but it is gone. */
function isGone(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && !deletionGracePeriodSeconds;
}
