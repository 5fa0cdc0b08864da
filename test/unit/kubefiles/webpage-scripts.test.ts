import { readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createScriptWorld, type ScriptWorld } from './script-world.js';

const ENV = { PGDATABASE: 'web-1a2b', RUNBOAT_GIT_REPO: 'acme/site', RUNBOAT_GIT_REF: '1a2b' };
const CURL = `
while [ "$1" != --output ]; do shift; done
mkdir -p /tmp/made/site/docs; echo 1 >/tmp/made/site/a; echo 2 >/tmp/made/site/docs/b
tar -C /tmp/made -czf "$2" site`;
let world: ScriptWorld;

beforeEach(() => {
  world = createScriptWorld('webpage');
  world.stub('curl', CURL);
  world.stub('psql', 'case "$*" in *--html*) echo "<td>row</td>" ;; *) cat >>/tmp/sql ;; esac');
});
afterEach(() => world.remove());

describe('the scripts of the bundle webpage', () => {
  it('download the tarball, drop what was there, make the database and put a row into it', () => {
    const run = world.run('initialize.sh', { ...ENV, RUNBOAT_GIT_BASE_URL: 'http://forge' }, 'sh');
    expect(run.output).toBe('Made the database web-1a2b from 2 files.\n');
    expect(run.status).toBe(0);
    expect(run.termination).toBe(run.output);
    expect(run.calls[0]?.at(-1)).toBe('http://forge/acme/site/tarball/1a2b');
    expect(run.calls.slice(1).map((call) => call[0])).toEqual(['psql', 'psql', 'psql']);
    expect(readFileSync(world.path('/tmp/sql'), 'utf8')).toMatch(
      /DROP DATABASE[\s\S]*CREATE DATABASE[\s\S]*INSERT INTO build/,
    );
  });

  it('fail with a sentence when the download fails, before the database is touched', () => {
    world.stub('curl', 'exit 22');
    const run = world.run('initialize.sh', ENV, 'sh');
    expect(run.status).not.toBe(0);
    expect(run.termination).toContain(`https://github.com/acme/site/tarball/1a2b failed`);
    expect(run.calls).toHaveLength(1);
  });

  it('serve a page with the row and log its visits, by busybox where it has httpd', () => {
    world.stub('busybox', 'if [ "$1" = --list ]; then echo httpd; fi');
    const run = world.run('start.sh', ENV, 'sh');
    expect(run.calls.at(-1)).toEqual([
      'busybox',
      'httpd',
      '-f',
      '-v',
      '-p',
      '8080',
      '-h',
      world.path('/tmp/page'),
    ]);
    const page = readFileSync(world.path('/tmp/page/index.html'), 'utf8');
    expect(page).toContain('<title>acme/site</title>');
    expect(page).toContain('<td>row</td>');
  });

  it('serve it by python3 elsewhere', () => {
    world.stub('busybox', 'echo sh');
    world.stub('python3');
    const run = world.run('start.sh', ENV, 'sh');
    expect(run.calls.at(-1)).toEqual([
      'python3',
      '-m',
      'http.server',
      '--directory',
      world.path('/tmp/page'),
      '8080',
    ]);
  });

  it('do not start a page without its row', () => {
    world.stub('psql', 'exit 2');
    const run = world.run('start.sh', ENV, 'sh');
    expect(run.status).not.toBe(0);
    expect(run.calls).toHaveLength(1);
  });

  it('drop the database with force in the end, with nothing but psql', () => {
    rmSync(world.path('/bin/curl'));
    const run = world.run('cleanup.sh', ENV, 'sh');
    expect(run.status).toBe(0);
    expect(run.calls).toEqual([
      ['psql', '-X', '-q', '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-v', 'name=web-1a2b'],
    ]);
    expect(readFileSync(world.path('/tmp/sql'), 'utf8')).toContain(
      'DROP DATABASE IF EXISTS :"name" WITH (FORCE)',
    );
  });
});
