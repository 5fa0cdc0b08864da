import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../cluster/command.js';
import { copyFiles, programFiles } from '../cluster/node/machine-programs.js';
import { repositoryRoot } from '../cluster/paths.js';
import { findPrograms } from '../cluster/programs.js';

/** The user of the processes; no name of the machine that runs them. */
const user = '10001';
const appFolder = 'app';

/** How its containers run: no shell is needed, and nothing but /tmp is written to. */
export const imageSettings = {
  User: `${user}:${user}`,
  WorkingDir: `/${appFolder}`,
  Entrypoint: ['/usr/local/bin/node', '--', `/${appFolder}/bin/runboat`],
  Cmd: ['help'],
  Env: [
    'PATH=/usr/local/bin:/usr/bin:/bin',
    'NODE_ENV=production',
    'HOME=/tmp',
    'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
  ],
};

const { version, license, description } = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'),
) as Record<'version' | 'license' | 'description', string>;

/** What tools show of the image. */
export const imageLabels = {
  'org.opencontainers.image.title': 'runboat',
  'org.opencontainers.image.description': description,
  'org.opencontainers.image.licenses': license,
  'org.opencontainers.image.version': version,
};

/** Fills a folder with all that the image contains: node, kubectl, the compiled program and what it imports. */
export async function fillImage(root: string): Promise<void> {
  await chmod(root, 0o755);
  await copyPrograms(root);
  await writeSystemFiles(root);
  await fillApp(path.join(root, appFolder));
}

/** Fills a folder with the program and what it imports: what the Dockerfile, too, puts into its image. */
export async function fillApp(app: string): Promise<void> {
  for (const folder of ['bin', 'kubefiles'])
    await cp(path.join(repositoryRoot, folder), path.join(app, folder), { recursive: true });
  for (const file of ['package.json', 'LICENSE'])
    await copyFile(path.join(repositoryRoot, file), path.join(app, file));
  await mkdir(path.join(app, 'crds'));
  const definition = path.join('crds', 'runboatbuild.yaml');
  await copyFile(path.join(repositoryRoot, definition), path.join(app, definition));
  for (const folder of ['crds', 'lib', 'operator', 'gateway', 'cli'])
    await copyUsed(path.join('dist', folder), app);
  for (const folder of productionModules()) await copyUsed(folder, app);
}

async function copyPrograms(root: string): Promise<void> {
  const [node = '', ...libraries] = await programFiles(process.execPath);
  const { kubectl } = await findPrograms(['kubectl']);
  await copyFiles([...libraries, ...(await programFiles(kubectl)).slice(1)], root);
  const bin = path.join(root, 'usr', 'local', 'bin');
  await mkdir(bin, { recursive: true });
  await copyFile(node, path.join(bin, 'node'));
  await copyFile(kubectl, path.join(bin, 'kubectl'));
  // Debug information is a few megabytes of it; a machine without binutils makes a larger image.
  await runCommand('strip', ['--strip-debug', path.join(bin, 'node')]).catch(() => undefined);
}

async function writeSystemFiles(root: string): Promise<void> {
  const etc = path.join(root, 'etc');
  await mkdir(path.join(etc, 'ssl', 'certs'), { recursive: true });
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  if (!existsSync(certificates))
    throw new Error(`There is no ${certificates}: install the package ca-certificates.`);
  await copyFile(certificates, path.join(root, certificates));
  await writeFile(path.join(etc, 'passwd'), `runboat:x:${user}:${user}:runboat:/tmp:/usr/sbin/nologin\n`);
  await writeFile(path.join(etc, 'group'), `runboat:x:${user}:\n`);
  await writeFile(path.join(etc, 'nsswitch.conf'), 'hosts: files dns\n');
  await mkdir(path.join(root, 'tmp'));
  await chmod(path.join(root, 'tmp'), 0o1777);
}

interface LockFile {
  readonly packages: Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>;
}

/** Folders of what `npm ci --omit=dev` would install, of the modules that are installed here. */
function productionModules(): string[] {
  const text = readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as LockFile;
  return Object.entries(packages)
    .filter(([folder, { dev, devOptional }]) => folder !== '' && !dev && !devOptional)
    .map(([folder]) => folder)
    .filter((folder) => existsSync(path.join(repositoryRoot, folder)));
}

/** What is loaded at run time, and what licences ask for; no types, sources, maps or documentation. */
const used = /\.(js|cjs|mjs|json|node|wasm|css|html|png|svg|ico|woff2?)$|^((un)?licen[cs]e|notice|copying)/i;
const unusedFolders = new Set(['node_modules', 'docs', 'test', 'tests', '__tests__', 'benchmarks', 'bench']);

/** Copies a folder of the checkout, without what is never loaded. */
async function copyUsed(folder: string, app: string): Promise<void> {
  const source = path.join(repositoryRoot, folder);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const inner = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!unusedFolders.has(entry.name)) await copyUsed(inner, app);
    } else if (entry.isFile() && used.test(entry.name)) {
      await mkdir(path.join(app, folder), { recursive: true });
      await copyFile(path.join(repositoryRoot, inner), path.join(app, inner));
    }
  }
}
