import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { argument, callsOf, createOdooWorld, droppedDatabases, ODOO_ENV, storyOf } from './odoo-world.js';
import type { ScriptWorld } from './script-world.js';

const MAIN = ODOO_ENV.PGDATABASE;
const BASE = `${MAIN}-baseonly`;
let world: ScriptWorld;

beforeEach(() => {
  world = createOdooWorld();
});
afterEach(() => world.remove());

function isInitialized(): boolean {
  return existsSync(world.path('/mnt/data/initialized'));
}

describe('initialize.sh of the bundle odoo', () => {
  it('downloads, installs, waits for PostgreSQL, drops both databases, then makes base-only and main', () => {
    const run = world.run('initialize.sh', ODOO_ENV);
    expect(run.output).not.toMatch(/not found|No such file/);
    expect(run.status).toBe(0);
    expect(storyOf(run)).toEqual([
      'curl',
      'oca_install_addons',
      'oca_wait_for_postgres',
      `drop ${BASE}`,
      `drop ${MAIN}`,
      `odoo base in ${BASE}`,
      `check base in ${BASE}`,
      'manifestoo',
      `odoo my_addon,other_addon in ${MAIN}`,
      `check my_addon,other_addon in ${MAIN}`,
    ]);
    expect(isInitialized()).toBe(true);
    expect(run.termination).toBe(`The database ${MAIN} has my_addon,other_addon.`);
  });

  it('keeps the addons and the virtual environment on the volume, and makes databases from template1', () => {
    const run = world.run('initialize.sh', ODOO_ENV);
    expect(existsSync(world.path('/mnt/data/odoo-addons-dir/my_addon/__manifest__.py'))).toBe(true);
    expect(readFileSync(world.path('/mnt/data/odoo-venv/bin/installed'), 'utf8')).toBe('kept');
    for (const call of callsOf(run, 'odoo')) {
      expect(call).toContain('--db-template=template1');
      expect(call).toContain(`--data-dir=${world.path('/mnt/data/odoo-data-dir')}`);
      expect(call).toContain('--stop-after-init');
    }
  });

  it('clears the volume first, the marker and hidden files too', () => {
    mkdirSync(world.path('/mnt/data/odoo-venv/bin'), { recursive: true });
    const left = ['initialized', '.hidden', 'odoo-venv/bin/old'].map((name) =>
      world.path(`/mnt/data/${name}`),
    );
    for (const file of left) writeFileSync(file, '');
    world.stub('curl', 'exit 22');
    expect(world.run('initialize.sh', ODOO_ENV).status).not.toBe(0);
    expect(left.filter((file) => existsSync(file))).toEqual([]);
  });

  it('hands INCLUDE and EXCLUDE to manifestoo as they are', () => {
    const run = world.run('initialize.sh', { ...ODOO_ENV, INCLUDE: 'a b,$(c)', EXCLUDE: "d'*" });
    const call = callsOf(run, 'manifestoo')[0] ?? [];
    expect(call[call.indexOf('--select-include') + 1]).toBe('a b,$(c)');
    expect(call[call.indexOf('--select-exclude') + 1]).toBe("d'*");
    expect(call[call.indexOf('--select-addons-dir') + 1]).toBe(world.path('/mnt/data/odoo-addons-dir'));
  });

  it('installs base in the main database when no addon is selected', () => {
    world.stub('manifestoo', 'echo');
    const run = world.run('initialize.sh', ODOO_ENV);
    expect(run.status).toBe(0);
    expect(argument(callsOf(run, 'odoo')[1] ?? [], '--init=')).toBe('base');
  });

  it('asks for demo data once, in the section of Odoo, when it runs again in the same container', () => {
    writeFileSync(
      world.path('/etc/odoo.cfg'),
      '[options]\nwith_demo = False\n[queue_job]\nchannels = root:1',
    );
    world.run('initialize.sh', ODOO_ENV);
    world.run('initialize.sh', ODOO_ENV);
    const config = readFileSync(world.path('/etc/odoo.cfg'), 'utf8');
    expect(config).toBe('[options]\nwith_demo = True\n[queue_job]\nchannels = root:1');
  });
});

describe('initialize.sh when the addons cannot be installed', () => {
  const failures = {
    'Odoo fails': [
      'odoo',
      `case "$*" in *--database=${MAIN}\\ *) exit 3 ;; esac`,
      'Odoo ended with exit status 3',
    ],
    'Odoo succeeds without them': [
      'psql',
      'case "$*" in *wanted=my_addon*) echo other_addon ;; esac',
      'not installed: other_addon',
    ],
    'the database cannot be asked': [
      'psql',
      'case "$*" in *wanted=my_addon*) exit 2 ;; esac',
      'cannot be read',
    ],
    'manifestoo fails': ['manifestoo', 'exit 1', 'manifestoo cannot read the addons'],
  } as const;
  it.each(Object.entries(failures))(
    'drops the main database and succeeds with the other one: %s',
    (_name, failure) => {
      const [command, lines, reason] = failure;
      world.stub(command, lines);
      const run = world.run('initialize.sh', ODOO_ENV);
      expect(run.status).toBe(0);
      expect(droppedDatabases(run)).toEqual([BASE, MAIN, MAIN]);
      expect(isInitialized()).toBe(true);
      expect(run.termination).toContain(`Only the base database ${BASE} serves`);
      expect(run.termination).toContain(reason);
    },
  );

  it('keeps the termination message within 1024 characters', () => {
    world.stub(
      'psql',
      `case "$*" in *wanted=my_addon*) echo ${'long_name_of_an_addon_'.repeat(100)} ;; esac`,
    );
    const run = world.run('initialize.sh', ODOO_ENV);
    expect(run.termination).toContain('Only the base database');
    expect(run.termination).toHaveLength(1024);
  });
});

describe('initialize.sh when the build fails', () => {
  const failures = {
    'the download': ['curl', 'echo "curl: (22) error: 404" >&2; exit 22', 'error: 404'],
    'a download that is no tarball': [
      'curl',
      'while [ "$1" != --output ]; do shift; done; echo page >"$2"',
      'is not a tarball',
    ],
    'the installation': [
      'oca_install_addons',
      'exit 7',
      'failed while installing the repository (exit status 7)',
    ],
    'waiting for PostgreSQL': ['oca_wait_for_postgres', 'exit 2', 'failed while waiting for PostgreSQL'],
    'dropping a database': ['psql', 'exit 2', 'failed while dropping databases'],
    'the base database': ['odoo', 'exit 4', `${BASE} could not be made: Odoo ended with exit status 4`],
    'a base that Odoo did not install': [
      'psql',
      'case "$*" in *wanted=base*) echo base ;; esac',
      'not installed: base',
    ],
  } as const;
  it.each(Object.entries(failures))('leaves no marker and says why: %s', (_name, failure) => {
    const [command, lines, reason] = failure;
    world.stub(command, lines);
    const run = world.run('initialize.sh', ODOO_ENV);
    expect(run.status).not.toBe(0);
    expect(isInitialized()).toBe(false);
    expect(run.termination).toContain(reason);
    expect(callsOf(run, 'manifestoo')).toEqual([]);
  });
});
