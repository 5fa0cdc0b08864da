import type { KubeClient } from './client.js';
import type { Cached, KubeLog, KubeObject } from './types.js';

export type WatchEnd = 'ended' | 'expired' | 'silent' | 'failed';

/** For metrics; all optional. */
export interface InformerHooks {
  onList?: (info: { items: number; seconds: number }) => void;
  onEvent?: (type: 'ADDED' | 'MODIFIED' | 'DELETED') => void;
  onWatchEnd?: (why: WatchEnd) => void;
  /** So many objects of the cache differed from the API server: events were lost. */
  onRepair?: (objects: number) => void;
  /** The API server answered with an older state than was seen before: etcd was restored from a snapshot. */
  onRestored?: () => void;
}

/** Milliseconds, but for `watchSeconds`. */
export interface InformerTimes {
  /** Between comparisons of the cache with the API server, with jitter; default 5 min. */
  resyncMs: number;
  /** A difference that is still there after this time is a lost event, not a late one; default 1 s. */
  graceMs: number;
  /** A watch without any byte for so long is dead; default 90 s, because bookmarks come about every minute. */
  silenceMs: number;
  /** What the API server is asked to end a watch after, with jitter; default 480 s. */
  watchSeconds: number;
  /** The first delay after a failure (250), the longest (10 000). */
  backoffMs: number;
  maxBackoffMs: number;
  /** How long a watch must live for the delays to begin small again; default 10 s. */
  healthyMs: number;
}

export interface InformerOptions<T extends Cached> {
  client: KubeClient;
  /** Of the collection in its namespace. */
  path: string;
  query?: Selectors;
  /** Keeps of an object only what is used. Items of lists have no kind and apiVersion. */
  trim: (object: KubeObject) => T;
  /** With a selector: whether an object that was read or written by us belongs into the cache. */
  matches?: (object: KubeObject) => boolean;
  times?: Partial<InformerTimes>;
  log: KubeLog;
  hooks?: InformerHooks;
}

export interface Selectors {
  labelSelector?: string;
  fieldSelector?: string;
}

export const DEFAULT_TIMES: Readonly<InformerTimes> = {
  resyncMs: 5 * 60_000,
  graceMs: 1_000,
  silenceMs: 90_000,
  watchSeconds: 480,
  backoffMs: 250,
  maxBackoffMs: 10_000,
  healthyMs: 10_000,
};
