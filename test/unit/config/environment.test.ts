import { describe, expect, it } from '@jest/globals';
import { isServiceVariable } from '../../../lib/config/environment.js';
import { OTHER_VARIABLES, SETTINGS } from '../../../lib/config/settings.js';
import type { Config } from '../../../lib/config/types.js';
import { folderWith, load, MINIMAL, MINIMAL_FILE, pathsOf, problemsOf, refusal } from './support.js';

/** Variable, key, text, and what the key is then. */
const VARIABLES: [string, string, string, unknown][] = [
  ['RUNBOAT_BUILD_NAMESPACE', 'namespace', 'other', 'other'],
  ['RUNBOAT_BUILD_DOMAIN', 'domain', 'x.org', 'x.org'],
  ['RUNBOAT_URL_SCHEME', 'urlScheme', 'https', 'https'],
  ['RUNBOAT_BASE_URL', 'baseUrl', 'https://x.org/', 'https://x.org'],
  ['RUNBOAT_DATABASE_PREFIX', 'databasePrefix', 'a_', 'a_'],
  ['RUNBOAT_DEFAULT_BUNDLE', 'defaultBundle', 'webpage', 'webpage'],
  ['RUNBOAT_BUILD_ENV', 'env', '{"A": "b"}', { A: 'b' }],
  ['RUNBOAT_BUILD_SECRET_ENV', 'secretEnv', '{"A": "b"}', { A: 'b' }],
  ['RUNBOAT_BUILD_TEMPLATE_VARS', 'templateVars', '{"A": "b", "n": 5, "t": true}', { A: 'b', n: 5, t: true }],
  ['RUNBOAT_MAX_INITIALIZING', 'limits.initializing', '0', 0],
  ['RUNBOAT_MAX_STARTED', 'limits.started', '11', 11],
  ['RUNBOAT_MAX_DEPLOYED', 'limits.deployed', '12', 12],
  ['RUNBOAT_LIMITS_CLEANING', 'limits.cleaning', '13', 13],
  ['RUNBOAT_TIMEOUTS_INITIALIZE', 'timeouts.initialize', '10s', 10_000],
  ['RUNBOAT_TIMEOUTS_CLEANUP', 'timeouts.cleanup', '1m', 60_000],
  ['RUNBOAT_RETENTION_MINIMUM_AGE', 'retention.minimumAge', '500ms', 500],
  ['RUNBOAT_RETENTION_FINISHED_JOBS', 'retention.finishedJobs', '1h', 3_600_000],
  ['RUNBOAT_NO_CLEANUP_JOB', 'cleanupJob', 'true', false],
  ['RUNBOAT_DEPLOYMENT_RESOURCE_TYPES', 'resourceTypes', 'deployment, job', ['deployment', 'job']],
  ['RUNBOAT_PAUSED', 'paused', 'on', true],
  ['RUNBOAT_API_ADMIN_USER', 'api.adminUser', 'me', 'me'],
  ['RUNBOAT_API_ADMIN_PASSWD', 'api.adminPassword', 'pw', 'pw'],
  ['RUNBOAT_API_PUBLIC_ACTIONS', 'api.publicActions', '["stop"]', ['stop']],
  ['RUNBOAT_LISTEN_PORT', 'http.port', '9000', 9000],
  ['RUNBOAT_HTTP_TRUST_PROXY', 'http.trustProxy', 'Yes', true],
  ['RUNBOAT_HTTP_HSTS', 'http.hsts', '1', true],
  ['RUNBOAT_GITHUB_TOKEN', 'github.token', 't', 't'],
  ['RUNBOAT_GITHUB_WEBHOOK_SECRET', 'github.webhookSecret', 's', 's'],
  ['RUNBOAT_GITHUB_ALLOW_UNSIGNED_WEBHOOKS', 'github.allowUnsignedWebhooks', 'T', true],
  ['RUNBOAT_GITHUB_API_URL', 'github.apiUrl', 'http://x', 'http://x'],
  ['RUNBOAT_GITHUB_WEB_URL', 'github.webUrl', 'http://x', 'http://x'],
  ['RUNBOAT_DISABLE_COMMIT_STATUSES', 'github.commitStatuses', '1', false],
  ['RUNBOAT_ADDITIONAL_FOOTER_HTML', 'footerHtml', '<b>', '<b>'],
  ['RUNBOAT_LOG_LEVEL', 'log.level', 'debug', 'debug'],
  ['RUNBOAT_METRICS_PORT', 'metricsPort', '0', 0],
];
/** Tried on their own: each needs more than one variable or a folder. */
const OTHERS = [
  'RUNBOAT_REPOS',
  'RUNBOAT_BUNDLES',
  'RUNBOAT_GITHUB_APP_ID',
  'RUNBOAT_GITHUB_APP_PRIVATE_KEY',
];

