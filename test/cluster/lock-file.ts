import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 250;

/**
 * Runs `work` while no other process on this machine runs under the same lock file, which holds the
 * owner's process id. A lock whose owner is gone is taken over. `onWait` is called once with the
 * owner's id if the lock is held.
 */
export async function withLockFile<T>(
  file: string,
  onWait: (owner: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  await acquire(file, onWait);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string, onWait: (owner: number) => void): Promise<void> {
  let told = false;
  while (!(await tryCreate(file))) {
    const owner = await ownerOf(file);
    if (owner !== undefined && !isAlive(owner)) {
      await removeStale(file, owner);
      continue;
    }
    if (!told && owner !== undefined) onWait(owner);
    told ||= owner !== undefined;
    await sleep(pollMs);
  }
}

/** A link makes the file appear with its content, so that no lock is ever seen without its owner. */
async function tryCreate(file: string): Promise<boolean> {
  const draft = `${file}.new-${randomUUID()}`;
  await writeFile(draft, String(process.pid));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft);
  }
}

/**
 * Only one of several that find the same stale lock may remove it, or a later one would remove the
 * lock of the first: a lock of the same kind, named after the dead owner, decides who.
 */
async function removeStale(file: string, owner: number): Promise<void> {
  const removal = `${file}.${owner}`;
  if (!(await tryCreate(removal))) {
    const remover = await ownerOf(removal);
    if (remover !== undefined && !isAlive(remover)) await rm(removal, { force: true });
    await sleep(pollMs);
    return;
  }
  if ((await ownerOf(file)) === owner) await rm(file, { force: true });
  await rm(removal, { force: true });
}

/** Nothing when the file is gone. */
async function ownerOf(file: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(file, 'utf8'), 10) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
