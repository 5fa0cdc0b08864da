import path from 'node:path';
import compression from 'compression';
import { type RequestHandler, type Router, static as serveFiles } from 'express';
import { noSuchPath } from '../http/error-answer.js';
import { addRoute, strictRouter } from '../http/routes.js';
import { BUILT_PAGES } from './page-files.js';

/** What pages are made of besides HTML. Their names carry a hash of their content, so they never change. */
export function createAssetsRouter(folder: string = BUILT_PAGES): Router {
  const router = strictRouter();
  const compress = compression() as RequestHandler;
  const common = { index: false, redirect: false } as const;
  const hashed = serveFiles(path.join(folder, 'assets'), { ...common, immutable: true, maxAge: '1y' });
  const named = serveFiles(folder, { ...common, maxAge: '1h' });
  addRoute(router, '/webui/assets/:file', { get: [compress, below('/webui/assets'), hashed, noSuchPath] });
  addRoute(router, '/webui/icon.svg', { get: [compress, below('/webui'), named, noSuchPath] });
  return router;
}

/** Files are looked for by the rest of the path. */
function below(prefix: string): RequestHandler {
  return (request, _response, next) => {
    request.url = request.url.slice(prefix.length);
    next();
  };
}
