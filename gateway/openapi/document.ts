import { ADMIN, content, errors, json, listOf, NAME, PERHAPS_ADMIN, query } from './parts.js';
import { SCHEMAS } from './schemas.js';

const logTypes = ['text/html', 'text/plain'];

function log(summary: string): object {
  return {
    get: {
      tags: ['builds'],
      summary,
      description: 'A page with colours; with "Accept: text/plain" as the program wrote it.',
      parameters: [NAME, ...query('follow')],
      responses: { 200: content('The log; it may be empty.', ...logTypes), ...errors(404, 502, 503) },
    },
  };
}

function action(summary: string): object {
  return {
    post: {
      tags: ['builds'],
      summary,
      ...PERHAPS_ADMIN,
      parameters: [NAME],
      responses: { 200: json('Build', 'The build.'), ...errors(401, 403, 404, 409, 429, 503) },
    },
  };
}

function trigger(summary: string, ...parameters: string[]): object {
  return {
    post: {
      tags: ['builds'],
      summary,
      ...ADMIN,
      parameters: query(...parameters),
      responses: {
        200: json('Ensured', 'There is such a build.'),
        ...errors(400, 401, 403, 404, 429, 502, 503, 504),
      },
    },
  };
}

const builds = {
  get: {
    tags: ['builds'],
    summary: 'All builds, or those that match',
    parameters: query('repo', 'target_branch', 'branch', 'pr', 'status'),
    responses: { 200: json(listOf('ListedBuild'), 'The builds.'), ...errors(400, 503) },
  },
  post: {
    tags: ['builds'],
    summary: 'Build a commit',
    ...ADMIN,
    parameters: query('repo!', 'target_branch!', 'pr', 'commit!'),
    responses: { 200: json('Ensured', 'There is such a build.'), ...errors(400, 401, 403, 429, 503) },
  },
  delete: {
    tags: ['builds'],
    summary: 'Undeploy all builds that match',
    ...ADMIN,
    parameters: query('repo', 'target_branch', 'branch', 'pr', 'all'),
    responses: { 200: json('Deleted', 'They are undeployed.'), ...errors(400, 401, 403, 429, 503) },
  },
};

const build = {
  get: {
    tags: ['builds'],
    summary: 'One build',
    parameters: [NAME],
    responses: { 200: json('Build', 'The build.'), ...errors(404, 503) },
  },
  delete: {
    tags: ['builds'],
    summary: 'Undeploy a build',
    ...ADMIN,
    parameters: [NAME],
    responses: { 200: json('Deleted', 'It is undeployed.'), ...errors(400, 401, 403, 404, 429, 503) },
  },
};

const events = {
  get: {
    tags: ['builds'],
    summary: 'The builds that match, and then their changes (server-sent events)',
    description:
      'Messages without a name have an Event as data. Messages named synced, reset and goodbye tell of the stream itself. Last-Event-ID goes on where a stream ended.',
    parameters: query('repo', 'target_branch', 'branch', 'pr', 'build_name', 'status'),
    responses: { 200: content('The events.', 'text/event-stream'), ...errors(400, 503) },
  },
};

function read(summary: string, schema: string | object, ...codes: number[]): object {
  return {
    get: { tags: ['gateway'], summary, responses: { 200: json(schema, summary), ...errors(...codes) } },
  };
}

const session = {
  get: {
    tags: ['gateway'],
    summary: 'Who calls, and what that caller may do',
    ...PERHAPS_ADMIN,
    responses: { 200: json('Session', 'The caller.'), ...errors(401, 429, 503) },
  },
};

const webhook = {
  post: {
    tags: ['forges'],
    summary: 'Take a delivery of GitHub',
    description: 'Signed by the secret of the webhook (X-Hub-Signature-256).',
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: { type: 'object' } },
        'application/x-www-form-urlencoded': { schema: { type: 'object' } },
      },
    },
    responses: { 200: json('WebhookResult', 'What became of it.'), ...errors(400, 401, 413, 503) },
  },
};

const badge = {
  get: {
    tags: ['pages'],
    summary: "A picture of the state of a branch's newest build",
    parameters: query('repo', 'branch'),
    responses: { 200: content('The picture.', 'image/svg+xml') },
  },
};

/** The whole interface for programs, OpenAPI 3.1. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'runboat',
    version: '1',
    description: 'Running instances of commits: what there is, and what to do with it.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  // Relative: the gateway may be below a path of a proxy.
  servers: [{ url: '.' }],
  tags: [{ name: 'builds' }, { name: 'gateway' }, { name: 'forges' }, { name: 'pages' }],
  security: [],
  paths: {
    '/api/v1/status': read('How many builds there are', 'Status', 503),
    '/api/v1/repos': read('The repositories that have builds', listOf('Repo'), 503),
    '/api/v1/session': session,
    '/api/v1/builds': builds,
    '/api/v1/builds/trigger/branch': trigger('Build the head of a branch', 'repo!', 'branch!'),
    '/api/v1/builds/trigger/pr': trigger('Build the head of a pull request', 'repo!', 'pr!'),
    '/api/v1/builds/{name}': build,
    '/api/v1/builds/{name}/init-log': log('The log of the initialisation'),
    '/api/v1/builds/{name}/log': log('The log of the running build'),
    '/api/v1/builds/{name}/start': action('Start a build'),
    '/api/v1/builds/{name}/stop': action('Stop a build'),
    '/api/v1/builds/{name}/reset': action('Stop a build and initialise it again'),
    '/api/v1/build-events': events,
    '/webhooks/github': webhook,
    '/badge.svg': badge,
  },
  components: {
    schemas: SCHEMAS,
    securitySchemes: { admin: { type: 'http', scheme: 'basic' } },
  },
} as const;
