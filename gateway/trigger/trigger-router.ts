import type { Router } from 'express';
import type { GitHubClient } from '../../lib/github/client.js';
import { GitHubError } from '../../lib/github/errors.js';
import { type IdentityClaim, parseBranch, parseIdentity, parseRepo } from '../builds/identity.js';
import { HttpError } from '../http/http-error.js';
import { addRoute, strictRouter } from '../http/routes.js';
import { type QueryValues, queryReader } from '../openapi/read-query.js';
import type { GatewayServices } from '../services.js';

export type TriggerServices = Pick<GatewayServices, 'actions' | 'authenticator'> & {
  readonly github: Pick<GitHubClient, 'headOfBranch' | 'headOfPullRequest'>;
};

/** `POST /builds/trigger/branch` and `/builds/trigger/pr`, relative to where the API is: GitHub is asked for the head. */
export function createTriggerRouter({ actions, authenticator, github }: TriggerServices): Router {
  const router = strictRouter();
  const serve = (
    path: '/builds/trigger/branch' | '/builds/trigger/pr',
    headOf: (query: QueryValues) => Promise<IdentityClaim>,
  ) => {
    const readQuery = queryReader(`/api/v1${path}`, 'post');
    addRoute(router, path, {
      post: [
        authenticator.requires('trigger'),
        async (request, response) => {
          const identity = parseIdentity(await headOf(readQuery(request)));
          response.json(await actions.ensure(identity));
        },
      ],
    });
  };
  serve('/builds/trigger/branch', (query) => headOfBranch(query, github));
  serve('/builds/trigger/pr', (query) => headOfPullRequest(query, github));
  return router;
}

async function headOfBranch(query: QueryValues, github: TriggerServices['github']): Promise<IdentityClaim> {
  const repo = parseRepo(query.repo ?? '');
  const targetBranch = parseBranch(query.branch ?? '');
  const commit = await asking(github.headOfBranch(repo, targetBranch));
  return { repo, targetBranch, pr: null, commit };
}

async function headOfPullRequest(
  query: QueryValues,
  github: TriggerServices['github'],
): Promise<IdentityClaim> {
  const repo = parseRepo(query.repo ?? '');
  const { pr = 0 } = query;
  return { repo, pr, ...(await asking(github.headOfPullRequest(repo, pr))) };
}

/** @throws HttpError 404 for what GitHub does not know, 504 when it is silent, 502 for all other trouble with it. */
async function asking<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    const status = error.kind === 'notFound' ? 404 : error.kind === 'timedOut' ? 504 : 502;
    throw new HttpError(status, error.message, { cause: error });
  }
}
