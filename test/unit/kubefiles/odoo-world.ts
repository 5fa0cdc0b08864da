import { writeFileSync } from 'node:fs';
import { createScriptWorld, type ScriptRun, type ScriptWorld } from './script-world.js';

/** The environment that the bundle `odoo` gives to its containers, and what the image adds to it. */
export const ODOO_ENV = {
  PGDATABASE: 'oca-web-16-0-1a2b3c4d5e6f',
  PGUSER: 'odoo',
  PGPASSWORD: 'pg-secret',
  ADDONS_DIR: '/mnt/data/odoo-addons-dir',
  RUNBOAT_GIT_REPO: 'oca/web',
  RUNBOAT_GIT_REF: '1a2b3c4d5e6f7890aaaabbbbccccddddeeeeffff',
  ODOO_RC: '/etc/odoo.cfg',
  ADDONS_PATH: '/opt/odoo/addons',
};

// The tarball holds a folder, as those of the forges do; the path after --output is where curl writes.
const CURL = `
cat >>/tmp/curl-config
while [ "$1" != --output ]; do shift; done
mkdir -p /tmp/made/repo-1a2b/my_addon
echo '{}' >/tmp/made/repo-1a2b/my_addon/__manifest__.py
tar -C /tmp/made -czf "$2" repo-1a2b`;
const PSQL = 'cat >>/tmp/sql';

/** A world in which everything goes well; a test replaces the stubs that shall not. */
export function createOdooWorld(): ScriptWorld {
  const world = createScriptWorld('odoo');
  writeFileSync(world.path('/etc/odoo.cfg'), '[options]\n');
  writeFileSync(world.path('/opt/odoo-venv/bin/installed'), 'kept');
  world.stub('curl', CURL);
  world.stub('psql', PSQL);
  world.stub('manifestoo', 'echo my_addon,other_addon');
  for (const name of [
    'odoo',
    'pip',
    'apt-get',
    'oca_install_addons',
    'oca_wait_for_postgres',
    'oca_list_external_dependencies',
  ]) {
    world.stub(name);
  }
  return world;
}

/** The names of the databases that a run dropped, in order. */
export function droppedDatabases(run: ScriptRun): string[] {
  return run.calls.filter(isDrop).map((call) => argument(call, '--set=name=') ?? '');
}

/** The value of the argument that begins with the prefix. */
export function argument(call: readonly string[], prefix: string): string | undefined {
  return call.find((part) => part.startsWith(prefix))?.slice(prefix.length);
}

/** The calls of one command. */
export function callsOf(run: ScriptRun, name: string): readonly (readonly string[])[] {
  return run.calls.filter((call) => call[0] === name);
}

/** What was done, in order: names of commands, and for odoo and psql the database and what it was for. */
export function storyOf(run: ScriptRun): string[] {
  return run.calls.map((call) => {
    if (call[0] === 'odoo') return `odoo ${argument(call, '--init=')} in ${argument(call, '--database=')}`;
    if (isDrop(call)) return `drop ${argument(call, '--set=name=')}`;
    if (call[0] === 'psql')
      return `check ${argument(call, '--set=wanted=')} in ${argument(call, '--dbname=')}`;
    return call[0] ?? '';
  });
}

function isDrop(call: readonly string[]): boolean {
  return call[0] === 'psql' && argument(call, '--set=name=') !== undefined;
}
