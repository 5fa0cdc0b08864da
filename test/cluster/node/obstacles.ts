import { existsSync } from 'node:fs';
import { runCommand } from '../command.js';
import { clusterFile } from '../paths.js';
import { pluginFolders } from './node-files.js';

/** Commands that a node needs, and the Debian package that brings each. */
const neededCommands: Record<string, string> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
};

/** Why no real node can run on this machine, in sentences that say what to do; none if one can. */
export async function nodeObstacles(): Promise<string[]> {
  if (process.platform !== 'linux') return [`A real node needs Linux; this is ${process.platform}.`];
  if (process.getuid?.() !== 0) return ['A real node needs root: run the command again as root.'];
  const missing = await missingPackages(neededCommands);
  if (pluginFolder() === undefined) missing.push('containernetworking-plugins');
  if (missing.length > 0) return [`A real node needs the packages ${missing.join(', ')}: install them.`];
  return probe();
}

/** The folder with the CNI plugins. Nothing if there is none. */
export function pluginFolder(): string | undefined {
  return pluginFolders.find((folder) => existsSync(`${folder}/bridge`) && existsSync(`${folder}/host-local`));
}

/** The packages of those commands that are not on the PATH, each once. */
export async function missingPackages(commands: Record<string, string>): Promise<string[]> {
  const missing = new Set<string>();
  for (const [command, name] of Object.entries(commands)) {
    const found = await runCommand('/bin/sh', ['-c', 'command -v "$1"', 'sh', command]).catch(() => '');
    if (found === '') missing.add(name);
  }
  return [...missing];
}

/** The rights of a container or a hardened kernel can lack: they are tried out. */
async function probe(): Promise<string[]> {
  try {
    await runCommand(clusterFile('node', 'probe.sh'), []);
    return [];
  } catch (error) {
    return [`This machine does not let root make what a node needs. ${(error as Error).message}`];
  }
}
