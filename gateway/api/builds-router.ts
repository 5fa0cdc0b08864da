import type { RequestHandler, Router } from 'express';
import type { BuildRecord } from '../builds/build-record.js';
import { filterOf } from '../builds/filter-of-query.js';
import { createFreshen } from '../builds/freshen.js';
import { parseIdentity } from '../builds/identity.js';
import { HttpError } from '../http/http-error.js';
import { refuseUnknown } from '../http/query.js';
import { createActionLimit } from '../http/request-limits.js';
import { addRoute, strictRouter } from '../http/routes.js';
import { queryReader } from '../openapi/read-query.js';
import type { GatewayServices } from '../services.js';
import { createBuildReads } from './reads-router.js';

type Services = Pick<GatewayServices, 'directory' | 'actions' | 'authenticator' | 'informer'>;

/** Start, stop and reset together, from one address. */
const ACTIONS_PER_MINUTE = 120;

/** `/builds`, `/builds/:name` and its actions. */
export function createBuildsRouter(services: Services): Router {
  const { directory, authenticator } = services;
  const router = strictRouter();
  const reads = createBuildReads(directory);
  addRoute(router, '/builds', {
    get: reads.list,
    post: [authenticator.requires('create'), createBuild(services)],
    delete: [authenticator.requires('delete'), deleteBuilds(services)],
  });
  addRoute(router, '/builds/:name', {
    get: reads.one,
    delete: [authenticator.requires('delete'), deleteBuild(services)],
  });
  const limit = createActionLimit(ACTIONS_PER_MINUTE, authenticator);
  for (const action of ['start', 'stop', 'reset'] as const) {
    const handlers = [authenticator.requires(action), limit, act(services, action)];
    addRoute(router, `/builds/:name/${action}`, { post: handlers });
  }
  return router;
}

function createBuild({ actions }: Services): RequestHandler {
  const readQuery = queryReader('/api/v1/builds', 'post');
  return async (request, response) => {
    const { repo = '', target_branch: targetBranch = '', pr = null, commit = '' } = readQuery(request);
    response.json(await actions.ensure(parseIdentity({ repo, targetBranch, pr, commit })));
  };
}

function deleteBuilds({ actions, informer }: Services): RequestHandler {
  const freshen = createFreshen(informer);
  const readQuery = queryReader('/api/v1/builds', 'delete', { refuseOthers: true });
  return async (request, response) => {
    const { all, ...query } = readQuery(request);
    const filter = filterOf(query);
    if (Object.keys(filter).length === 0 && all !== true) {
      throw new HttpError(
        400,
        'This would undeploy all builds. Name a repo, target_branch, branch or pr, or say all=true.',
      );
    }
    await freshen();
    response.json({ deleted: await actions.removeMatching(filter) });
  };
}

function deleteBuild({ actions }: Services): RequestHandler {
  return async (request, response) => {
    refuseUnknown(request, []);
    const name = String(request.params['name']);
    await actions.remove(name);
    response.json({ deleted: [name] });
  };
}

function act({ actions, directory }: Services, action: 'start' | 'stop' | 'reset'): RequestHandler {
  return async (request, response) => {
    const record: BuildRecord = await actions[action](String(request.params['name']));
    response.json(directory.describe(record));
  };
}
