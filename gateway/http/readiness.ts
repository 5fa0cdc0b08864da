import type { RequestHandler, Router } from 'express';
import { unavailable } from './http-error.js';
import { addRoute, strictRouter } from './routes.js';

/** Undefined when all is well, else a sentence that says what is waited for. */
type WaitsFor = () => string | undefined;

export interface Readiness {
  /** Whether requests can be served. */
  readonly builds: WaitsFor;
  /** Whether further ones are welcome: not when the process is to end. */
  readonly process: WaitsFor;
}

/** 503 for everything that reads or writes builds until all of them are known. */
export function requireReadiness({ builds }: Readiness): RequestHandler {
  return (_request, _response, next) => {
    const reason = builds();
    if (reason === undefined) return next();
    throw unavailable(`${reason} Try again in a few seconds.`, 2);
  };
}

/** `/healthz` and `/readyz`. */
export function createHealthRouter({ process }: Readiness): Router {
  const router = strictRouter();
  addRoute(router, '/healthz', {
    get: (_request, response) => {
      response.type('text/plain').send('ok\n');
    },
  });
  addRoute(router, '/readyz', {
    get: (_request, response) => {
      const reason = process();
      response.status(reason === undefined ? 200 : 503).type('text/plain');
      response.send(reason === undefined ? 'ok\n' : `${reason}\n`);
    },
  });
  return router;
}
