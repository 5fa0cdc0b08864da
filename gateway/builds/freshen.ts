import { setTimeout as sleep } from 'node:timers/promises';
import type { Informer } from '../../lib/kube/informer.js';
import type { BuildRecord } from './build-record.js';
import { refusalOf } from './refusal.js';
import { withRetries } from './retry.js';
import { shareRuns } from './share-runs.js';

/** As long as the actions repeat a write, milliseconds. */
const WITHIN_MS = 8_000;

/**
 * Compares the watch with the API server: what is to be removed is looked for in the watch, which may not have what
 * another copy of the gateway made a moment ago. Passing troubles are retried for 8 s. @throws HttpError 503.
 */
export function createFreshen(informer: Pick<Informer<BuildRecord>, 'resync'>): () => Promise<void> {
  const resync = shareRuns(() => informer.resync());
  const now = () => performance.now();
  return async () => {
    try {
      await withRetries({ withinMs: WITHIN_MS, now }, (timeoutMs) => within(resync(), timeoutMs));
    } catch (error) {
      throw refusalOf(error, 'read which builds there are');
    }
  };
}

/** The comparison itself goes on for those who share it. */
async function within(run: Promise<unknown>, timeoutMs: number): Promise<void> {
  const done = new AbortController();
  const tooLate = sleep(timeoutMs, undefined, { signal: done.signal }).then(() => {
    throw new DOMException('the builds could not be read in time', 'TimeoutError');
  });
  tooLate.catch(() => undefined);
  await Promise.race([run, tooLate]).finally(() => done.abort());
}
