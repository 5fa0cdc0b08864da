import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { folderWith, load, MINIMAL, pathsOf, problemsOf } from './support.js';

const secrets = folderWith({
  password: 'pass word \n',
  windows: 'pass\r\n',
  hook: 'hush',
  token: 'ghp_x\n\n',
  key: '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n',
  env: '{"PGPASSWORD": "p"}\n',
  broken: 'PGPASSWORD: p',
  empty: '\n',
  repos: JSON.stringify([
    { repo: 'a', branch: 'b', builds: [{ image: 'odoo:16', secret_env: { TOKEN: 't' } }] },
  ]),
});
const at = (name: string) => join(secrets, name);
const ADMIN = { RUNBOAT_API_ADMIN_USER: 'admin' };

describe('A secret in a file', () => {
  it('is the same as one in the variable, for every secret there is', () => {
    const { RUNBOAT_REPOS: _repos, ...rest } = MINIMAL;
    const { config, warnings } = load({
      env: {
        ...rest,
        ...ADMIN,
        RUNBOAT_REPOS_FILE: at('repos'),
        RUNBOAT_API_ADMIN_PASSWD_FILE: at('password'),
        RUNBOAT_GITHUB_TOKEN_FILE: at('token'),
        RUNBOAT_GITHUB_WEBHOOK_SECRET_FILE: at('hook'),
        RUNBOAT_GITHUB_APP_ID: '7',
        RUNBOAT_GITHUB_APP_PRIVATE_KEY_FILE: at('key'),
        RUNBOAT_BUILD_SECRET_ENV_FILE: at('env'),
      },
    });
    expect(warnings).toEqual([]);
    expect(config.api.adminPassword).toBe('pass word ');
    expect(config.github).toMatchObject({ token: 'ghp_x', webhookSecret: 'hush', app: { id: '7' } });
    expect(config.github.app?.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\nAA==\n.*-----$/);
    expect(config.secretEnv).toEqual({ PGPASSWORD: 'p' });
    expect(config.repos[0]?.secretEnv).toEqual({ TOKEN: 't' });
  });

  it('loses the line end of any system', () => {
    const env = { ...MINIMAL, ...ADMIN, RUNBOAT_API_ADMIN_PASSWD_FILE: at('windows') };
    expect(load({ env, process: 'gateway' }).config.api.adminPassword).toBe('pass');
  });

  it('starts at the working directory and wins over the file of the configuration', () => {
    const yaml = `
      namespace: builds
      domain: builds.example.org
      repos: []
      github: {token: other}`;
    const env = { RUNBOAT_GITHUB_TOKEN_FILE: 'token' };
    expect(load({ yaml, env, workingFolder: secrets }).config.github.token).toBe('ghp_x');
  });

  it.each([
    ['is missing', 'none', 'there is no such file'],
    ['is a folder', '.', 'is a folder'],
    ['is empty', 'empty', 'is empty'],
  ])('that %s is an error with its path, and the only one', (_what, name, message) => {
    const env = { ...MINIMAL, ...ADMIN, RUNBOAT_API_ADMIN_PASSWD_FILE: at(name) };
    expect(problemsOf({ env, process: 'gateway' })).toEqual([
      {
        path: 'RUNBOAT_API_ADMIN_PASSWD_FILE',
        message: expect.stringMatching(`^${at(name).replace(/\/\.$/, '')}: ${message}`),
      },
    ]);
  });

  it('beside the variable itself is an error', () => {
    const env = { ...MINIMAL, RUNBOAT_GITHUB_TOKEN: 'x', RUNBOAT_GITHUB_TOKEN_FILE: at('token') };
    expect(problemsOf({ env })).toEqual([
      {
        path: 'RUNBOAT_GITHUB_TOKEN_FILE',
        message: expect.stringContaining('RUNBOAT_GITHUB_TOKEN is given'),
      },
    ]);
  });

  it('is named when its content is wrong', () => {
    const env = { ...MINIMAL, RUNBOAT_BUILD_SECRET_ENV_FILE: at('broken') };
    const [problem] = problemsOf({ env });
    expect(problem).toMatchObject({ path: 'RUNBOAT_BUILD_SECRET_ENV_FILE' });
    expect(problem?.message).not.toContain('PGPASSWORD');
  });

  it('that the process does not need is not asked for', () => {
    const operator = {
      ...MINIMAL,
      RUNBOAT_API_ADMIN_PASSWD_FILE: at('none'),
      RUNBOAT_GITHUB_WEBHOOK_SECRET_FILE: at('none'),
    };
    expect(load({ env: operator, process: 'operator' }).warnings).toEqual([]);
    const gateway = {
      ...MINIMAL,
      ...ADMIN,
      RUNBOAT_API_ADMIN_PASSWD: 'x',
      RUNBOAT_BUILD_SECRET_ENV_FILE: at('none'),
    };
    expect(load({ env: gateway, process: 'gateway' }).warnings).toEqual([]);
    expect(pathsOf({ env: { ...operator, ...gateway } })).toHaveLength(3);
  });

  it('is only what holds secrets', () => {
    const env = { ...MINIMAL, RUNBOAT_LOG_LEVEL_FILE: at('token') };
    expect(load({ env }).warnings).toEqual([
      expect.stringContaining('RUNBOAT_LOG_LEVEL_FILE is not a setting'),
    ]);
  });
});

