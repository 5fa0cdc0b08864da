import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { errorOfAnswer, NoAnswerError } from './errors.js';
import type { OutgoingRequest } from './transport.js';

/**
 * Opens an answer that has no end, such as a watch, and resolves when its status and headers are there. Destroying
 * the stream, or the signal, closes the connection.
 * @throws ApiError for a status other than 200; NoAnswerError when there is none within the time limit.
 */
export async function openStream(dispatcher: Dispatcher, request: OutgoingRequest): Promise<Readable> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), request.timeoutMs);
  const signal =
    request.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, request.signal]);
  try {
    const { method, path, headers } = request;
    const {
      statusCode,
      body,
      headers: answered,
    } = await dispatcher.request({ method, path, headers, signal });
    if (statusCode === 200) return body;
    throw await readRefusal(request, statusCode, answered, body);
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    if (limit.signal.aborted)
      throw noAnswer(request, `none came within ${request.timeoutMs / 1000} s`, error);
    if (error instanceof Error && 'code' in error) throw noAnswer(request, error.message, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function readRefusal(
  request: OutgoingRequest,
  status: number,
  headers: IncomingHttpHeaders,
  body: Readable & { text(): Promise<string> },
): Promise<Error> {
  const retryAfter = headers['retry-after'];
  return errorOfAnswer(
    { method: request.method, path: request.name },
    { status, retryAfter, body: await body.text() },
  );
}

function noAnswer(request: OutgoingRequest, why: string, cause: unknown): NoAnswerError {
  return new NoAnswerError({ method: request.method, path: request.name, why, sent: true, cause });
}
