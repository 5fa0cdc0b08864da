import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder, found from the sources as well as from their compiled form. */
export const repositoryRoot = findRoot(path.dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  if (existsSync(path.join(from, 'package-lock.json'))) return from;
  const parent = path.dirname(from);
  if (parent === from)
    throw new Error('No package-lock.json in any folder above: not a checkout of runboat.');
  return findRoot(parent);
}

/** A file of test/cluster/ that is not compiled: scripts and Go modules. */
export function clusterFile(...names: string[]): string {
  return path.join(repositoryRoot, 'test', 'cluster', ...names);
}

/** A path in the user's cache, which keeps what takes long to make. */
export function cachedPath(...names: string[]): string {
  const base = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  return path.join(base, 'runboat', ...names);
}