describe('A .env file', () => {
  const envFile = (text: string) => {
    const file = join(folderWith({}), '.env');
    writeFileSync(file, text);
    return file;
  };

  it('adds to the environment, which wins unless it is empty', () => {
    const file = envFile('RUNBOAT_MAX_STARTED=3\nRUNBOAT_MAX_DEPLOYED=4\nRUNBOAT_MAX_INITIALIZING=5\n');
    const env = { ...MINIMAL, RUNBOAT_MAX_STARTED: '30', RUNBOAT_MAX_DEPLOYED: '' };
    expect(load({ env, envFile: file }).config.limits).toMatchObject({
      started: 30,
      deployed: 4,
      initializing: 5,
    });
  });

  it('is named by RUNBOAT_ENV_FILE too, and can name the configuration file', () => {
    const yaml = 'namespace: other\ndomain: d.example.org\nrepos: []\n';
    const config = join(folderWith({ 'c.yaml': yaml }), 'c.yaml');
    const env = { RUNBOAT_ENV_FILE: envFile(`RUNBOAT_CONFIG=${config}`) };
    expect(load({ env }).config.namespace).toBe('other');
  });

  it('loses a secret to the environment, whichever variables they use', () => {
    const env = { ...MINIMAL, RUNBOAT_GITHUB_TOKEN_FILE: at('token') };
    const file = envFile('RUNBOAT_GITHUB_TOKEN=other');
    expect(load({ env, envFile: file }).config.github.token).toBe('ghp_x');
  });

  it('is refused together with all else that is wrong', () => {
    const file = envFile('RUNBOAT_MAX_STARTED=many\nnonsense here\n');
    expect(pathsOf({ env: { ...MINIMAL, RUNBOAT_URL_SCHEME: 'ftp' }, envFile: file })).toEqual([
      `${file} line 2`,
      'RUNBOAT_MAX_STARTED',
      'RUNBOAT_URL_SCHEME',
    ]);
    expect(pathsOf({ env: MINIMAL, envFile: '/nowhere/.env' })).toEqual(['/nowhere/.env']);
    const env = { RUNBOAT_URL_SCHEME: 'ftp' };
    expect(pathsOf({ env, envFile: '/nowhere/.env' })).toEqual(['/nowhere/.env', 'RUNBOAT_URL_SCHEME']);
  });

  it('is warned of what is no setting in it', () => {
    const file = envFile('RUNBOAT_MAX_STARTD=3\nPGHOST=x\nRUNBOAT_PORT=tcp://10.0.0.1:80\n');
    expect(load({ env: MINIMAL, envFile: file }).warnings).toEqual([
      expect.stringContaining('RUNBOAT_MAX_STARTD is not a setting'),
    ]);
  });
});
