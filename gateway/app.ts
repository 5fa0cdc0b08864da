import type { RequestListener } from 'node:http';
import compression from 'compression';
import express, { type Express, type RequestHandler, type Router } from 'express';
import { createBuildsRouter } from './api/builds-router.js';
import { createReadsRouter } from './api/reads-router.js';
import { createSecurityHeaders, refuseOtherOrigins } from './http/browser-safety.js';
import { createDirectRouter, type DirectRoute, serveDirectly } from './http/direct-routes.js';
import { createErrorAnswer, noSuchPath } from './http/error-answer.js';
import type { FirstStep } from './http/noted.js';
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
  /** Served without Express; they read the bodies of requests themselves. */
  readonly direct: readonly DirectRoute[];
  /** The folder of the built pages; beside the compiled gateway by default. */
  readonly pagesFolder?: string;
}

/** Puts the parts together. It listens to nothing; every part gets what it needs handed in. */
export function createApp(options: AppOptions): RequestListener {
  const { config, log } = options.services;
  const first = firstSteps(options.services);
  const direct = serveDirectly(options.direct, { config, log });
  const routed = createRoutedApp(options);
  return (request, response) => {
    for (const step of first) step(request, response);
    if (!direct(request, response)) routed(request, response);
  };
}

/** What every request gets, whoever serves it. */
function firstSteps(services: GatewayServices): readonly FirstStep[] {
  const { config, stopping } = services;
  return [
    createRequestLog(services),
    createSecurityHeaders(config),
    warnOfProxy(services),
    (_request, response) => {
      if (stopping.aborted) response.setHeader('Connection', 'close');
    },
  ];
}

function createRoutedApp({ services, readiness, api, direct, pagesFolder }: AppOptions): Express {
  const { config, log } = services;
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('strict routing').enable('case sensitive routing');
  app.use(withoutSlash, sameOriginRule(config), createHealthRouter(readiness), createDirectRouter(direct));
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

function sameOriginRule(config: GatewayServices['config']): RequestHandler {
  return (request, _response, next) => {
    refuseOtherOrigins(request, config);
    next();
  };
}
