import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../lib/config/load.js';
import { folderWith, load, MINIMAL, MINIMAL_FILE, pathsOf, problemsOf, refusal } from './support.js';

const EVERY_KEY = `
namespace: runboat-builds
domain: builds.example.org
urlScheme: https
baseUrl: http://localhost:8000/
databasePrefix: "rb_1"
repos:
  - repo: ^oca/.*
    branch: ^\\d+\\.0$
    image: ghcr.io/oca/oca-ci/py3.10-odoo16.0:latest
    kubefiles: odoo
    env: {A: b}
    secretEnv: {S: t}
    templateVars: {size: 5, fast: true, class: ssd}
bundles: {odoo: ./kubefiles/odoo}
defaultBundle: odoo
env: {PGHOST: db}
secretEnv: {PGPASSWORD: p}
templateVars: {storageClassName: slow}
limits: {initializing: 1, started: 3, deployed: 5, cleaning: 7}
timeouts: {initialize: 20m, cleanup: 5m30s}
retention: {minimumAge: 90s, finishedJobs: 48h}
cleanupJob: false
resourceTypes: [deployment, ingress, job, certificates.cert-manager.io]
paused: true
api: {adminUser: admin, adminPassword: pw, publicActions: [start]}
http: {port: 9000, trustProxy: true, hsts: true}
github: {token: t, app: {id: 12, privateKey: k}, webhookSecret: w, allowUnsignedWebhooks: true, apiUrl: https://git.example/api/v3/, webUrl: https://git.example, commitStatuses: false}
footerHtml: "<p>"
log: {level: debug}
`;

describe('a configuration file', () => {
  it('sets every key', () => {
    const folder = folderWith({
      'runboat.yaml': EVERY_KEY,
      'kubefiles/odoo/kustomization.yaml.hbs': '',
    });
    const { config } = loadConfig({ file: join(folder, 'runboat.yaml'), env: {}, process: 'check' });
    const { repos, bundles, ...rest } = config;
    expect(rest).toEqual({
      namespace: 'runboat-builds',
      domain: 'builds.example.org',
      urlScheme: 'https',
      baseUrl: 'http://localhost:8000',
      databasePrefix: 'rb_1',
      defaultBundle: 'odoo',
      env: { PGHOST: 'db' },
      secretEnv: { PGPASSWORD: 'p' },
      templateVars: { storageClassName: 'slow' },
      limits: { initializing: 1, started: 3, deployed: 5, cleaning: 7 },
      timeouts: { initialize: 1_200_000, cleanup: 330_000 },
      retention: { minimumAge: 90_000, finishedJobs: 172_800_000 },
      cleanupJob: false,
      resourceTypes: ['deployment', 'ingress', 'job', 'certificates.cert-manager.io'],
      paused: true,
      api: { adminUser: 'admin', adminPassword: 'pw', publicActions: ['start'] },
      http: { port: 9000, trustProxy: true, hsts: true },
      github: {
        token: 't',
        app: { id: '12', privateKey: 'k' },
        webhookSecret: 'w',
        allowUnsignedWebhooks: true,
        apiUrl: 'https://git.example/api/v3',
        webUrl: 'https://git.example',
        commitStatuses: false,
      },
      footerHtml: '<p>',
      log: { level: 'debug' },
      metricsPort: 8081,
    });
    expect(bundles['odoo']).toBe(join(folder, 'kubefiles/odoo'));
    expect(repos).toMatchObject([
      {
        index: 0,
        label: 'repos[0]: ^oca/.* ^\\d+\\.0$',
        image: 'ghcr.io/oca/oca-ci/py3.10-odoo16.0:latest',
        kubefiles: 'odoo',
        env: { A: 'b' },
        secretEnv: { S: 't' },
        templateVars: { size: 5, fast: true, class: 'ssd' },
      },
    ]);
  });

  it('needs only a namespace, a domain and rules; the rest has defaults', () => {
    const { config, warnings } = load({ yaml: MINIMAL_FILE });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      urlScheme: 'http',
      baseUrl: 'http://localhost:8000',
      databasePrefix: '',
      defaultBundle: 'odoo',
      env: {},
      secretEnv: {},
      templateVars: {},
      limits: { initializing: 2, started: 6, deployed: 10, cleaning: 4 },
      timeouts: { initialize: 1_800_000, cleanup: 600_000 },
      retention: { minimumAge: 600_000, finishedJobs: 259_200_000 },
      cleanupJob: true,
      resourceTypes: ['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job'],
      paused: false,
      api: { publicActions: ['start', 'stop', 'reset'] },
      http: { port: 8000, trustProxy: false, hsts: false },
      github: {
        allowUnsignedWebhooks: false,
        apiUrl: 'https://api.github.com',
        webUrl: 'https://github.com',
        commitStatuses: true,
      },
      footerHtml: '',
      log: { level: 'info' },
      metricsPort: 8081,
    });
    expect(config.github).not.toHaveProperty('token');
    expect(config.repos[0]).not.toHaveProperty('kubefiles');
  });

  it('is found by RUNBOAT_CONFIG, and the flag wins', () => {
    const folder = folderWith({ 'a.yaml': MINIMAL_FILE, 'b.yaml': 'namespace: UPPER' });
    const file = join(folder, 'a.yaml');
    expect(load({ env: { RUNBOAT_CONFIG: file } }).config.namespace).toBe('builds');
    expect(load({ env: { RUNBOAT_CONFIG: join(folder, 'b.yaml') }, file }).config.namespace).toBe('builds');
  });

  it('may leave keys without a value, which is as good as leaving them out', () => {
    const { config } = load({ yaml: `${MINIMAL_FILE}\nenv:\nfooterHtml:\nlimits:\n  started:\n` });
    expect(config).toMatchObject({ env: {}, footerHtml: '', limits: { started: 6 } });
  });
});

