import type { Request } from 'express';
import { HttpError } from './http-error.js';

/** The parameters of a request's query: the last of a repeated one counts, an empty one is none. */
export function queryOf(request: Pick<Request, 'url' | 'originalUrl'>): ReadonlyMap<string, string> {
  const url = request.originalUrl;
  const begin = url.indexOf('?');
  const parameters = new Map(begin === -1 ? [] : new URLSearchParams(url.slice(begin + 1)));
  for (const [key, value] of parameters) if (value === '') parameters.delete(key);
  return parameters;
}

/** @throws HttpError 400 when a parameter, even an empty one, is none of those: a misspelt filter would delete more. */
export function refuseUnknown(request: Pick<Request, 'originalUrl'>, known: readonly string[]): void {
  const begin = request.originalUrl.indexOf('?');
  const given = begin === -1 ? [] : [...new URLSearchParams(request.originalUrl.slice(begin + 1)).keys()];
  const unknown = given.find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const expected = known.length === 0 ? 'none is expected' : `expected are ${known.join(', ')}`;
  throw new HttpError(400, `The query has an unknown parameter "${unknown.slice(0, 64)}"; ${expected}.`);
}