function settingOf(config: Config, key: string): unknown {
  return key.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], config);
}

describe('a variable of the environment', () => {
  it.each(VARIABLES)('%s sets %s', (variable, key, text, expected) => {
    const before = settingOf(load().config, key);
    const { config, warnings } = load({ env: { ...MINIMAL, [variable]: text } });
    expect(settingOf(config, key)).toEqual(expected);
    expect(before).not.toEqual(expected);
    expect(warnings).toEqual([]);
  });

  it('of every setting is tried here', () => {
    const tried = [...VARIABLES.map(([variable]) => variable), ...OTHERS];
    expect(SETTINGS.map(({ variable }) => variable).sort()).toEqual(tried.sort());
  });

  it('gives a GitHub App, with line ends of its key written as \\n', () => {
    const key = '-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----';
    const env = { ...MINIMAL, RUNBOAT_GITHUB_APP_ID: '12', RUNBOAT_GITHUB_APP_PRIVATE_KEY: key };
    const { config, warnings } = load({ env });
    expect(config.github.app).toEqual({ id: '12', privateKey: key.replaceAll('\\n', '\n') });
    expect(warnings).toEqual([]);
    expect(problemsOf({ env: { ...MINIMAL, RUNBOAT_GITHUB_APP_ID: '12' } })).toEqual([
      {
        path: 'github.app.privateKey',
        message: 'is required; set it in the file, or RUNBOAT_GITHUB_APP_PRIVATE_KEY',
      },
    ]);
  });

  it('is named in problems, all of them at once', () => {
    const env = {
      RUNBOAT_BUILD_DOMAIN: 'Not A Domain',
      RUNBOAT_MAX_STARTED: 'six',
      RUNBOAT_MAX_DEPLOYED: '-1',
      RUNBOAT_PAUSED: 'maybe',
      RUNBOAT_BUILD_ENV: '{"A B": "x", "C": null}',
      RUNBOAT_BUILD_SECRET_ENV: '{',
      RUNBOAT_LISTEN_PORT: '1e4',
      RUNBOAT_RETENTION_MINIMUM_AGE: '10',
      RUNBOAT_API_PUBLIC_ACTIONS: 'start,delete',
      RUNBOAT_BUILD_TEMPLATE_VARS: '{"version": 16.0}',
    };
    const { paths, message } = { paths: pathsOf({ env }), message: refusal({ env }).message };
    expect(paths.sort()).toEqual(
      [
        'namespace',
        'repos',
        'RUNBOAT_BUILD_DOMAIN',
        'RUNBOAT_MAX_STARTED',
        'RUNBOAT_MAX_DEPLOYED',
        'RUNBOAT_PAUSED',
        'RUNBOAT_BUILD_ENV["A B"]',
        'RUNBOAT_BUILD_ENV.C',
        'RUNBOAT_BUILD_SECRET_ENV',
        'RUNBOAT_LISTEN_PORT',
        'RUNBOAT_RETENTION_MINIMUM_AGE',
        'RUNBOAT_API_PUBLIC_ACTIONS[1]',
        'RUNBOAT_BUILD_TEMPLATE_VARS.version',
      ].sort(),
    );
    expect(message).toContain('RUNBOAT_PAUSED: must be true or false (1/0, yes/no, on/off)');
  });
});

describe('a variable that is no setting', () => {
  it('is a warning when it begins with RUNBOAT_', () => {
    const env = {
      ...MINIMAL,
      RUNBOAT_SUPPORTED_REPOS: 'x',
      RUNBOAT_NAMESPACE: 'x',
      OTHER: 'x',
      RUNBOAT_FOO: '',
    };
    expect(load({ env }).warnings).toEqual([
      'RUNBOAT_SUPPORTED_REPOS is not a setting and is ignored',
      'RUNBOAT_NAMESPACE is not a setting and is ignored; `namespace` is set by RUNBOAT_BUILD_NAMESPACE',
    ]);
  });

  it('is not warned of when a command knows it', () => {
    const env = { ...MINIMAL, RUNBOAT_MODE: 'start' };
    expect(load({ env, knownVariables: ['RUNBOAT_MODE'] }).warnings).toEqual([]);
  });

  it('is ignored with a warning of its own when it configures Python logging', () => {
    const { warnings } = load({ env: { ...MINIMAL, RUNBOAT_LOG_CONFIG: 'log.yaml' } });
    expect(warnings).toEqual([expect.stringContaining('RUNBOAT_LOG_CONFIG is ignored')]);
  });

  it.each([
    ['RUNBOAT_PORT', 'tcp://10.0.0.1:80'],
    ['RUNBOAT_SERVICE_HOST', '10.0.0.1'],
    ['RUNBOAT_SERVICE_PORT', '80'],
    ['RUNBOAT_SERVICE_PORT_HTTP', '80'],
    ['RUNBOAT_PORT_80_TCP', 'tcp://10.0.0.1:80'],
    ['RUNBOAT_PORT_80_TCP_PROTO', 'tcp'],
    ['RUNBOAT_PORT_80_TCP_PORT', '80'],
    ['RUNBOAT_PORT_80_TCP_ADDR', '10.0.0.1'],
    ['RUNBOAT_GATEWAY_PORT', 'tcp://10.0.0.1:80'],
    ['RUNBOAT_GATEWAY_SERVICE_HOST', '10.0.0.1'],
    ['RUNBOAT_GATEWAY_PORT_8000_TCP_ADDR', '10.0.0.1'],
  ])('is ignored in silence when Kubernetes made it for a Service: %s', (name, value) => {
    expect(load({ env: { ...MINIMAL, [name]: value } }).warnings).toEqual([]);
  });

  it('never shares its name with a setting', () => {
    const names = [...SETTINGS, ...OTHER_VARIABLES].map(({ variable }) => variable);
    expect(names.filter((name) => isServiceVariable(name, '80'))).toEqual([]);
  });

  it('is explained when a Service gives a setting a wrong value', () => {
    const [problem] = problemsOf({ env: { ...MINIMAL, RUNBOAT_METRICS_PORT: 'tcp://10.0.0.1:80' } });
    expect(problem?.message).toContain('Service called runboat-metrics');
  });
});

