import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../cluster/command.js';
import { cachedImage } from '../cluster/node/image-cache.js';
import { cachedPath, repositoryRoot } from '../cluster/paths.js';

/** The image of the bundle `odoo`. */
export const odooImage = 'runboat.test/odoo:19.0';

/** An addon of OCA/partner-contact. */
export const addon = 'partner_firstname';
const addonPackage = 'odoo-addon-partner-firstname==19.0.1.0.3';
const manifestoo = 'manifestoo==1.1';

const sources = path.join(repositoryRoot, 'test', 'e2e', 'odoo-image');
const addonsPath = '/usr/lib/python3/dist-packages/odoo/addons';

/**
 * The archive of an image with Odoo 19 that is laid out as those of OCA's continuous integration are: about
 * 850 MB, made in 2 to 5 minutes the first time. Needs debootstrap, pip and root.
 */
export async function odooArchive(tell: (line: string) => void): Promise<string> {
  const recipe = {
    name: odooImage,
    config: {
      Env: [
        'PATH=/opt/odoo-venv/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'LANG=C.UTF-8',
        'ODOO_RC=/etc/odoo.cfg',
        `ADDONS_PATH=${addonsPath}`,
      ],
      Cmd: ['odoo'],
    },
    version: await sourcesVersion(),
    fill,
  };
  return cachedImage(recipe, tell);
}

async function sourcesVersion(): Promise<string> {
  const commands = await readdir(path.join(sources, 'commands'));
  const files = ['make-rootfs.sh', ...commands.sort().map((name) => path.join('commands', name))];
  const texts = files.map((file) => readFileSync(path.join(sources, file), 'utf8'));
  return [manifestoo, ...texts].join('\n');
}

async function fill(root: string): Promise<void> {
  await chmod(root, 0o755);
  await runCommand(path.join(sources, 'make-rootfs.sh'), [root]);
  // For the Python in there, which is not that of this machine.
  const machine = (await runCommand('uname', ['-m'])).trim();
  const target = ['--python-version=3.13', `--platform=manylinux2014_${machine}`];
  await install(manifestoo, path.join(root, 'opt', 'manifestoo'), target);
  for (const command of await readdir(path.join(sources, 'commands'))) {
    const file = path.join(root, 'usr', 'local', 'bin', command);
    await copyFile(path.join(sources, 'commands', command), file);
    await chmod(file, 0o755);
  }
  await writeFile(path.join(root, 'etc', 'odoo.cfg'), '[options]\n');
}

/** A folder that looks like the repository OCA/partner-contact with one addon; fetched once. */
export async function addonRepository(): Promise<string> {
  const folder = cachedPath('addons', addonPackage);
  if (existsSync(folder)) return folder;
  await mkdir(path.dirname(folder), { recursive: true });
  const part = await mkdtemp(`${folder}.part-`);
  try {
    await install(addonPackage, path.join(part, 'wheel'), ['--no-deps']);
    const repository = path.join(part, 'repository');
    await cp(path.join(part, 'wheel', 'odoo', 'addons'), repository, { recursive: true });
    await chmod(repository, 0o755);
    await rename(repository, folder);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return folder;
}

async function install(requirement: string, folder: string, options: readonly string[]): Promise<void> {
  const quiet = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
  const args = ['install', ...quiet, '--only-binary=:all:', `--target=${folder}`, ...options, requirement];
  await runCommand('pip', args);
}
