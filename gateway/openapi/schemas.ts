import { BUILD_STATES } from '../builds/build-state.js';

/** JSON Schemas (2020-12) of what the API answers; the documents of tests and of readers. */

const count = { type: 'integer', minimum: 0 } as const;
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' } as const;
const address = { type: 'string', format: 'uri' } as const;
const optional = <T extends object>(schema: T) => ({ anyOf: [schema, { type: 'null' }] });

function object(properties: Record<string, object>, optionalKeys: readonly string[] = []): object {
  const required = Object.keys(properties).filter((key) => !optionalKeys.includes(key));
  return { type: 'object', additionalProperties: false, required, properties };
}

const counts = object({
  deployed: { ...count, description: 'Builds that the limit of deployed builds counts.' },
  max_deployed: count,
  failed: { ...count, description: 'Builds that could not be deployed or initialised.' },
  stopped: count,
  started: count,
  max_started: count,
  to_initialize: { ...count, description: 'Builds that wait for their initialisation.' },
  initializing: { ...count, description: 'Builds whose initialisation runs.' },
  max_initializing: count,
  undeploying: count,
});

const plain = {
  name: { type: 'string', maxLength: 45 },
  status: { type: 'string', enum: BUILD_STATES, description: 'A build that waits is initializing.' },
  init_status: { type: 'string', enum: ['todo', 'started', 'succeeded', 'failed'] },
  ready: { type: 'boolean', description: 'Whether the build answers requests.' },
  start_requested: {
    type: 'boolean',
    description:
      'Whether the build is asked to run. One that waits, is initialised or finds no free place starts by itself afterwards.',
  },
  keep: { type: 'boolean', description: 'Whether the limits neither stop nor undeploy the build.' },
  deploy_link: { ...address, description: 'Where the build answers when it is started.' },
  deploy_link_mailhog: address,
  repo_target_branch_link: address,
  repo_commit_link: address,
  webui_link: address,
  created: time,
  last_scaled: { ...time, description: 'When it was last started or stopped, else when it was created.' },
};

const perhaps = {
  repo_pr_link: address,
  queue_position: { type: 'integer', minimum: 1, description: '1 is initialised next.' },
  message: { type: 'string', description: 'What is to be known of the state, in a sentence.' },
  image: { type: 'string', description: 'The container image.' },
  bundle: { type: 'string', description: 'The bundle of kubefiles that it is made of.' },
  queued_at: time,
  init_started_at: time,
  initialized_at: time,
  ready_at: time,
};

const commit = {
  repo: { type: 'string', examples: ['oca/mis-builder'] },
  target_branch: { type: 'string', examples: ['16.0'] },
  git_commit: { type: 'string', pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' },
};
const pullRequest = { type: 'integer', minimum: 1 };

const nullable = Object.fromEntries(Object.entries(perhaps).map(([key, schema]) => [key, optional(schema)]));

export const SCHEMAS = {
  Error: object({ detail: { type: 'string', description: 'What happened, why, and what to do.' } }),
  Status: counts,
  Repo: object({ name: { type: 'string' }, link: address }),
  Build: object({ ...plain, commit_info: object({ ...commit, pr: optional(pullRequest) }), ...nullable }),
  ListedBuild: object(
    { ...plain, commit_info: object({ ...commit, pr: pullRequest }, ['pr']), ...perhaps },
    Object.keys(perhaps),
  ),
  Ensured: object({
    name: { type: 'string' },
    created: { type: 'boolean', description: 'False: there was such a build already, and nothing was done.' },
  }),
  Deleted: object({
    deleted: { type: 'array', items: { type: 'string' }, description: 'The builds that are undeployed now.' },
  }),
  Session: object({
    user: optional({ type: 'string' }),
    actions: { type: 'array', items: { enum: ['start', 'stop', 'reset', 'create', 'delete', 'trigger'] } },
  }),
  WebhookResult: object(
    {
      result: { enum: ['accepted', 'ignored'] },
      reason: { type: ['string', 'null'] },
      build: { type: ['string', 'null'], description: 'The name of the build that there is now.' },
    },
    ['reason', 'build'],
  ),
  Event: object({
    event: { enum: ['upd', 'del'], description: 'del: it is gone, or matches the filter no more.' },
    build: { $ref: '#/components/schemas/Build' },
  }),
} as const;
