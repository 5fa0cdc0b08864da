import { type RequestHandler, Router } from 'express';
import { HttpError } from './http-error.js';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a path does by method; HEAD comes with `get`. A list is run through in its order. */
export type RouteHandlers = Partial<Record<Method, RequestHandler | readonly RequestHandler[]>>;

/** A router as all of the gateway are: a path with a slash at its end is another path. */
export function strictRouter(): Router {
  return Router({ strict: true, caseSensitive: true });
}

/**
 * Serves a path. Methods that it does not have are answered with 405 and `Allow`, OPTIONS with 204. The template of
 * the path is the `route` of metrics and log lines.
 */
export function addRoute(router: Router, path: string, handlers: RouteHandlers): void {
  const route = router.route(path);
  const allow = allowed(handlers);
  route.all((request, response, next) => {
    response.locals['route'] = `${request.baseUrl}${path}`;
    next();
  });
  for (const [method, handler] of Object.entries(handlers)) {
    route[method as Method](...(Array.isArray(handler) ? handler : [handler]));
  }
  route.all((request, response) => {
    if (request.method === 'OPTIONS') {
      response.status(204).set('Allow', allow).end();
      return;
    }
    const detail = `${request.method} is not possible here, only ${allow}.`;
    throw new HttpError(405, detail, { headers: { Allow: allow } });
  });
}

function allowed(handlers: RouteHandlers): string {
  const methods = Object.keys(handlers).map((method) => method.toUpperCase());
  return methods.includes('GET') ? ['HEAD', ...methods].sort().join(', ') : methods.join(', ');
}
