/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | number | undefined>>;

/** GitHub asks for "at least one minute" of silence when it names no time (docs: best practices for the REST API). */
const UNNAMED_WAIT_MS = 60_000;
/** Nobody is obeyed longer than this; GitHub's own limits are counted by the hour. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/**
 * When the next request may be sent, in milliseconds since the epoch, if the answer is about a rate limit;
 * undefined when it is not. A limit is told by 429, or by 403 with `Retry-After`, with
 * `X-RateLimit-Remaining: 0`, or with a message about it.
 */
export function rateLimitedUntil(
  answer: { status: number; headers: Headers; message: string },
  now: number,
): number | undefined {
  if (answer.status !== 429 && answer.status !== 403) return undefined;
  const retryAt = retryAfter(answer.headers, now);
  if (retryAt !== undefined) return retryAt;
  if (String(answer.headers['x-ratelimit-remaining']) === '0') return resetTime(answer.headers, now);
  const isLimit = answer.status === 429 || /rate limit|abuse detection/i.test(answer.message);
  return isLimit ? now + UNNAMED_WAIT_MS : undefined;
}

/** The time that `Retry-After` names, in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const seconds = Number(text);
  const at = Number.isFinite(seconds) ? now + seconds * 1000 : Date.parse(String(text));
  return Number.isNaN(at) ? undefined : bounded(at, now);
}

/** `X-RateLimit-Reset` is in seconds since the epoch, by GitHub's clock; its `Date` says what that clock shows. */
function resetTime(headers: Headers, now: number): number {
  const reset = Number(headers['x-ratelimit-reset']) * 1000;
  if (!Number.isFinite(reset)) return now + UNNAMED_WAIT_MS;
  const theirNow = Date.parse(String(headers['date']));
  const skew = Number.isNaN(theirNow) ? 0 : now - theirNow;
  // Both clocks are read in whole seconds.
  return bounded(reset + skew + 1000, now);
}

function bounded(at: number, now: number): number {
  return Math.min(Math.max(at, now), now + LONGEST_WAIT_MS);
}
