import path from 'node:path';
import { runCommand } from './command.js';
import type { Cluster } from './control-plane.js';
import { findPrograms } from './programs.js';

/** What is known of a cluster that somebody else runs. */
export type CurrentCluster = Pick<Cluster, 'dir' | 'kubeconfig' | 'programs' | 'kubectl' | 'stop'>;

/** A cluster that is already there. Nothing is started, and `stop` leaves it as it is. */
export async function currentCluster(kubeconfig: string): Promise<CurrentCluster> {
  const programs = await findPrograms(['kubectl']);
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  return {
    dir: path.dirname(path.resolve(kubeconfig)),
    kubeconfig,
    programs,
    kubectl: (args, input) => runCommand(programs.kubectl, args, { env, input }),
    stop: async () => undefined,
  };
}
