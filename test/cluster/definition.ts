import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from './paths.js';

/** Runs kubectl against a cluster: a Cluster has it. */
export interface Kubectl {
  kubectl(args: string[], input?: string): Promise<string>;
}

/** Installs the definition of RunboatBuild, if the checkout has it, and waits until it is served. */
export async function installDefinition(cluster: Kubectl): Promise<void> {
  const file = path.join(repositoryRoot, 'crds', 'runboatbuild.yaml');
  if (!existsSync(file)) return;
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', file]);
  await untilServed(cluster, file);
}

/** `kubectl wait` gives up at once on a definition that is so new that it has no conditions at all. */
async function untilServed(cluster: Kubectl, file: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', file]);
      return;
    } catch (error) {
      const isTooNew = error instanceof Error && error.message.includes('conditions accessor error');
      if (!isTooNew || tries === 20) throw error;
      await sleep(250);
    }
  }
}
