import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../lib/config/types.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import type { GatewayMetrics } from '../metrics.js';
import { addressOf } from './caller.js';
import type { FirstStep, NotedResponse, Notes } from './noted.js';

const GIVEN_ID = /^[\w.-]{1,64}$/;

export interface RequestLogOptions {
  readonly config: Pick<Config, 'http'>;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
}

/**
 * Gives each request an id (that of `X-Request-Id` if it is harmless) and notes, measures it and logs its end: reads
 * only at level debug. Paths are logged without their query, and as JSON, so that nobody can write lines of their own.
 */
export function createRequestLog({ config, log, metrics }: RequestLogOptions): FirstStep {
  const prefix = randomBytes(4).toString('hex');
  let count = 0;
  return (request, response) => {
    const begun = performance.now();
    const { url = '' } = request;
    const given = request.headers['x-request-id'];
    const requestId =
      typeof given === 'string' && GIVEN_ID.test(given) ? given : `${prefix}-${(++count).toString(36)}`;
    const notes: Notes = { requestId, address: addressOf(request, config) };
    (response as NotedResponse).locals = notes;
    response.setHeader('X-Request-Id', requestId);
    response.once('close', () => {
      const seconds = (performance.now() - begun) / 1000;
      metrics.answered(request.method ?? '', notes.route ?? 'other', response.statusCode, seconds);
      if (isWorthALine(request, response) || log.isLevelEnabled('debug')) {
        write({ log, request, response, notes, url, seconds });
      }
    });
  };
}

function isWorthALine({ method }: IncomingMessage, { statusCode }: ServerResponse): boolean {
  return (method !== 'GET' && method !== 'HEAD') || statusCode >= 500;
}

interface End {
  readonly log: Logger;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly notes: Notes;
  /** As it came: routers change that of the request. */
  readonly url: string;
  readonly seconds: number;
}

function write({ log, request, response, notes, url, seconds }: End): void {
  const { requestId, address, user, logged } = notes;
  const fields = {
    requestId,
    method: request.method,
    path: url.split('?', 1)[0]?.slice(0, 500),
    status: response.statusCode,
    ms: Math.round(seconds * 1000),
    address,
    ...(user === undefined ? {} : { user }),
    ...(response.writableFinished ? {} : { cut: true }),
    ...logged,
  };
  if (isWorthALine(request, response)) log.info(fields, 'Request');
  else log.debug(fields, 'Request');
}
