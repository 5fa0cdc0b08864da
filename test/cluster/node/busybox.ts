import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../command.js';
import { copyFiles, filesVersion, programFiles } from './machine-programs.js';

/** Files of this machine that make the root of an image, which also has a busybox. */
export interface Box {
  /** Text that changes when one of the files does. */
  readonly version: string;
  /** Lays them out in an empty folder, at the same paths, with all commands in /bin, and these users besides root. */
  fill(root: string, users?: string): Promise<void>;
}

/** A busybox, programs with their libraries, and other files. Throws if the machine lacks one of the programs. */
export async function boxOf(programs: readonly string[], others: readonly string[] = []): Promise<Box> {
  const busybox = await programFiles('busybox');
  const files = [...busybox, ...(await Promise.all(programs.map(programFiles))).flat(), ...others];
  return {
    version: filesVersion(files),
    async fill(root, users = '') {
      // mkdtemp makes folders for the owner alone.
      await chmod(root, 0o755);
      await copyFiles(files, root);
      await mkdir(path.join(root, 'bin'), { recursive: true });
      for (const program of programs) await link(root, program);
      for (const applet of (await runCommand(busybox[0]!, ['--list'])).trim().split('\n'))
        await link(root, busybox[0]!, applet);
      await mkdir(path.join(root, 'tmp'));
      await chmod(path.join(root, 'tmp'), 0o1777);
      await mkdir(path.join(root, 'etc'));
      await writeFile(path.join(root, 'etc', 'passwd'), `root:x:0:0:root:/tmp:/bin/sh\n${users}`);
    },
  };
}

/** A command in /bin that is a file elsewhere; what is there already stays. */
async function link(root: string, target: string, command = path.basename(target)): Promise<void> {
  if (!path.isAbsolute(target)) return;
  await symlink(target, path.join(root, 'bin', command)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
