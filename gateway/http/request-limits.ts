import type { Request, RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Config } from '../../lib/config/types.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import { type Authenticator, addressKey } from './auth.js';
import { HttpError } from './http-error.js';
import type { FirstStep } from './noted.js';

const MAX_BODY_BYTES = 64 * 1024;

/** At most so many requests a minute from one address, but for the administrator; 429 with `Retry-After` beyond. */
export function createActionLimit(
  perMinute: number,
  { isAdmin }: Pick<Authenticator, 'isAdmin'>,
): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: addressKey,
    skip: isAdmin,
    validate: false,
    handler: (request, response, next) => {
      const headers = { 'Retry-After': String(response.getHeader('Retry-After') ?? secondsLeft(request)) };
      next(new HttpError(429, 'Too many actions came from your address. Wait a little.', { headers }));
    },
  });
}

function secondsLeft(request: Request): number {
  const { resetTime } = (request as { rateLimit?: { resetTime?: Date } }).rateLimit ?? {};
  return resetTime === undefined ? 60 : Math.max(1, Math.ceil((resetTime.getTime() - Date.now()) / 1000));
}

/** No call but webhooks has a body that is looked at: it is read and dropped; 413 over 64 KiB. */
export const dropBody: RequestHandler = (request, _response, next) => {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return next();
  if (Number(length ?? 0) > MAX_BODY_BYTES) return next(tooLarge());
  let bytes = 0;
  const end = () => next();
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) return;
    request.off('data', count).off('end', end);
    // The rest is dropped as it comes: a caller whose connection is cut would not read our answer.
    request.resume();
    next(tooLarge());
  };
  request.on('data', count).once('end', end);
};

function tooLarge(): HttpError {
  return new HttpError(413, `The request has a body of more than ${MAX_BODY_BYTES} bytes; none is needed.`);
}

/** A proxy that is not trusted leaves all callers with one address: worth a line, once. */
export function warnOfProxy({ config, log }: { config: Pick<Config, 'http'>; log: Logger }): FirstStep {
  let isTold = false;
  return (request) => {
    if (!isTold && !config.http.trustProxy && request.headers['x-forwarded-for'] !== undefined) {
      isTold = true;
      const detail =
        'Callers are told apart by the address of their connection, which is the proxy\'s. Set "http.trustProxy: true" if all requests come through a proxy of yours that sets X-Forwarded-For.';
      log.warn({ detail }, 'A request has X-Forwarded-For, which is not believed');
    }
  };
}