describe('RUNBOAT_REPOS', () => {
  const repos = (...entries: unknown[]) => ({ ...MINIMAL, RUNBOAT_REPOS: JSON.stringify(entries) });
  const entry = { repo: '^oca/.*', branch: '^15.0$', builds: [{ image: 'odoo:15' }] };

  it('gives rules as existing environment files write them, and replaces those of the file', () => {
    const build = {
      image: 'odoo:15',
      env: { A: '1' },
      secret_env: { B: '2' },
      template_vars: { C: '3' },
    };
    const env = { RUNBOAT_REPOS: JSON.stringify([{ ...entry, builds: [build] }]) };
    const { config, warnings } = load({ yaml: MINIMAL_FILE, env });
    expect(warnings).toEqual([]);
    expect(config.repos).toEqual([
      {
        index: 0,
        label: 'repos[0]: ^oca/.* ^15.0$',
        repo: /^(?:^oca\/.*)/iu,
        branch: /^(?:^15.0$)/u,
        image: 'odoo:15',
        env: { A: '1' },
        secretEnv: { B: '2' },
        templateVars: { C: '3' },
      },
    ]);
  });

  it('names the bundle of a kubefiles_path after the last folder', () => {
    const folder = folderWith({ 'kubefiles/special/kustomization.yaml.hbs': '' });
    const builds = [{ image: 'x', kubefiles_path: `${folder}/kubefiles/special/` }];
    const { config } = load({ env: repos({ ...entry, builds }) });
    expect(config.repos[0]?.kubefiles).toBe('special');
    expect(config.bundles['special']).toBe(`${folder}/kubefiles/special`);
  });

  it('warns of unknown keys and goes on', () => {
    const env = repos({ ...entry, extra: 1, builds: [{ image: 'x', kubefile: 'y' }] });
    expect(load({ env }).warnings).toEqual([
      'RUNBOAT_REPOS[0].extra is not a setting and is ignored',
      'RUNBOAT_REPOS[0].builds[0].kubefile is not a setting and is ignored',
    ]);
  });

  it('reports all that is wrong with its own paths', () => {
    const env = repos(
      5,
      { ...entry, builds: [] },
      { ...entry, builds: [{ image: 'x' }, { image: 'y' }] },
      { branch: '(', builds: [{ env: { 'A-B': '1' }, secret_env: { S: null } }] },
      { ...entry, builds: [{ image: 'x', kubefiles_path: '/does/not/exist' }] },
    );
    expect(pathsOf({ env }).sort()).toEqual([
      'RUNBOAT_REPOS[0]',
      'RUNBOAT_REPOS[1].builds',
      'RUNBOAT_REPOS[2].builds',
      'RUNBOAT_REPOS[3].branch',
      'RUNBOAT_REPOS[3].builds[0].env.A-B',
      'RUNBOAT_REPOS[3].builds[0].image',
      'RUNBOAT_REPOS[3].builds[0].secret_env.S',
      'RUNBOAT_REPOS[3].repo',
      'RUNBOAT_REPOS[4].builds[0].kubefiles_path',
    ]);
  });

  it.each(['{}', '5', 'null', '"x"'])('must be a list, not %s', (text) => {
    expect(problemsOf({ env: { ...MINIMAL, RUNBOAT_REPOS: text } })).toEqual([
      { path: 'RUNBOAT_REPOS', message: 'must be a JSON list of {"repo", "branch", "builds"}' },
    ]);
  });
});
