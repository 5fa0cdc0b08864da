import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isOverQuota,
  mayHaveHappened,
  NoAnswerError,
} from '../../lib/kube/errors.js';

export interface RetryOptions {
  /** Milliseconds from now until no further attempt is made; an attempt gets what is left of it. */
  readonly withinMs: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Further errors after which another attempt is worth while. */
  readonly mayPass?: (error: unknown) => boolean;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 1_500;

/**
 * Repeats what failed for a reason that may pass: no answer, or a server that is busy or in trouble. The attempt is
 * told how many whole milliseconds it may take. Throws what the last attempt threw.
 */
export async function withRetries<T>(
  options: RetryOptions,
  attempt: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  const deadline = options.now() + options.withinMs;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(2 * delay, MAX_DELAY_MS)) {
    try {
      return await attempt(Math.max(Math.ceil(deadline - options.now()), 1));
    } catch (error) {
      const pause = Math.max(delay * (0.5 + Math.random() / 2), askedDelay(error));
      const isLast = !mayPass(error) && !options.mayPass?.(error);
      if (isLast || options.now() + pause >= deadline) throw error;
      await sleep(pause);
    }
  }
}

/** Whether the same request may succeed a little later. */
export function mayPass(error: unknown): boolean {
  if (error instanceof NoAnswerError) return true;
  return error instanceof ApiError && (error.status === 429 || mayHaveHappened(error));
}

/**
 * Whether a creation may succeed a little later though the API server refused it: a quota that counts objects answers
 * 409 when many are created at once, and 403 as long as it is used up.
 */
export function mayBeCreatedLater(error: unknown): boolean {
  return (isConflict(error) && !isAlreadyExists(error)) || isOverQuota(error);
}

function askedDelay(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}