describe('a configuration that is wrong', () => {
  it('is refused with all reasons at once, each with its path', () => {
    const yaml = `
namespace: Not_A_Name
urlScheme: ftp
databasePrefix: waytoolongprefix
repos:
  - {repo: "(", branch: "[", image: "a b", extra: 1}
  - {branch: x, image: y, kubefiles: nowhere, env: {"1A": x}}
bundles: {mine: ./missing}
defaultBundle: unknown
limits: {initializing: -1, started: two}
timeouts: {initialize: 30, cleanup: 10x}
resourceTypes: [pvc, "a b"]
api: {publicActions: [start, start], who: me}
http: {port: 70000, trustProxy: "yes"}
github: {app: {id: 1}, apiUrl: example.org}
log: {level: loud}
metricsPort: 1
oops: true
`;
    expect(pathsOf({ yaml }).sort()).toEqual(
      [
        'api.publicActions',
        'api.who',
        'bundles.mine',
        'databasePrefix',
        'defaultBundle',
        'domain',
        'github.apiUrl',
        'github.app.privateKey',
        'http.port',
        'http.trustProxy',
        'limits.initializing',
        'limits.started',
        'log.level',
        'metricsPort',
        'namespace',
        'oops',
        'repos[0].branch',
        'repos[0].extra',
        'repos[0].image',
        'repos[0].repo',
        'repos[1].env["1A"]',
        'repos[1].kubefiles',
        'repos[1].repo',
        'resourceTypes[1]',
        'timeouts.cleanup',
        'timeouts.initialize',
        'urlScheme',
      ].sort(),
    );
  });

  it('says for people what to do, with the file, one line a problem', () => {
    const { message } = refusal({ yaml: 'namespace: x\nrepos: []\nlimits: {initialising: 2}' });
    expect(message).toContain('runboat.yaml and the environment) has 2 problems:');
    expect(message).toContain('\n  domain: is required; set it in the file, or RUNBOAT_BUILD_DOMAIN');
    expect(message).toContain(
      '\n  limits.initialising: is not a setting; known here are: initializing, started, deployed, cleaning',
    );
  });

  it.each([
    ['domain', 'HTTP://x'],
    ['domain', 'a..b'],
    ['domain', `${'a.'.repeat(120)}b`],
    ['domain', 'localhost:80'],
    ['namespace', 'a.b'],
    ['namespace', 'a'.repeat(64)],
    ['databasePrefix', 'Ab'],
    ['databasePrefix', '0123456789'],
    ['baseUrl', 'ftp://x'],
    ['baseUrl', 'http://user:pw@x'],
    ['baseUrl', 'http://x/?q=1'],
    ['timeouts.initialize', '0s'],
    ['timeouts.cleanup', '8000h'],
    ['retention.finishedJobs', '9000h'],
  ])('is refused for %s %p', (key, value) => {
    const [name = '', inner] = key.split('.');
    const yaml = `${JSON.stringify({ [name]: inner === undefined ? value : { [inner]: value } })}`;
    expect(pathsOf({ yaml })).toContain(key);
  });

  it('counts what is more than fifty problems', () => {
    const bad = Array.from({ length: 60 }, (_, index) => `x${index}: 1`).join('\n');
    const { message, problems } = refusal({ yaml: `${MINIMAL_FILE}\n${bad}` });
    expect(problems).toHaveLength(60);
    expect(message).toContain('and 10 more');
  });

  it('names a rule that is no map, a list that is none, and a map that is none', () => {
    expect(pathsOf({ yaml: `${MINIMAL_FILE}\nenv: [a]\nlimits: 5\nbundles: x` })).toEqual([
      'bundles',
      'env',
      'limits',
    ]);
    const yaml = 'namespace: a\ndomain: b\nrepos: [5]';
    expect(problemsOf({ yaml })).toEqual([
      { path: 'repos[0]', message: 'must be a map of names and values' },
    ]);
  });
});

