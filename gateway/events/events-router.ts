import type { Request, RequestHandler, Response, Router } from 'express';
import { API_GROUP, API_VERSION, BUILD_PLURAL } from '../../crds/constants.js';
import { resourcePath } from '../../lib/kube/paths.js';
import { filterOf } from '../builds/filter-of-query.js';
import { addRoute, strictRouter } from '../http/routes.js';
import { queryReader } from '../openapi/read-query.js';
import type { GatewayServices } from '../services.js';
import { BuildFeed } from './build-feed.js';
import { EventHub } from './event-hub.js';
import { askTheCluster } from './latest-version.js';
import type { ProgressSource } from './watch-progress.js';

export type EventServices = Pick<
  GatewayServices,
  'client' | 'config' | 'directory' | 'log' | 'metrics' | 'stopping'
> & { readonly informer: ProgressSource };

/** `/build-events`. It must be made before the informer is started. */
export function createEventsRouter(services: EventServices): Router {
  const { client, config, directory, informer, log, metrics, stopping } = services;
  const { namespace } = config;
  const path = resourcePath({ group: API_GROUP, version: API_VERSION, plural: BUILD_PLURAL, namespace });
  const feed = new BuildFeed({ directory });
  informer.onProgress((progress) => feed.advance(progress));
  const hub = new EventHub({ feed, log, isOfThePast: askTheCluster({ client, path, log }) });
  metrics.gauge('runboat_gateway_event_listeners', 'Open streams of events.', () => hub.size);
  stopping.addEventListener('abort', () => hub.close(), { once: true });
  const router = strictRouter();
  addRoute(router, '/build-events', { get: streamEvents(hub) });
  return router;
}

function streamEvents(hub: EventHub): RequestHandler {
  const readQuery = queryReader('/api/v1/build-events', 'get');
  return async (request, response) => {
    const filter = filterOf(readQuery(request));
    hub.refuseTooMany();
    sendHeaders(request, response);
    if (request.method === 'HEAD') response.end();
    else await hub.open({ response, filter, lastEventId: request.get('Last-Event-ID') || undefined });
  };
}

function sendHeaders(request: Request, response: Response): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    // no-transform also keeps the compression middleware away, which would hold messages back.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  request.socket.setNoDelay(true);
}
