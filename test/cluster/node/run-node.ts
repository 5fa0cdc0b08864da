import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cluster } from '../control-plane.js';
import type { Demonstration } from '../demonstration.js';
import { startIngress } from './ingress.js';
import { webpageArchive, webpageImage } from './webpage-image.js';
import { buildEnvironment, startWorld } from './world.js';

export interface DemonstrationNode {
  readonly cluster: Cluster;
  readonly real: NonNullable<Demonstration['real']>;
  /** How to look at a started build, in a sentence. */
  readonly hint: string;
}

/**
 * For `make run NODE=real`: a cluster whose pods are real, with PostgreSQL, an ingress, and a forge that has a
 * few files for every repository at every commit.
 */
export async function startDemonstrationNode(): Promise<DemonstrationNode> {
  const tell = (line: string) => console.log(line);
  const world = await startWorld(async (repo, commit) => sampleFiles(world.cluster.dir, repo, commit));
  await world.node.importImage(await webpageArchive(tell));
  const real = { image: webpageImage, ...buildEnvironment(world) };
  return { cluster: world.cluster, real, hint: await openIngress(world.kube) };
}

async function sampleFiles(folder: string, repo: string, commit: string): Promise<string> {
  const files = path.join(folder, 'source', repo, commit);
  await mkdir(files, { recursive: true });
  await writeFile(path.join(files, 'README.md'), `A sample of ${repo} at ${commit}.\n`);
  return files;
}

/** At port 80, so that the links of builds, which name no port, lead there. */
async function openIngress(kube: Parameters<typeof startIngress>[0]): Promise<string> {
  const pods = 'A pod of a build is reached by its address too: kubectl get pods -o wide, port 8080.';
  try {
    await startIngress(kube, '127.0.0.1', 80);
    return `The pods are real: a started build's "live" link opens its page. ${pods}`;
  } catch (error) {
    return `The pods are real. Links to builds lead nowhere: port 80 is not free (${(error as Error).message}). ${pods}`;
  }
}