describe('the environment', () => {
  it('wins over the file key by key, and takes the place of whole maps', () => {
    const yaml = `${MINIMAL_FILE}\nhttp: {port: 1, hsts: true}\nenv: {A: "1", B: "2"}`;
    const env = { RUNBOAT_LISTEN_PORT: '2', RUNBOAT_BUILD_ENV: '{"C": "3"}', RUNBOAT_BUILD_DOMAIN: 'x.org' };
    const { config } = load({ yaml, env });
    expect(config.http).toEqual({ port: 2, trustProxy: false, hsts: true });
    expect(config.env).toEqual({ C: '3' });
    expect(config.domain).toBe('x.org');
  });

  it('counts as not set where a variable is empty', () => {
    const env = { RUNBOAT_BUILD_DOMAIN: '', RUNBOAT_MAX_STARTED: '', RUNBOAT_REPOS: '' };
    expect(load({ yaml: MINIMAL_FILE, env }).config).toMatchObject({
      domain: 'builds.example.org',
      limits: { started: 6 },
    });
  });

  it('is enough without a file', () => {
    expect(load({ env: MINIMAL }).config.repos).toHaveLength(1);
  });
});

describe('each process asks only for what it needs', () => {
  const secrets = `${MINIMAL_FILE}
secretEnv: {PGPASSWORD: one}
api: {adminUser: admin, adminPassword: two}
github: {token: three, webhookSecret: four}
`;

  it('the gateway for the name and the password of the administrator', () => {
    expect(pathsOf({ yaml: MINIMAL_FILE, process: 'gateway' })).toEqual([
      'api.adminUser',
      'api.adminPassword',
    ]);
    expect(load({ yaml: MINIMAL_FILE, process: 'operator' }).warnings).toEqual([]);
  });

  it('the operator has no secret of the gateway', () => {
    const { config } = load({ yaml: secrets, process: 'operator' });
    expect(JSON.stringify(config)).not.toMatch(/two|four/);
    expect(config.secretEnv).toEqual({ PGPASSWORD: 'one' });
    expect(config.github.token).toBe('three');
  });

  it('the gateway has no secret environment, and needs no folders of bundles', () => {
    const yaml = `${secrets}\nbundles: {mine: ./missing}\ndefaultBundle: mine`;
    const { config } = load({ yaml, process: 'gateway' });
    expect(JSON.stringify(config)).not.toContain('"one"');
    expect(config).toMatchObject({
      api: { adminUser: 'admin', adminPassword: 'two' },
      github: { token: 'three', webhookSecret: 'four' },
    });
  });

  it.each([
    ['<script src="https://x.test/a.js"></script>', 'a script'],
    ['<a href="#" onclick="go()">', 'a script'],
    ['<style>p { color: red }</style>', 'a style sheet'],
    ['<iframe src="https://x.test"></iframe>', 'embedded content'],
    ['<img src="http://x.test/logo.png">', 'an image over http'],
  ])('warns of what browsers leave out of the footer: %s', (html, words) => {
    const { warnings } = load({ yaml: `${MINIMAL_FILE}\nfooterHtml: '${html}'\n` });
    expect(warnings).toEqual([expect.stringContaining(`\`footerHtml\` has ${words}`)]);
  });

  it('warns of nothing that works in the footer', () => {
    const footer =
      '<p style="color: red"><img src="https://x.test/logo.png" alt=""> <a href="http://x.test">x</a></p>';
    expect(load({ yaml: `${MINIMAL_FILE}\nfooterHtml: '${footer}'\n` }).warnings).toEqual([]);
  });
});
