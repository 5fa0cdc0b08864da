import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { Config } from '../../lib/config/types.js';
import { protocolOf } from './caller.js';
import { HttpError } from './http-error.js';
import type { FirstStep } from './noted.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Headers that keep browsers from doing what pages of ours never ask for. Builds may be plain http on hosts below
 * ours, so nothing here may upgrade or cover them.
 */
export function createSecurityHeaders(config: Pick<Config, 'http'>): FirstStep {
  const [withHsts, without] = [securityHeaders(true), securityHeaders(false)];
  return (_request, response) => {
    for (const [name, value] of config.http.hsts ? withHsts : without) response.setHeader(name, value);
  };
}

function securityHeaders(hsts: boolean): readonly [string, string][] {
  return headersOf(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: ["'self'"],
          // The footer of the configuration may show a picture from elsewhere.
          imgSrc: ["'self'", 'data:', 'https:'],
          objectSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          // The same footer may have style attributes; no page of ours puts others' text into one.
          styleSrcAttr: ["'unsafe-inline'"],
        },
      },
      strictTransportSecurity: hsts ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    }),
  );
}

/** What a middleware sets, by name: the same for every request, so it need not run for each. */
function headersOf(middleware: ReturnType<typeof helmet>): readonly [string, string][] {
  const headers = new Map<string, string>();
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  response.setHeader = (name, value) => {
    headers.set(name, String(value));
    return response;
  };
  middleware(request, response, (error) => {
    if (error !== undefined) throw error;
  });
  return [...headers];
}

/**
 * Refuses unsafe requests that a page of another origin makes a browser send. Builds run strangers' code on sibling
 * hosts, which browsers call same-site, so only same-origin counts. Programs send neither header and pass.
 * @throws HttpError 403.
 */
export function refuseOtherOrigins(request: IncomingMessage, config: Pick<Config, 'baseUrl' | 'http'>): void {
  if (SAFE_METHODS.has(request.method ?? '')) return;
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  const passes =
    site === undefined
      ? origin === undefined ||
        origin === new URL(config.baseUrl).origin ||
        origin === `${protocolOf(request, config)}://${request.headers.host}`
      : site === 'same-origin' || site === 'none';
  if (passes) return;
  throw new HttpError(
    403,
    'Pages of other origins may not do this. Use the page of this gateway, or a program.',
  );
}
