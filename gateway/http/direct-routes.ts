import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Router } from 'express';
import type { Config } from '../../lib/config/types.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import { refuseOtherOrigins } from './browser-safety.js';
import { answerError } from './error-answer.js';
import type { NotedResponse } from './noted.js';
import { addRoute, strictRouter } from './routes.js';

/** What is asked so often that Express is too dear for it (docs/decisions/webhooks-without-express.md). */
export interface DirectRoute {
  readonly path: string;
  /** Reads the body itself. @throws HttpError */
  readonly post: (request: IncomingMessage, response: NotedResponse) => Promise<void>;
}

interface DirectServices {
  readonly config: Pick<Config, 'baseUrl' | 'http'>;
  readonly log: Logger;
}

/**
 * Serves a POST to exactly the path of a route as Express would, with the same errors; false for all else, which is
 * left to Express. The first steps of a request are done.
 */
export function serveDirectly(
  routes: readonly DirectRoute[],
  { config, log }: DirectServices,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const posts = new Map(routes.map(({ path, post }) => [path, post]));
  const serve = async (request: IncomingMessage, response: NotedResponse, post: DirectRoute['post']) => {
    try {
      refuseOtherOrigins(request, config);
      response.locals.route = request.url ?? '';
      await post(request, response);
    } catch (error) {
      answerError({ error, response, log });
    }
  };
  return (request, response) => {
    const post = request.method === 'POST' ? posts.get(request.url ?? '') : undefined;
    if (post === undefined) return false;
    void serve(request, response as NotedResponse, post);
    return true;
  };
}

/** The same routes for Express: other methods, and the path written in another way, such as with a query. */
export function createDirectRouter(routes: readonly DirectRoute[]): Router {
  const router = strictRouter();
  for (const { path, post } of routes) {
    addRoute(router, path, {
      post: (request, response) => post(request, response as unknown as NotedResponse),
    });
  }
  return router;
}
