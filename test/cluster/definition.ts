import { existsSync } from 'node:fs';
import path from 'node:path';
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
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', file]);
}
