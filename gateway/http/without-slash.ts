import type { RequestHandler } from 'express';

/** Addresses that end with a slash and are meant so. */
const KEPT = new Set(['/', '/webui/']);

/**
 * Leads `/path/` to `/path` with 307, which keeps the method. Only plain paths are led on: what begins with two
 * slashes, or has a backslash, would lead a browser to another host.
 */
export const withoutSlash: RequestHandler = (request, response, next) => {
  const [path = '', query] = splitOnce(request.url);
  const isPlain = /^\/[^/\\][^\\]*\/$/.test(path);
  if (KEPT.has(path) || !isPlain) return next();
  const target = path.replace(/\/+$/, '');
  response.redirect(307, query === undefined ? target : `${target}?${query}`);
};

function splitOnce(url: string): [string, string?] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url] : [url.slice(0, mark), url.slice(mark + 1)];
}
