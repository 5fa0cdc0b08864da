import { readdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** The start of the name of every cluster's folder, in the folder for temporary files. */
export const folderPrefix = 'runboat-cluster-';

/**
 * Below the ports that Linux (32768) and macOS (49152) hand to outgoing connections, so that a port
 * stays free while the program that listens on it restarts.
 */
const firstPort = 20_000;
const portCount = 10_000;

/**
 * A port of 127.0.0.1 where nothing listens and that no other cluster of this machine has noted as its
 * own, noted in `folder`. Two clusters can still pick the same one at the same moment: whoever
 * fails to listen picks again.
 */
export async function reservePort(folder: string, purpose: string): Promise<number> {
  const taken = await portsOfClusters();
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = firstPort + Math.floor(Math.random() * portCount);
    if (taken.has(port) || !(await isFree(port))) continue;
    await writeFile(path.join(folder, `${purpose}.port`), String(port));
    return port;
  }
  throw new Error(`No free port found between ${firstPort} and ${firstPort + portCount} on 127.0.0.1.`);
}

async function portsOfClusters(): Promise<Set<number>> {
  const ports = new Set<number>();
  for (const name of await readdir(os.tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = path.join(os.tmpdir(), name);
    const files = await readdir(folder).catch(() => []);
    for (const file of files.filter((candidate) => candidate.endsWith('.port'))) {
      ports.add(Number(await readFile(path.join(folder, file), 'utf8').catch(() => '')));
    }
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
