import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { buildPrograms } from './build-programs.js';
import { downloadPrograms } from './download.js';
import { withLockFile } from './lock-file.js';
import { cachedPath } from './paths.js';
import { type ProgramName, type ProgramSource, programSources, programsVersion } from './program-sources.js';

export type { ProgramName } from './program-sources.js';

/** What a simulated cluster needs; those of a real node and helm are asked for by those who use them. */
export const clusterPrograms = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'kubectl',
] as const satisfies readonly ProgramName[];

/**
 * Absolute paths of the programs asked for: from the folder KUBEBUILDER_ASSETS if it has them all,
 * else from the cache, which is filled once by the official releases or by building them.
 * Throws, saying what to install, when neither is possible.
 */
export async function findPrograms<T extends ProgramName>(
  names: readonly T[],
  tell: (line: string) => void = (line) => console.error(line),
): Promise<Record<T, string>> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets && missingIn(assets, names).length === 0) return pathsIn(path.resolve(assets), names);
  const cache = cacheFolder();
  if (missingIn(cache, names).length > 0) await fill(cache, names, tell);
  return pathsIn(cache, names);
}

/** The folder where programs of the pinned versions are kept. */
export function cacheFolder(): string {
  return cachedPath('kubernetes', programsVersion());
}

async function fill(
  cache: string,
  names: readonly ProgramName[],
  tell: (line: string) => void,
): Promise<void> {
  const onWait = (owner: number) =>
    tell(`Process ${owner} is preparing the Kubernetes programs; waiting for it.`);
  await withLockFile(`${cache}.lock`, onWait, async () => {
    await mkdir(cache, { recursive: true });
    await removeParts(cache);
    for (const source of programSources) {
      const wanted = missingIn(cache, names).filter((name) => name in source.packages);
      if (wanted.length > 0) await fillFrom(source, wanted, cache, tell);
    }
  });
}

/** Programs come into the cache whole, by a rename, and only when all that were wanted are there. */
async function fillFrom(
  source: ProgramSource,
  names: readonly ProgramName[],
  cache: string,
  tell: (line: string) => void,
): Promise<void> {
  const folder = await mkdtemp(`${cache}.part-`);
  try {
    await obtain(source, names, folder, tell);
    for (const name of names) await rename(path.join(folder, name), path.join(cache, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a killed run left: under the lock, nobody else is at work. */
async function removeParts(cache: string): Promise<void> {
  const parent = path.dirname(cache);
  const parts = (await readdir(parent)).filter((name) => name.startsWith(`${path.basename(cache)}.part-`));
  for (const part of parts) await rm(path.join(parent, part), { recursive: true, force: true });
}

async function obtain(
  source: ProgramSource,
  names: readonly ProgramName[],
  folder: string,
  tell: (line: string) => void,
): Promise<void> {
  const what = `${names.join(', ')} ${source.version}`;
  try {
    tell(`Fetching ${what} for the test cluster; kept for the next time in ${cacheFolder()}.`);
    await downloadPrograms(source, names, folder);
  } catch (error) {
    tell(`Not fetched (${(error as Error).message}).`);
    tell(`Building ${what} with Go instead, once: about ${source.minutes} min on two cores.`);
    await buildPrograms(source, names, folder);
  }
}

function pathsIn<T extends ProgramName>(folder: string, names: readonly T[]): Record<T, string> {
  return Object.fromEntries(names.map((name) => [name, path.join(folder, name)])) as Record<T, string>;
}

function missingIn(folder: string, names: readonly ProgramName[]): ProgramName[] {
  return names.filter((name) => !isExecutable(path.join(folder, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
