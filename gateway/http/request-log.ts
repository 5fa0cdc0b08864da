import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from '../../lib/telemetry/logger.js';
import type { GatewayMetrics } from '../metrics.js';

const GIVEN_ID = /^[\w.-]{1,64}$/;

/**
 * Gives each request an id (that of `X-Request-Id` if it is harmless), measures it and logs its end: reads only at
 * level debug. Paths are logged without their query, and as JSON, so that nobody can write lines of their own. What a
 * handler leaves in `response.locals.logged` is in the line too.
 */
export function createRequestLog({ log, metrics }: { log: Logger; metrics: GatewayMetrics }): RequestHandler {
  const prefix = randomBytes(4).toString('hex');
  let count = 0;
  return (request, response, next) => {
    const begun = performance.now();
    const given = request.headers['x-request-id'];
    const id =
      typeof given === 'string' && GIVEN_ID.test(given) ? given : `${prefix}-${(++count).toString(36)}`;
    response.locals['requestId'] = id;
    response.setHeader('X-Request-Id', id);
    response.once('close', () => {
      const seconds = (performance.now() - begun) / 1000;
      metrics.answered(request.method, routeOf(response), response.statusCode, seconds);
      if (isWorthALine(request, response) || log.isLevelEnabled('debug')) {
        write({ log, request, response, seconds });
      }
    });
    next();
  };
}

/** The template of the path; few values, whatever is asked for. */
function routeOf(response: Response): string {
  const route: unknown = response.locals['route'];
  return typeof route === 'string' ? route : 'other';
}

function isWorthALine({ method }: Request, { statusCode }: Response): boolean {
  return (method !== 'GET' && method !== 'HEAD') || statusCode >= 500;
}

function write(end: { log: Logger; request: Request; response: Response; seconds: number }): void {
  const { log, request, response, seconds } = end;
  const { requestId, user, logged } = response.locals;
  const fields = {
    requestId,
    method: request.method,
    path: request.originalUrl.split('?', 1)[0]?.slice(0, 500),
    status: response.statusCode,
    ms: Math.round(seconds * 1000),
    address: request.ip,
    ...(user === undefined ? {} : { user }),
    ...(response.writableFinished ? {} : { cut: true }),
    ...(logged as object | undefined),
  };
  if (isWorthALine(request, response)) log.info(fields, 'Request');
  else log.debug(fields, 'Request');
}
