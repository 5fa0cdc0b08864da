import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import type { ApiConfig, Config, PublicAction } from '../../lib/config/types.js';
import { HttpError } from './http-error.js';
import type { Notes } from './noted.js';

/** What a caller may do. */
export type Action = PublicAction | 'create' | 'delete' | 'trigger';

export interface Caller {
  /** null: nobody in particular. */
  readonly user: string | null;
  readonly actions: readonly Action[];
}

export interface Authenticator {
  /** Who calls. @throws HttpError 401 for wrong credentials; 429 after too many of them from one address. */
  identify(request: Request, response: Response): Promise<Caller>;
  /** Lets only those pass who may do this. Credentials that are not needed are not looked at. */
  requires(action: Action): RequestHandler;
  isAdmin(request: Request): boolean;
}

export interface AuthenticatorOptions {
  /** Name and password are set: the configuration of the gateway requires them. They may change. */
  readonly config: Pick<Config, 'api'>;
  /** Wrong credentials from one address within a minute before they are answered with 429. */
  readonly guessesPerMinute?: number;
}

const ADMIN_ACTIONS: readonly Action[] = ['start', 'stop', 'reset', 'create', 'delete', 'trigger'];
const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="runboat", charset="UTF-8"' };

/** HTTP Basic with the one administrator of the configuration. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { config, guessesPerMinute = 10 } = options;
  const isAdmin = (header: string) => adminOf(config.api, header);
  const countGuess = guessLimit(guessesPerMinute);
  const identify = async (request: Request, response: Response): Promise<Caller> => {
    const header = request.headers.authorization;
    if (header === undefined) return { user: null, actions: config.api.publicActions };
    // Before any limit: whoever knows the password is never locked out by others who guess.
    const user = isAdmin(header);
    if (user !== undefined) {
      response.locals['user'] = user;
      return { user, actions: ADMIN_ACTIONS };
    }
    await countGuess(request, response);
    throw new HttpError(401, 'The user name or the password is wrong.', { headers: CHALLENGE });
  };
  const isPublic = (action: Action) => (config.api.publicActions as readonly Action[]).includes(action);
  const requires = (action: Action): RequestHandler => {
    return async (request, response, next) => {
      if (!isPublic(action)) refuse(action, await identify(request, response));
      next();
    };
  };
  return {
    identify,
    requires,
    isAdmin: ({ headers: { authorization } }) =>
      authorization !== undefined && isAdmin(authorization) !== undefined,
  };
}

function refuse(action: Action, { actions }: Caller): void {
  if (actions.includes(action)) return;
  const detail = `Only the administrator may ${action} builds; sign in with user name and password (HTTP Basic).`;
  throw new HttpError(401, detail, { headers: CHALLENGE });
}

/**
 * The administrator's name, if these are the credentials. Compares digests, which have one length, and both always, so
 * that the time taken tells nothing.
 */
function adminOf({ adminUser = '', adminPassword = '' }: ApiConfig, header: string): string | undefined {
  const isConfigured = adminUser !== '' && adminPassword !== '';
  const given = parseBasic(header);
  const isUser = timingSafeEqual(digest(given?.user ?? ''), digest(adminUser));
  const isPassword = timingSafeEqual(digest(given?.password ?? ''), digest(adminPassword));
  return isConfigured && given !== undefined && isUser && isPassword ? adminUser : undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** RFC 7617; the password may have colons. */
function parseBasic(header: string): { user: string; password: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Counts a wrong guess of the caller's address; rejects with 429 when there were too many. */
function guessLimit(perMinute: number): (request: Request, response: Response) => Promise<void> {
  const limiter = rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: addressKey,
    validate: false,
    handler: (_request, _response, next) => next(tooManyGuesses()),
  });
  return (request, response) =>
    new Promise((resolve, reject) => {
      void limiter(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
}

function tooManyGuesses(): HttpError {
  const headers = { 'Retry-After': '60' };
  return new HttpError(429, 'Too many wrong passwords came from your address. Wait a minute.', { headers });
}

/** The caller's address; of IPv6 the network, because one caller has a whole one. */
export function addressKey(_request: Request, { locals }: Response): string {
  return ipKeyGenerator((locals as Notes).address ?? '');
}
