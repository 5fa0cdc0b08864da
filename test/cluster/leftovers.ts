import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from './command.js';
import { isAlive } from './lock-file.js';
import { clusterFile } from './paths.js';
import { folderPrefix } from './ports.js';

/** A folder this young without a guard is one that is just being set up. */
const settingUpMs = 60_000;

/**
 * Ends what is left of clusters whose guard was killed together with the program it watched for, and
 * removes their folders. Clusters in use are not touched.
 */
export async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = path.join(os.tmpdir(), name);
    if (await isInUse(folder)) continue;
    await endProcesses(folder);
    if (existsSync(path.join(folder, 'node')))
      await runCommand(clusterFile('node', 'cgroups.sh'), ['remove', folder]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function isInUse(folder: string): Promise<boolean> {
  const guard = await readNumber(path.join(folder, 'guard.pid'));
  if (guard !== undefined) return isAlive(guard) && (await namesFolder(guard, folder)) !== false;
  const status = await stat(folder).catch(() => undefined);
  if (status === undefined || status.uid !== process.getuid?.()) return true;
  return Date.now() - status.mtimeMs < settingUpMs;
}

async function endProcesses(folder: string): Promise<void> {
  for (const name of await readdir(path.join(folder, 'pids')).catch(() => [])) {
    const pid = await readNumber(path.join(folder, 'pids', name));
    if (pid !== undefined && isAlive(pid) && (await namesFolder(pid, folder)) === true)
      process.kill(pid, 'SIGKILL');
  }
}

/**
 * Whether the process has the folder in its arguments: its id may have been given to another. Nothing
 * where there is no /proc to tell.
 */
async function namesFolder(pid: number, folder: string): Promise<boolean | undefined> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(folder);
  } catch {
    return undefined;
  }
}

async function readNumber(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return Number.parseInt(text, 10) || undefined;
}
