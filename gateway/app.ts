import compression from 'compression';
import express, { type Express, type Router } from 'express';
import { createBuildsRouter } from './api/builds-router.js';
import { createReadsRouter } from './api/reads-router.js';
import { createSameOriginRule, createSecurityHeaders } from './http/browser-safety.js';
import { createErrorAnswer, noSuchPath } from './http/error-answer.js';
import { createHealthRouter, type Readiness, requireReadiness } from './http/readiness.js';
import { dropBody, warnOfProxy } from './http/request-limits.js';
import { createRequestLog } from './http/request-log.js';
import { withoutSlash } from './http/without-slash.js';
import { createDocsRouter } from './openapi/docs-router.js';
import { createAssetsRouter } from './pages/assets-router.js';
import { errorPage } from './pages/error-page.js';
import { PageFiles } from './pages/page-files.js';
import { createPagesRouter } from './pages/pages-router.js';
import type { GatewayServices } from './services.js';

export interface AppOptions {
  readonly services: GatewayServices;
  readonly readiness: Readiness;
  /** Routers below `/api/v1` besides those of builds. */
  readonly api: readonly Router[];
  /** Those that read the bodies of requests themselves, at the root. */
  readonly webhooks: readonly Router[];
  /** The folder of the built pages; beside the compiled gateway by default. */
  readonly pagesFolder?: string;
}

/** Puts the parts together. It listens to nothing; every part gets what it needs handed in. */
export function createApp({ services, readiness, api, webhooks, pagesFolder }: AppOptions): Express {
  const { config, log, stopping } = services;
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('strict routing').enable('case sensitive routing');
  // One proxy: its own word on the caller's address is the last of the header, and nobody else's counts.
  app.set('trust proxy', (_address: string, hops: number) => config.http.trustProxy && hops < 1);
  app.use(createRequestLog(services), createSecurityHeaders(config), warnOfProxy({ config, log }));
  app.use((_request, response, next) => {
    if (stopping.aborted) response.set('Connection', 'close');
    next();
  });
  app.use(withoutSlash, createSameOriginRule(config), createHealthRouter(readiness));
  for (const router of webhooks) app.use(router);
  // The page of an error is to look like one when nothing is ready, too.
  app.use(dropBody, createDocsRouter(), createAssetsRouter(pagesFolder));
  const pages = new PageFiles(pagesFolder);
  const ready = requireReadiness(readiness);
  app.use('/api/v1', ready, createReadsRouter(services), createBuildsRouter(services), ...api);
  app.use('/api', noSuchPath);
  app.use(ready, compression(), createPagesRouter({ ...services, pages }));
  app.use(noSuchPath);
  app.use(createErrorAnswer({ log, page: (error) => errorPage(pages, error, config.footerHtml) }));
  return app;
}
