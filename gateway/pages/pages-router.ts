import type { RequestHandler, Response, Router } from 'express';
import { deployLink } from '../builds/build-json.js';
import type { BuildRecord } from '../builds/build-record.js';
import { isWaiting, stateOf } from '../builds/build-state.js';
import { HttpError } from '../http/http-error.js';
import { queryOf } from '../http/query.js';
import { addRoute, strictRouter } from '../http/routes.js';
import type { GatewayServices } from '../services.js';
import { badge } from './badge.js';
import type { PageFiles, PageName } from './page-files.js';
import type { ShownState } from './state-looks.js';

type Services = Pick<GatewayServices, 'config' | 'directory'> & { readonly pages: PageFiles };

const LIST_PARAMETERS = ['repo', 'target_branch', 'branch', 'pr', 'status'];

/** The addresses that browsers visit, and the badge. What pages show they read from the API themselves. */
export function createPagesRouter(services: Services): Router {
  const router = strictRouter();
  const front: RequestHandler = (_request, response) => sendPage(services, response, 'index');
  const list: RequestHandler = (_request, response) => sendPage(services, response, 'builds');
  for (const path of ['/', '/webui', '/webui/', '/webui/index.html']) addRoute(router, path, { get: front });
  addRoute(router, '/webui/builds.html', { get: list });
  addRoute(router, '/webui/build.html', {
    get: (request, response) => sendBuildPage(services, response, queryOf(request).get('name') ?? ''),
  });
  addRoute(router, '/builds', { get: leadToList });
  addRoute(router, '/builds/:name', { get: leadToBuild(services) });
  addRoute(router, '/badge.svg', { get: badgeOf(services) });
  return router;
}

function sendPage({ config, pages }: Services, response: Response, name: PageName, detail?: string): void {
  const { footerHtml } = config;
  const page = pages.page(name, { footerHtml, ...(detail === undefined ? {} : { detail }) });
  if (page === undefined) {
    throw new HttpError(
      503,
      'The pages have not been built: run "make build", which does it after compiling.',
    );
  }
  response.type('html').set('Cache-Control', 'no-cache').send(page);
}

/** The page of a build that is not there is served too: it may remember the build, and can offer to build it again. */
function sendBuildPage(services: Services, response: Response, name: string): void {
  const isThere = services.directory.get(name) !== undefined;
  response.status(isThere ? 200 : 404);
  sendPage(services, response, 'build', isThere ? '' : noSuchBuildText(name));
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
function leadToBuild(services: Services): RequestHandler {
  const { config, directory } = services;
  return (request, response) => {
    const name = String(request.params['name']);
    const record = directory.get(name);
    if (record === undefined) return sendBuildPage(services, response, name);
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
    const state = builds[0] === undefined ? 'unknown' : shownStateOf(builds[0]);
    response.set({ 'Cross-Origin-Resource-Policy': 'cross-origin', 'Cache-Control': 'no-cache' });
    response.type('svg').send(badge(state));
  };
}

/** As the pages show it: of `initializing`, what has no job yet is told apart. */
function shownStateOf(build: BuildRecord): ShownState {
  return isWaiting(build) ? 'waiting' : stateOf(build);
}

function pageOf(name: string): string {
  return `/webui/build.html?name=${encodeURIComponent(name)}`;
}

function noSuchBuildText(name: string): string {
  return `There is no build called ${name}. It may have been undeployed; a new one may exist.`;
}
