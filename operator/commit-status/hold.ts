import type { GitHubError } from '../../lib/github/errors.js';

/** What to do after a status was not accepted. */
export type Verdict =
  /** GitHub will refuse this status for ever: it is not sent again. */
  | { readonly type: 'giveUp' }
  /** Only this status is sent again, after so many milliseconds. */
  | { readonly type: 'retry'; readonly delayMs: number }
  /** Nothing at all is sent before this time, in milliseconds since the epoch. */
  | { readonly type: 'pause'; readonly until: number };

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60_000;
const FIRST_PAUSE_MS = 15_000;

/**
 * What follows from an error; `failures` counts those of this status, this one included. A limit and wrong
 * credentials concern every request, a server in trouble only this one until it asks for silence.
 */
export function judge(error: GitHubError, failures: number, now: number): Verdict {
  switch (error.kind) {
    case 'notFound':
    case 'refused':
    case 'forbidden':
      return { type: 'giveUp' };
    case 'rateLimited':
      return { type: 'pause', until: soonest(error.retryAt ?? now + FIRST_PAUSE_MS, now) };
    case 'unauthorized':
      return { type: 'pause', until: now + growing(FIRST_PAUSE_MS, failures) };
    case 'unavailable':
    case 'timedOut':
      if (error.retryAt !== undefined) return { type: 'pause', until: soonest(error.retryAt, now) };
      return { type: 'retry', delayMs: growing(FIRST_RETRY_MS, failures) };
  }
}

/** "Retry after 0 s" is no leave to ask without a pause. */
function soonest(at: number, now: number): number {
  return Math.max(at, now + FIRST_RETRY_MS);
}

function growing(first: number, failures: number): number {
  return Math.min(first * 2 ** Math.min(failures - 1, 20), LONGEST_RETRY_MS);
}
