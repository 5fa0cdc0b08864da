import type { IncomingMessage } from 'node:http';
import type { Config } from '../../lib/config/types.js';

type ProxySettings = Pick<Config, 'http'>;

/** The address of the caller. A trusted proxy's own word is the last of the header, and nobody else's counts. */
export function addressOf(request: IncomingMessage, { http }: ProxySettings): string | undefined {
  const forwarded = http.trustProxy ? textOf(request, 'x-forwarded-for') : undefined;
  const last = forwarded
    ?.split(',')
    .map((address) => address.trim())
    .findLast((address) => address !== '');
  return last ?? request.socket.remoteAddress;
}

/** `http`, or what a trusted proxy says that the caller speaks. */
export function protocolOf(request: IncomingMessage, { http }: ProxySettings): string {
  const forwarded = http.trustProxy ? textOf(request, 'x-forwarded-proto') : undefined;
  return forwarded?.split(',', 1)[0]?.trim() || 'http';
}

/** A header by its name in lower case. */
export function textOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
