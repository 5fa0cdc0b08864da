import type { ServerResponse } from 'node:http';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { Logger } from '../../lib/telemetry/logger.js';
import { HttpError } from './http-error.js';
import type { Notes } from './noted.js';

/** Shows an error to a person; answers a whole page. */
export type ErrorPage = (error: HttpError) => string;

/** For what no router has served. */
export const noSuchPath: RequestHandler = () => {
  throw new HttpError(404, 'There is nothing at this address; /docs lists what there is.');
};

/** The one place where errors become answers: `{"detail": ...}`, or a page for browsers where pages are. */
export function createErrorAnswer({ log, page }: { log: Logger; page: ErrorPage }): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    if (wantsPage(request)) answerError({ error, response, log, page });
    else answerError({ error, response, log });
  };
}

interface FailedRequest {
  readonly error: unknown;
  readonly response: ServerResponse & { readonly locals: Partial<Notes> };
  readonly log: Logger;
  /** Without it the answer is JSON. */
  readonly page?: ErrorPage;
}

/** Answers a request that ended otherwise than well, whoever has served it. */
export function answerError({ error, response, log, page }: FailedRequest): void {
  const answer = asHttpError(error);
  if (answer.status >= 500) logTrouble(log, answer, response);
  if (response.headersSent) {
    // Too late for another answer: a cut connection is how the caller sees that this one is not whole.
    response.destroy();
    return;
  }
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.setHeader('Cache-Control', 'no-store');
  const body = Buffer.from(page ? page(answer) : JSON.stringify({ detail: answer.detail }));
  response.setHeader('Content-Type', `${page ? 'text/html' : 'application/json'}; charset=utf-8`);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

function logTrouble(log: Logger, error: HttpError, { locals }: FailedRequest['response']): void {
  const fields = { requestId: locals.requestId, status: error.status, detail: error.detail };
  if (error.status === 500) log.error({ ...fields, err: error.cause }, 'A request failed unexpectedly');
  else log.warn({ ...fields, err: error.cause }, 'A request could not be served');
}

/** Errors of Express itself, such as an address that is not well encoded, carry a status below 500. */
function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new HttpError(status, 'The request is not well formed.', { cause: error });
  }
  const detail = 'The gateway failed to answer this request. Its log has the reason.';
  return new HttpError(500, detail, { cause: error });
}

const FOR_PEOPLE = /^\/($|webui(\/|$)|builds(\/|$))/;
const FOR_PROGRAMS = /^\/(api|webhooks)(\/|$)/;

/** Where pages are, whoever does not ask for JSON gets a page; elsewhere only those who ask for one. */
function wantsPage(request: Request): boolean {
  const path = request.originalUrl.split('?', 1)[0]!;
  if (FOR_PROGRAMS.test(path)) return false;
  const isVisit = FOR_PEOPLE.test(path) && (request.method === 'GET' || request.method === 'HEAD');
  return request.accepts(isVisit ? ['html', 'json'] : ['json', 'html']) === 'html';
}
