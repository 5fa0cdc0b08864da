import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { callsOf, createOdooWorld, ODOO_ENV } from './odoo-world.js';
import type { ScriptWorld } from './script-world.js';

const { RUNBOAT_GIT_REF: REF } = ODOO_ENV;
let world: ScriptWorld;

beforeEach(() => {
  world = createOdooWorld();
});
afterEach(() => world.remove());

describe('download.sh', () => {
  const addresses: Record<string, [Record<string, string>, string]> = {
    'GitHub by default': [{}, `https://github.com/oca/web/tarball/${REF}`],
    "GitHub's API with a token": [
      { RUNBOAT_GIT_TOKEN: 'abc' },
      `https://api.github.com/repos/oca/web/tarball/${REF}`,
    ],
    'another base address': [
      { RUNBOAT_GIT_BASE_URL: 'http://git.local:3000/', RUNBOAT_GIT_TOKEN: 'abc' },
      `http://git.local:3000/oca/web/tarball/${REF}`,
    ],
    Forgejo: [
      { RUNBOAT_GIT_BASE_URL: 'https://code.local', RUNBOAT_GIT_TARBALL_PATH: '{repo}/archive/{ref}.tar.gz' },
      `https://code.local/oca/web/archive/${REF}.tar.gz`,
    ],
    "GitLab's API": [
      {
        RUNBOAT_GIT_BASE_URL: 'https://gitlab.local/api/v4/projects',
        RUNBOAT_GIT_TARBALL_PATH: '{repo_encoded}/repository/archive.tar.gz?sha={ref}',
      },
      `https://gitlab.local/api/v4/projects/oca%2Fweb/repository/archive.tar.gz?sha=${REF}`,
    ],
  };
  it.each(Object.entries(addresses))('asks the right address: %s', (_name, [env, url]) => {
    const run = world.run('download.sh', { ...ODOO_ENV, ...env });
    expect(run.status).toBe(0);
    expect(callsOf(run, 'curl').map((call) => call.at(-1))).toEqual([url]);
  });

  it('hands the token to curl by standard input and shows it nowhere', () => {
    world.stub('curl', 'cat >>/tmp/curl-config; echo "curl: (22) 401" >&2; exit 22');
    const run = world.run('download.sh', { ...ODOO_ENV, RUNBOAT_GIT_TOKEN: 'gh-secret_1' });
    expect(readFileSync(world.path('/tmp/curl-config'), 'utf8')).toBe(
      'header = "Authorization: Bearer gh-secret_1"\n',
    );
    expect(JSON.stringify(run.calls) + run.output + run.termination).not.toContain('gh-secret_1');
    expect(run.termination).toContain('RUNBOAT_GIT_TOKEN');
  });

  it('refuses a token that would add a line to the configuration of curl, without showing it', () => {
    const run = world.run('download.sh', { ...ODOO_ENV, RUNBOAT_GIT_TOKEN: 'a"\nurl = "http://evil' });
    expect(run.status).not.toBe(0);
    expect(callsOf(run, 'curl')).toEqual([]);
    expect(run.output + run.termination).not.toContain('evil');
  });

  it('leaves no tarball behind, whether it succeeds or not', () => {
    world.run('download.sh', ODOO_ENV);
    expect(readdirSync(world.path('/tmp')).filter((name) => name.startsWith('tmp.'))).toEqual([]);
    world.stub('curl', 'exit 6');
    world.run('download.sh', ODOO_ENV);
    expect(readdirSync(world.path('/tmp')).filter((name) => name.startsWith('tmp.'))).toEqual([]);
  });
});

describe('install.sh', () => {
  it('uses oca_install_addons unless told otherwise, and runs it in the repository', () => {
    world.run('download.sh', ODOO_ENV);
    world.stub('oca_install_addons', '[ -d my_addon ]');
    const run = world.run('install.sh', ODOO_ENV);
    expect(run.status).toBe(0);
    expect(callsOf(run, 'oca_install_addons')).toHaveLength(1);
    expect(existsSync(world.path('/mnt/data/odoo-venv/bin/installed'))).toBe(true);
  });

  it('installs the repository as a package with editable_pip_install', () => {
    world.run('download.sh', ODOO_ENV);
    const run = world.run('install.sh', { ...ODOO_ENV, INSTALL_METHOD: 'editable_pip_install' });
    expect(run.status).toBe(0);
    expect(run.calls).toEqual([['pip', 'install', '--editable', '.']]);
  });

  it('refuses another method with the names of those that exist', () => {
    world.run('download.sh', ODOO_ENV);
    const run = world.run('install.sh', { ...ODOO_ENV, INSTALL_METHOD: 'wheels' });
    expect(run.status).not.toBe(0);
    expect(run.termination).toMatch(/wheels.*oca_install_addons or editable_pip_install/);
    expect(existsSync(world.path('/mnt/data/odoo-venv'))).toBe(false);
  });
});
