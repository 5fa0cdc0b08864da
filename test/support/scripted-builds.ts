// What many tests do with builds of the bundle `scripted` in one namespace.
import { waitFor } from './cluster.js';
import { type AnyObject, createBuild, list, patch, read, waitForPhase } from './operator.js';

/** Variables of a build whose initialisation succeeds at once. */
export const initialized = { initRun: 'complete' };

export interface ScriptedBuilds {
  /** Creates a build and waits until it is initialised; gives its name. */
  stoppedBuild(vars?: Record<string, string>): Promise<string>;
  scale(name: string, replicas: number): Promise<AnyObject>;
  /** Throws when the build has no Deployment. */
  deploymentOf(name: string): Promise<AnyObject>;
  /** Lets the initialise pod, which was told to hang, end. Gives its name. */
  finishHeldPod(name: string, run: string): Promise<string>;
}

export function scriptedBuilds(namespace: string): ScriptedBuilds {
  return {
    stoppedBuild: async (vars = initialized) => {
      const name = await createBuild(namespace, { vars });
      await waitForPhase(namespace, name, 'Stopped');
      return name;
    },
    scale: (name, replicas) => patch('build', namespace, name, { spec: { replicas } }),
    deploymentOf: async (name) => {
      const deployment = await read('deployment', namespace, `${name}-web`);
      if (!deployment) throw new Error(`build ${name} has no Deployment`);
      return deployment;
    },
    finishHeldPod: async (name, run) => {
      const pod = await waitFor(async () => (await list('pod', namespace, name))[0], { describe: 'the pod' });
      const body = { metadata: { annotations: { 'runboat.test/run': run } } };
      await patch('pod', namespace, pod.metadata.name, body);
      return pod.metadata.name;
    },
  };
}
