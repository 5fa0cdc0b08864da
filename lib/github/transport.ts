import { types } from 'node:util';

const { isNativeError } = types;

/** No answer within the time limit. */
export class NoAnswerInTimeError extends Error {
  override readonly name = 'NoAnswerInTimeError';
}

/** No connection, or it broke before the whole answer was there. */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError';
}

/** Far above every answer that is asked for here. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * A `fetch` that reads the whole answer within a time limit in milliseconds and a size limit. (Octokit takes an
 * answer whose connection broke half way for an empty one, and sets no time limit.)
 */
export function fetchWithin(timeoutMs: number): typeof fetch {
  return async (input, init) => {
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = init?.signal ? AbortSignal.any([limit, init.signal]) : limit;
    try {
      const response = await fetch(input, { ...init, signal });
      const body = await readBody(response);
      const { status, statusText } = response;
      const headers = new Headers(response.headers);
      // Octokit parses by this header, and fails with an error of its own on one that is malformed.
      headers.set('content-type', /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain');
      return new Response(mayHaveBody(status) ? body : null, { status, statusText, headers });
    } catch (error) {
      if (limit.aborted) throw new NoAnswerInTimeError(`no answer within ${timeoutMs / 1000} s`);
      throw error instanceof BrokenAnswerError ? error : new BrokenAnswerError(describe(error));
    }
  };
}

async function readBody(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new BrokenAnswerError('the answer is unreasonably large');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** `Response` refuses to be made with a body for these. */
function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

/** `fetch failed` alone says nothing; the cause does, for example `connect ECONNREFUSED 10.0.0.1:443`. */
function describe(error: unknown): string {
  const cause = isNativeError(error) ? (error.cause ?? error) : error;
  return isNativeError(cause) ? cause.message : String(cause);
}
