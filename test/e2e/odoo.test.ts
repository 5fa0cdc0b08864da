import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { boxArchive, webpageArchive, webpageImage } from '../cluster/node/webpage-image.js';
import { buildEnvironment, startWorld, tell, type World } from '../cluster/node/world.js';
import { deliver, push } from '../support/deliveries.js';
import { waitFor } from '../support/wait-for.js';
import { BuildsView } from './builds-view.js';
import { addon, addonRepository, odooArchive, odooImage } from './odoo-image.js';
import { OdooSession } from './odoo-session.js';
import { installRunboat, type Runboat } from './runboat.js';
import { scenario } from './scenario.js';

const repo = 'oca/partner-contact';
const commit = createHash('sha1').update('a commit of partner-contact').digest('hex');
const mailCatcherImage = 'runboat.test/mail-catcher:1';
/** On a loaded machine; 1 to 2 minutes otherwise. */
const initializationMs = 900_000;

let world: World;
let runboat: Runboat;
let builds: BuildsView;
let name = '';

beforeAll(async () => {
  const archives = [
    await odooArchive(tell),
    await webpageArchive(tell),
    await boxArchive(mailCatcherImage, ['busybox', 'httpd', '-f', '-p', '8025'], tell),
  ];
  const addons = await addonRepository();
  world = await startWorld(async () => addons);
  for (const archive of archives) await world.node.importImage(archive);
  runboat = await installRunboat(world, {
    ...buildEnvironment(world),
    repos: [{ repo: '^oca/.*', branch: '^19\\.0$', image: odooImage, kubefiles: 'odoo' }],
    templateVars: { cleanupImage: webpageImage, mailCatcherImage },
  });
  builds = new BuildsView(world, runboat);
}, 1_500_000);

afterAll(async () => {
  await world?.stop();
}, 180_000);

describe('A build of the bundle odoo on a real node', () => {
  const step = scenario(() => builds.trouble());

  step(
    'is initialised: the repository is downloaded and two databases are made, one with the addon',
    async () => {
      name = (await deliver(runboat, push(repo, '19.0', commit))).body.build;
      await builds.reaches(name, 'stopped', initializationMs);
      expect(await builds.databases()).toEqual([name, `${name}-baseonly`]);
      expect(await installed(name)).toEqual(['installed']);
      expect(await installed(`${name}-baseonly`)).toEqual(['uninstalled']);
      const { message } = await builds.condition(name, 'Initialized');
      expect(message).toContain(`The database ${name} has ${addon}.`);
    },
    initializationMs,
  );

  step('has demo data, as builds of all versions of Odoo do', async () => {
    expect(await world.database.query("SELECT demo FROM ir_module_module WHERE name = 'base'", name)).toEqual(
      ['t'],
    );
  });

  step('tells by the gateway what Odoo said', async () => {
    expect(await builds.log(name, 'init-log')).toContain(`runboat: The database ${name} has ${addon}.`);
  });

  step('starts and answers over HTTP, for its two databases and no other', async () => {
    const other = `"${name}2"`;
    await world.database.query(`CREATE DATABASE ${other} OWNER ${world.database.user}`);
    await builds.start(name);
    await builds.reaches(name, 'started');
    const choice = await builds.page(name, '/web/database/selector', 8069);
    const offered = [...choice.matchAll(/[?&]db=([\w-]+)/g)].map((match) => match[1]);
    expect([...new Set(offered)].sort()).toEqual([name, `${name}-baseonly`]);
    await world.database.query(`DROP DATABASE ${other} WITH (FORCE)`);
  });

  step('lets its administrator log in, to both databases, and has the addon in one', async () => {
    const address = `http://${(await builds.pods(name))[0].status.podIP}:8069`;
    const session = await OdooSession.open(address, name, 'admin', 'admin');
    expect(await session.moduleState(addon)).toBe('installed');
    const base = await OdooSession.open(address, `${name}-baseonly`, 'admin', 'admin');
    expect(await base.moduleState(addon)).toBe('uninstalled');
  });

  step('stops, without a pod, and keeps its databases', async () => {
    await builds.stop(name);
    await builds.reaches(name, 'stopped');
    await builds.hasNoPods(name);
    expect(await builds.databases()).toEqual([name, `${name}-baseonly`]);
  });

  step('leaves nothing when it is deleted: no database, no volume, no object', async () => {
    expect(await builds.volumes()).toHaveLength(1);
    await builds.delete(name);
    await builds.isGone(name);
    expect(await builds.databases()).toEqual([]);
    await builds.leaveNothing();
    // The provisioner takes its time after the claim is gone.
    await waitFor(async () => (await builds.volumes()).length === 0, { describe: 'the volume to be gone' });
  });
});

function installed(database: string): Promise<string[]> {
  return world.database.query(`SELECT state FROM ir_module_module WHERE name = '${addon}'`, database);
}
