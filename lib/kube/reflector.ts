import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from './backoff.js';
import type { KubeClient } from './client.js';
import { ApiError, isExpired } from './errors.js';
import type { InformerHooks, InformerTimes, Selectors, WatchEnd } from './informer-options.js';
import { isNewer } from './resource-version.js';
import type { ListInProgress } from './store.js';
import type { KubeLog, KubeObject } from './types.js';
import { BrokenWatchError, runWatch, SilentWatchError } from './watch.js';
import { versionIn, type WatchEvent } from './watch-event.js';

/** Who takes what was listed and watched. */
export interface Sink {
  /** The newest resourceVersion that was seen. */
  readonly highest: string;
  beginList(resourceVersion: string, highestBefore: string): ListInProgress;
  takeListed(list: ListInProgress, item: KubeObject): void;
  endList(list: ListInProgress): void;
  takeEvent(event: ObjectEvent): void;
  /** An event of this version: whether it only repeats what was taken before, so that its object is not needed. */
  takeRepeated(resourceVersion: string): boolean;
  /** A watch begins: etcd may have been restored meanwhile, and give versions to other changes. */
  forgetRepeated(): void;
  note(resourceVersion: string): void;
}

export type ObjectEvent = Extract<WatchEvent, { object: KubeObject }>;

export interface ReflectorOptions {
  client: KubeClient;
  path: string;
  query: Selectors;
  times: InformerTimes;
  log: KubeLog;
  hooks: InformerHooks;
  /** Ends everything. */
  signal: AbortSignal;
}

/** We ended the watch ourselves, in order to begin another one. */
class WatchCutError extends Error {
  override readonly name = 'WatchCutError';
}

/** Pages of a large list may take long on a busy server. */
const LIST_TIMEOUT_MS = 60_000;
/** A watch that ends sooner than this, even in order, is followed by a pause. */
const SHORT_WATCH_MS = 1_000;
/** After so many watches in a row that opened and broke without any event the state is listed anew. */
const BARREN_WATCHES = 3;

/** Lists and watches one collection for ever, and hands all that comes to a sink. */
export class Reflector {
  private readonly options: ReflectorOptions;
  private readonly sink: Sink;
  private readonly backoff: Backoff;
  /** Where the next watch begins; undefined: list first. */
  private resumeFrom: string | undefined;
  private openedAt: number | undefined;
  private failed = false;
  private barren = 0;
  /** Those who asked for a list that begins after they asked. */
  private waitingForList: (() => void)[] = [];
  private watch = new AbortController();

  constructor(options: ReflectorOptions, sink: Sink) {
    const { backoffMs, maxBackoffMs, healthyMs } = options.times;
    this.options = options;
    this.sink = sink;
    this.backoff = new Backoff({ firstMs: backoffMs, maxMs: maxBackoffMs, healthyMs });
    options.signal.addEventListener('abort', () => this.watch.abort(options.signal.reason), { once: true });
  }

  /** Returns only after the signal; `onSynced` is called after each list. */
  async follow(onSynced: () => void): Promise<void> {
    while (!this.options.signal.aborted) {
      try {
        await this.listAndWatch(onSynced);
      } catch (error) {
        await this.afterFailure(error);
      }
    }
  }

  /** Makes a new watch go on where the present one is. */
  resume(): void {
    this.watch.abort(new WatchCutError('the watch was ended, to go on'));
  }

