import type { RequestHandler } from 'express';
import { unavailable } from './http-error.js';
import { addRoute, strictRouter } from './routes.js';

export interface Readiness {
  /** Undefined when requests are served, else a sentence that says what is waited for. */
  readonly waitsFor: () => string | undefined;
}

/** 503 for everything that reads or writes builds until all of them are known. */
export function requireReadiness({ waitsFor }: Readiness): RequestHandler {
  return (_request, _response, next) => {
    const reason = waitsFor();
    if (reason === undefined) return next();
    throw unavailable(`${reason} Try again in a few seconds.`, 2);
  };
}

/** `/healthz` and `/readyz`. */
export function createHealthRouter({ waitsFor }: Readiness) {
  const router = strictRouter();
  addRoute(router, '/healthz', {
    get: (_request, response) => {
      response.type('text/plain').send('ok\n');
    },
  });
  addRoute(router, '/readyz', {
    get: (_request, response) => {
      const reason = waitsFor();
      response.status(reason === undefined ? 200 : 503).type('text/plain');
      response.send(reason === undefined ? 'ok\n' : `${reason}\n`);
    },
  });
  return router;
}
