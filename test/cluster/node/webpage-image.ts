import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../command.js';
import { cachedImage } from './image-cache.js';
import { copyFiles, filesVersion, programFiles } from './machine-programs.js';
import { postgresPrograms } from './postgres.js';

/** The image of the bundle `webpage`. */
export const webpageImage = 'runboat.test/webpage:1';

/** Its archive; see `boxArchive`. */
export function webpageArchive(tell: (line: string) => void): Promise<string> {
  return boxArchive(webpageImage, ['sh'], tell);
}

/**
 * The archive of an image with a busybox, psql and curl of this machine with their libraries, about 20 MB,
 * which runs a command unless it is told another. Throws if the machine lacks one of the programs.
 */
export async function boxArchive(
  name: string,
  command: string[],
  tell: (line: string) => void,
): Promise<string> {
  const busybox = await programFiles('busybox');
  const psql = path.join(postgresPrograms(), 'psql');
  const others = await Promise.all([psql, 'curl'].map(programFiles));
  const files = [...busybox, ...others.flat()];
  const config = {
    Env: ['PATH=/bin:/usr/bin:/usr/sbin:/sbin', 'HOME=/tmp'],
    Cmd: command,
  };
  const recipe = {
    name,
    config,
    version: filesVersion(files),
    fill: (root: string) => fill(root, files, busybox[0]!, psql),
  };
  return cachedImage(recipe, tell);
}

async function fill(root: string, files: readonly string[], busybox: string, psql: string): Promise<void> {
  await chmod(root, 0o755);
  await copyFiles(files, root);
  await mkdir(path.join(root, 'bin'), { recursive: true });
  for (const applet of (await runCommand(busybox, ['--list'])).trim().split('\n'))
    await link(root, busybox, applet);
  await link(root, psql, 'psql');
  await mkdir(path.join(root, 'tmp'));
  await chmod(path.join(root, 'tmp'), 0o1777);
  await mkdir(path.join(root, 'etc'));
  await writeFile(path.join(root, 'etc', 'passwd'), 'root:x:0:0:root:/tmp:/bin/sh\n');
}

/** A command in /bin that is a file elsewhere; a real file of the same name stays. */
async function link(root: string, target: string, command: string): Promise<void> {
  if (target === `/bin/${command}` || target === `/usr/bin/${command}`) return;
  await symlink(target, path.join(root, 'bin', command)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
