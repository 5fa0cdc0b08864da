import type { RequestHandler, Router } from 'express';
import { deployLink } from '../builds/build-json.js';
import { stateOf } from '../builds/build-state.js';
import { parseFilter } from '../builds/parse-filter.js';
import { HttpError } from '../http/http-error.js';
import { queryOf } from '../http/query.js';
import { addRoute, strictRouter } from '../http/routes.js';
import type { GatewayServices } from '../services.js';
import { badge } from './badge.js';
import { buildBody, listBody, pageOf } from './build-pages.js';
import { htmlPage, STYLE } from './html.js';

type Services = Pick<GatewayServices, 'config' | 'directory'>;

const LIST_PARAMETERS = ['repo', 'target_branch', 'branch', 'pr', 'status'];

/** The addresses that browsers visit, and the badge. */
export function createPagesRouter(services: Services): Router {
  const router = strictRouter();
  const front = frontPage(services);
  for (const path of ['/', '/webui', '/webui/']) addRoute(router, path, { get: front });
  addRoute(router, '/webui/builds.html', { get: listPage(services) });
  addRoute(router, '/webui/build.html', { get: buildPage(services) });
  addRoute(router, '/webui/style.css', {
    get: (_request, response) => {
      response.type('css').set('Cache-Control', 'no-cache').send(STYLE);
    },
  });
  addRoute(router, '/builds', { get: leadToList });
  addRoute(router, '/builds/:name', { get: leadToBuild(services) });
  addRoute(router, '/badge.svg', { get: badgeOf(services) });
  return router;
}

function frontPage({ config, directory }: Services): RequestHandler {
  return (_request, response) => {
    const body = listBody(
      'Builds',
      directory.list().map((record) => directory.describe(record)),
    );
    const { footerHtml } = config;
    response
      .type('html')
      .set('Cache-Control', 'no-cache')
      .send(htmlPage({ title: 'runboat', body, footerHtml }));
  };
}

function listPage({ config, directory }: Services): RequestHandler {
  return (request, response) => {
    const filter = parseFilter(queryOf(request));
    const builds = directory.list(filter).map((record) => directory.describe(record));
    const title = filter.repo ?? 'Builds';
    const page = htmlPage({ title, body: listBody(title, builds), footerHtml: config.footerHtml });
    response.type('html').set('Cache-Control', 'no-cache').send(page);
  };
}

function buildPage({ config, directory }: Services): RequestHandler {
  return (request, response) => {
    const name = queryOf(request).get('name') ?? '';
    const record = directory.get(name);
    if (record === undefined) throw noSuchPage(name);
    const body = buildBody(directory.describe(record));
    const page = htmlPage({ title: name, body, footerHtml: config.footerHtml });
    response.type('html').set('Cache-Control', 'no-cache').send(page);
  };
}

/** Only what the page knows is handed on. */
const leadToList: RequestHandler = (request, response) => {
  const query = queryOf(request);
  const handedOn = new URLSearchParams();
  for (const key of LIST_PARAMETERS) {
    const value = query.get(key);
    if (value !== undefined) handedOn.set(key, value);
  }
  const text = handedOn.toString();
  response.redirect(307, `/webui/builds.html${text === '' ? '' : `?${text}`}`);
};

/** With `live`, whatever its value, to the build itself if it is started. Nothing is ever started by a visit. */
function leadToBuild({ config, directory }: Services): RequestHandler {
  return (request, response) => {
    const name = String(request.params['name']);
    const record = directory.get(name);
    if (record === undefined) throw noSuchPage(name);
    const isLive = new URL(request.originalUrl, 'http://localhost').searchParams.has('live');
    response.set('Cache-Control', 'no-store');
    if (!isLive) return response.redirect(307, pageOf(name));
    const settings = { ...config, webUrl: config.github.webUrl };
    const target = stateOf(record) === 'started' ? deployLink(record, settings) : `${pageOf(name)}&live`;
    response.redirect(307, target);
  };
}

/** The newest build of a branch: latest creation, then name. */
function badgeOf({ directory }: Services): RequestHandler {
  return (request, response) => {
    const query = queryOf(request);
    const [repo, branch] = [query.get('repo')?.toLowerCase(), query.get('branch')];
    const builds = repo === undefined || branch === undefined ? [] : directory.list({ repo, branch });
    // The list's order ends with creation and name, both descending.
    const state = builds[0] === undefined ? 'unknown' : stateOf(builds[0]);
    response.set({ 'Cross-Origin-Resource-Policy': 'cross-origin', 'Cache-Control': 'no-cache' });
    response.type('svg').send(badge(state));
  };
}

function noSuchPage(name: string): HttpError {
  return new HttpError(
    404,
    `There is no build called ${name}. It may have been undeployed; a new one may exist.`,
  );
}
