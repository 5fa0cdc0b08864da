import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { argument, callsOf, createOdooWorld, droppedDatabases, ODOO_ENV } from './odoo-world.js';
import type { ScriptWorld } from './script-world.js';

const MAIN = ODOO_ENV.PGDATABASE;
let world: ScriptWorld;

beforeEach(() => {
  world = createOdooWorld();
  writeFileSync(world.path('/mnt/data/initialized'), '');
});
afterEach(() => world.remove());

function configuration(): string {
  return readFileSync(world.path('/etc/odoo.cfg'), 'utf8');
}

function passwordOf(config: string): string {
  return /^admin_passwd = ([0-9a-f]{48})$/m.exec(config)?.[1] ?? 'no password';
}

describe('start.sh of the bundle odoo', () => {
  it('refuses to start without the marker, and says to reset', () => {
    rmSync(world.path('/mnt/data/initialized'));
    const run = world.run('start.sh', ODOO_ENV);
    expect(run.status).not.toBe(0);
    expect(run.termination).toContain('reset the build');
    expect(run.calls).toEqual([]);
  });

  it('prints what is installed, waits for PostgreSQL and becomes Odoo, with mail to localhost:1025', () => {
    const run = world.run('start.sh', ODOO_ENV);
    expect(run.status).toBe(0);
    expect(run.calls.map((call) => call[0])).toEqual([
      'pip',
      'oca_list_external_dependencies',
      'oca_wait_for_postgres',
      'odoo',
    ]);
    const odoo = callsOf(run, 'odoo')[0];
    expect(odoo).toEqual(expect.arrayContaining(['--db_user=odoo', '--smtp=localhost', '--smtp-port=1025']));
    expect(odoo).toContain(`--data-dir=${world.path('/mnt/data/odoo-data-dir')}`);
  });

  it("filters exactly the build's two databases", () => {
    const odoo = callsOf(world.run('start.sh', ODOO_ENV), 'odoo')[0] ?? [];
    const filter = new RegExp(argument(odoo, '--db-filter=') ?? 'none');
    const names = [
      MAIN,
      `${MAIN}-baseonly`,
      `${MAIN}-baseonly2`,
      `${MAIN}0`,
      `x${MAIN}`,
      `${MAIN}-`,
      'postgres',
    ];
    expect(names.filter((name) => filter.test(name))).toEqual([MAIN, `${MAIN}-baseonly`]);
  });

  it('names no database to Odoo, which would make one that is missing', () => {
    world.stub('odoo', 'env');
    const run = world.run('start.sh', ODOO_ENV);
    expect(run.output).toContain('PGUSER=odoo');
    expect(run.output).not.toContain('PGDATABASE');
    expect(argument(callsOf(run, 'odoo')[0] ?? [], '--database')).toBeUndefined();
  });

  it('sets the addons path and a password that is new each time and never printed', () => {
    const first = world.run('start.sh', ODOO_ENV);
    const config = configuration();
    expect(config).toContain(`addons_path = /opt/odoo/addons,${world.path('/mnt/data/odoo-addons-dir')}\n`);
    const second = world.run('start.sh', ODOO_ENV);
    expect(passwordOf(configuration())).not.toBe(passwordOf(config));
    expect(configuration().match(/^(addons_path|admin_passwd) =/gm)).toHaveLength(2);
    expect(first.output + second.output).not.toMatch(/[0-9a-f]{48}|pg-secret/);
  });

  it('installs the Debian packages of the addons', () => {
    world.stub(
      'oca_list_external_dependencies',
      'grep -q ^addons_path "$ODOO_RC" && printf "libfoo\\nbar-tools\\n"',
    );
    const run = world.run('start.sh', ODOO_ENV);
    expect(callsOf(run, 'oca_list_external_dependencies')).toEqual([
      ['oca_list_external_dependencies', 'deb'],
    ]);
    expect(callsOf(run, 'apt-get')).toEqual([
      ['apt-get', 'update', '-qq'],
      ['apt-get', 'install', '-qq', '--no-install-recommends', 'libfoo', 'bar-tools'],
    ]);
  });

  it('starts openerp-server where there is no odoo', () => {
    rmSync(world.path('/bin/odoo'));
    world.stub('openerp-server');
    expect(callsOf(world.run('start.sh', ODOO_ENV), 'openerp-server')).toHaveLength(1);
  });

  it('says what is wrong with an image that has neither', () => {
    rmSync(world.path('/bin/odoo'));
    const run = world.run('start.sh', ODOO_ENV);
    expect(run.status).not.toBe(0);
    expect(run.termination).toContain('neither odoo nor openerp-server');
  });
});

describe('cleanup.sh of the bundle odoo', () => {
  it.each(['sh', 'bash'] as const)(
    'drops both databases with force, with nothing but psql, in %s',
    (shell) => {
      const run = world.run('cleanup.sh', { PGDATABASE: MAIN }, shell);
      expect(run.status).toBe(0);
      expect(droppedDatabases(run)).toEqual([MAIN, `${MAIN}-baseonly`]);
      expect(callsOf(run, 'psql')).toHaveLength(run.calls.length);
      expect(readFileSync(world.path('/tmp/sql'), 'utf8')).toContain('WITH (FORCE)');
    },
  );

  it('fails when a database cannot be dropped, so that the job is tried again', () => {
    world.stub('psql', 'exit 2');
    const run = world.run('cleanup.sh', { PGDATABASE: MAIN }, 'sh');
    expect(run.status).not.toBe(0);
    expect(run.termination).toContain(`${MAIN} could not be dropped`);
  });
});
