import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from '../../lib/telemetry/logger.js';
import { HttpError } from './http-error.js';

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
    const answer = asHttpError(error);
    if (answer.status >= 500) logTrouble(log, answer, response);
    if (response.headersSent) {
      // Too late for another answer: a cut connection is how the caller sees that this one is not whole.
      response.destroy();
      return;
    }
    response.status(answer.status).set(answer.headers).set('Cache-Control', 'no-store');
    if (wantsPage(request)) response.type('html').send(page(answer));
    else response.json({ detail: answer.detail });
  };
}

function logTrouble(log: Logger, error: HttpError, response: Response): void {
  const fields = { requestId: response.locals['requestId'], status: error.status, detail: error.detail };
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