  /**
   * Lists anew and then watches. Resolves when a list that began from now on is in the sink, however often it has to be
   * tried. @throws the signal's reason.
   */
  relist(): Promise<void> {
    const { signal } = this.options;
    const listed = new Promise<void>((resolve, reject) => {
      const giveUp = () => reject(signal.reason);
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      this.waitingForList.push(() => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      });
    });
    this.watch.abort(new WatchCutError('the watch was ended, to list anew'));
    return listed;
  }

  private async listAndWatch(onSynced: () => void): Promise<void> {
    this.openedAt = undefined;
    if (this.failed && this.resumeFrom !== undefined) await this.checkForRestore();
    while (this.resumeFrom === undefined || this.waitingForList.length > 0) {
      const waiting = this.waitingForList.length;
      this.resumeFrom = undefined;
      this.resumeFrom = await this.list();
      onSynced();
      for (const resolve of this.waitingForList.splice(0, waiting)) resolve();
    }
    await this.runWatch(this.resumeFrom);
    this.options.hooks.onWatchEnd?.('ended');
    this.failed = false;
    if (this.watchedFor() < Math.min(SHORT_WATCH_MS, this.options.times.healthyMs)) await this.pause();
  }

  private async runWatch(resourceVersion: string): Promise<void> {
    this.watch = new AbortController();
    this.options.signal.throwIfAborted();
    const { client, path, query, times } = this.options;
    await runWatch({
      client,
      path,
      query: { ...query },
      resourceVersion,
      timeoutSeconds: Math.ceil(times.watchSeconds * (0.75 + Math.random() / 2)),
      silenceMs: times.silenceMs,
      signal: this.watch.signal,
      onOpen: () => {
        this.openedAt = performance.now();
        this.sink.forgetRepeated();
      },
      onEvent: (event) => this.take(event),
      isKnown: (line) => this.isKnown(line),
    });
  }

  private take(event: Exclude<WatchEvent, { type: 'ERROR' }>): void {
    this.barren = 0;
    this.failed = false;
    if (event.type === 'BOOKMARK') {
      this.resumeFrom = event.resourceVersion;
      this.sink.note(event.resourceVersion);
      return;
    }
    this.sink.takeEvent(event);
    this.resumeFrom = event.object.metadata.resourceVersion;
    this.options.hooks.onEvent?.(event.type);
  }

  /** Nearly half of the events repeat what our own writes were answered with. */
  private isKnown(line: string): boolean {
    const event = versionIn(line);
    if (event === undefined || !this.sink.takeRepeated(event.resourceVersion)) return false;
    this.barren = 0;
    this.failed = false;
    this.resumeFrom = event.resourceVersion;
    this.options.hooks.onEvent?.(event.type);
    return true;
  }

  /** Answers with the resourceVersion of the list. */
  private async list(): Promise<string> {
    const { client, path, query, signal, hooks } = this.options;
    const begun = performance.now();
    const highestBefore = this.sink.highest;
    let list: ListInProgress | undefined;
    for await (const page of client.list<KubeObject>(
      path,
      { ...query },
      { signal, timeoutMs: LIST_TIMEOUT_MS },
    )) {
      if (page.first || list === undefined) list = this.sink.beginList(page.resourceVersion, highestBefore);
      for (const item of page.items) this.sink.takeListed(list, item);
    }
    if (list === undefined) throw new Error('the list had no pages');
    this.sink.endList(list);
    if (list.restored) this.noteRestored(highestBefore, list.resourceVersion);
    hooks.onList?.({ items: list.seen.size, seconds: (performance.now() - begun) / 1000 });
    return list.resourceVersion;
  }

  /** A watch from a version of the future is silent: after a failure, look whether etcd went back in time. */
  private async checkForRestore(): Promise<void> {
    const { client, path, query, signal } = this.options;
    const before = this.sink.highest;
    const answer = await client.get<{ metadata: { resourceVersion: string } }>(path, {
      query: { ...query, limit: 1 },
      signal,
    });
    if (isNewer(before, answer.metadata.resourceVersion)) this.resumeFrom = undefined;
  }

  private async afterFailure(error: unknown): Promise<void> {
    const { signal, log, hooks, path } = this.options;
    if (signal.aborted || error instanceof WatchCutError) return;
    const why = describeEnd(error);
    hooks.onWatchEnd?.(why);
    this.failed = true;
    if (this.mustList(error)) this.resumeFrom = undefined;
    if (why === 'failed')
      log.warn({ path, err: error }, 'Following the API server failed and is tried again');
    else log.info({ path, why }, 'The watch begins again');
    await this.pause();
  }

  /** A watch that could not be opened, or whose connection broke, goes on where it was. */
  private mustList(error: unknown): boolean {
    if (isExpired(error)) return true;
    if (this.openedAt === undefined) return false;
    this.barren++;
    const isDoubtful = error instanceof ApiError || error instanceof BrokenWatchError;
    return isDoubtful || this.barren >= BARREN_WATCHES;
  }

  private async pause(): Promise<void> {
    const delay = this.backoff.next(this.watchedFor());
    // Rejects only when the signal ends everything, which the loop looks at.
    await sleep(delay, undefined, { signal: this.options.signal }).catch(() => undefined);
  }

  /** Milliseconds since the API server accepted the last watch. */
  private watchedFor(): number {
    return this.openedAt === undefined ? 0 : performance.now() - this.openedAt;
  }

  private noteRestored(before: string, now: string): void {
    const { log, hooks, path } = this.options;
    log.warn({ path, before, now }, 'The API server went back in time; the cache was replaced');
    hooks.onRestored?.();
  }
}

function describeEnd(error: unknown): WatchEnd {
  if (isExpired(error)) return 'expired';
  return error instanceof SilentWatchError ? 'silent' : 'failed';
}
