import { GitHubError, type GitHubErrorKind } from './errors.js';
import { type Headers, rateLimitedUntil, retryAfter } from './rate-limit.js';
import { BrokenAnswerError, NoAnswerInTimeError } from './transport.js';

const LONGEST_MESSAGE = 300;

/** What Octokit throws: an answer that is no success, or (without `response`) no answer at all. */
interface Thrown {
  readonly status?: number;
  readonly cause?: unknown;
  readonly response?: { readonly status: number; readonly headers: Headers; readonly data: unknown };
}

/** Turns whatever was thrown while `task` was done into an error that says what kind of trouble it is. */
export function classify(thrown: unknown, task: string, now: number): GitHubError {
  if (thrown instanceof GitHubError) return thrown;
  const { response, cause } = (thrown ?? {}) as Thrown;
  if (response !== undefined) return ofAnswer({ ...response, message: messageOf(response.data) }, task, now);
  if (cause instanceof NoAnswerInTimeError) {
    return new GitHubError({ kind: 'timedOut', task, why: `GitHub gave ${cause.message}` });
  }
  if (cause instanceof BrokenAnswerError) {
    return new GitHubError({ kind: 'unavailable', task, why: `GitHub did not answer (${cause.message})` });
  }
  // No request was made: an unusable private key of an App, for example. Its text could quote the key.
  const why = `the request could not be made (${thrown instanceof Error ? thrown.name : typeof thrown})`;
  return new GitHubError({ kind: 'unauthorized', task, why });
}

function ofAnswer(
  answer: { status: number; headers: Headers; message: string },
  task: string,
  now: number,
): GitHubError {
  const { status } = answer;
  const limitedUntil = rateLimitedUntil(answer, now);
  const kind = limitedUntil === undefined ? kindOf(status) : 'rateLimited';
  const retryAt = limitedUntil ?? retryAfter(answer.headers, now);
  const why = `GitHub answered ${status}${answer.message === '' ? '' : ` (${answer.message})`}`;
  return new GitHubError({ kind, task, why, status, retryAt });
}

function kindOf(status: number): GitHubErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'notFound';
  return status >= 500 || status === 408 ? 'unavailable' : 'refused';
}

/** GitHub's own sentence, on one line, short, and without anything that looks like a token. */
function messageOf(data: unknown): string {
  const message = (data as { message?: unknown } | null)?.message;
  const text = typeof message === 'string' ? message : '';
  return text
    .replace(/\b(gh[a-z]_|github_pat_|v\d+\.)\w+/g, '[removed]')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_MESSAGE);
}
