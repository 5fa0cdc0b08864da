import type { RequestHandler, Router } from 'express';
import { countBuilds } from '../builds/build-counts.js';
import { repoLink } from '../builds/build-json.js';
import { BuildLists } from '../builds/build-lists.js';
import type { BuildDirectory } from '../builds/directory.js';
import { filterOf } from '../builds/filter-of-query.js';
import { noSuchBuild } from '../http/http-error.js';
import { onceAVersion } from '../http/memo.js';
import { PreparedJson } from '../http/prepared-json.js';
import { addRoute, strictRouter } from '../http/routes.js';
import { queryReader } from '../openapi/read-query.js';
import type { GatewayServices } from '../services.js';

type Services = Pick<GatewayServices, 'config' | 'directory' | 'authenticator'>;

/** `/status`, `/repos`, `/session`: everything that is only read, but for builds themselves. */
export function createReadsRouter({ config, directory, authenticator }: Services): Router {
  const router = strictRouter();
  const version = () => directory.version;
  const status = onceAVersion(version, () => prepare(countBuilds(directory, config.limits)));
  const repos = onceAVersion(version, () => prepare(repositories(directory, config.github.webUrl)));
  addRoute(router, '/status', { get: (request, response) => status().send(request, response) });
  addRoute(router, '/repos', { get: (request, response) => repos().send(request, response) });
  addRoute(router, '/session', {
    get: async (request, response) => {
      const caller = await authenticator.identify(request, response);
      response.set({ 'Cache-Control': 'no-store', Vary: 'Authorization' }).json(caller);
    },
  });
  return router;
}

/** The GET handlers of `/builds` and `/builds/:name`. */
export function createBuildReads(directory: BuildDirectory): { list: RequestHandler; one: RequestHandler } {
  const lists = new BuildLists(directory);
  const readQuery = queryReader('/api/v1/builds', 'get');
  return {
    list: (request, response) => lists.list(filterOf(readQuery(request))).send(request, response),
    one: (request, response) => {
      const name = String(request.params['name']);
      const record = directory.get(name);
      if (record === undefined) throw noSuchBuild(name);
      response.set('Cache-Control', 'no-cache').json(directory.describe(record));
    },
  };
}

function prepare(value: unknown): PreparedJson {
  return new PreparedJson(Buffer.from(JSON.stringify(value)));
}

function repositories(directory: BuildDirectory, webUrl: string): { name: string; link: string }[] {
  const names = new Set(directory.list().map(({ spec }) => spec.repo));
  return [...names].sort().map((name) => ({ name, link: repoLink(name, webUrl) }));
}
