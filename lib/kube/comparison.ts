import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from './client.js';
import type { Selectors } from './informer-options.js';
import { isNewer } from './resource-version.js';
import type { Store } from './store.js';
import type { Cached } from './types.js';

export interface Comparison<T extends Cached> {
  client: KubeClient;
  path: string;
  query: Selectors;
  store: Store<T>;
  /** How long a difference may take to go by itself, because its event is only late. */
  graceMs: number;
  signal: AbortSignal;
  /** Reads one object into the store. */
  refresh: (name: string) => Promise<unknown>;
  /** Lists all anew: there is too much to read one by one, or etcd went back in time. */
  relist: () => Promise<void>;
}

interface Differences<T> {
  resourceVersion: string;
  restored: boolean;
  /** What the API server has newer, or alone. */
  newer: Cached['metadata'][];
  /** What the store has alone. */
  missing: T[];
}

const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const LIST_TIMEOUT_MS = 60_000;
const MAX_SINGLE_READS = 100;

/**
 * Compares name, uid and resourceVersion of all objects with a metadata-only list, because an event can be lost in a
 * healthy watch, and repairs the store, which is done when this resolves. Answers how many objects differed for longer
 * than the grace time; a restore of etcd is not counted, the new list tells of it.
 */
export async function compareWithServer<T extends Cached>(comparison: Comparison<T>): Promise<number> {
  const { store, graceMs, signal, relist } = comparison;
  const found = await findDifferences(comparison);
  if (found.restored) {
    await relist();
    return 1;
  }
  if (found.newer.length + found.missing.length === 0) return 0;
  await sleep(graceMs, undefined, { signal });
  const newer = found.newer.filter((metadata) => store.wants(metadata));
  const missing = found.missing.filter((object) => store.get(object.metadata.name) === object);
  for (const { metadata } of missing) store.remove(metadata.name, metadata.uid, found.resourceVersion);
  if (newer.length > MAX_SINGLE_READS) await relist();
  else for (const { name } of newer) await comparison.refresh(name);
  return newer.length + missing.length;
}

async function findDifferences<T extends Cached>(comparison: Comparison<T>): Promise<Differences<T>> {
  const { client, path, query, store, signal } = comparison;
  const highestBefore = store.highest;
  const options = { signal, accept: METADATA_ONLY, timeoutMs: LIST_TIMEOUT_MS };
  let newer: Cached['metadata'][] = [];
  let names = new Set<string>();
  let resourceVersion = '';
  for await (const page of client.list<Cached>(path, { ...query }, options)) {
    if (page.first) [newer, names, resourceVersion] = [[], new Set(), page.resourceVersion];
    for (const { metadata } of page.items) {
      names.add(metadata.name);
      const { name, uid } = metadata;
      if (store.wants(metadata)) newer.push({ name, uid, resourceVersion: metadata.resourceVersion });
    }
  }
  const isMissing = (object: T) =>
    !names.has(object.metadata.name) && !isNewer(object.metadata.resourceVersion, resourceVersion);
  return {
    resourceVersion,
    restored: isNewer(highestBefore, resourceVersion),
    newer,
    missing: [...store.values()].filter(isMissing),
  };
}
