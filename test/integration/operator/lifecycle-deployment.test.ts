import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import { createBuild, patch, read, remove, useOperator, waitForPhase } from '../../support/operator.js';
import { scriptedBuilds } from '../../support/scripted-builds.js';

const { namespace } = useOperator();

const { deploymentOf, scale, stoppedBuild } = scriptedBuilds(namespace);

describe('The Deployment of a build', () => {
  it('that is scaled by hand goes back to what the build asks for', async () => {
    const name = await stoppedBuild();
    await patch('deployment', namespace, `${name}-web`, { spec: { replicas: 1 } });
    await waitFor(async () => (await deploymentOf(name)).spec.replicas === 0);
    const build = await waitForPhase(namespace, name, 'Stopped');
    expect(build.spec.replicas ?? 0).toBe(0);
  });

  it('that went missing is made again with the outcome of the initialisation that was known', async () => {
    const name = await stoppedBuild();
    const before = await deploymentOf(name);
    await patch('deployment', namespace, `${name}-web`, { metadata: { finalizers: null } });
    await remove('deployment', namespace, `${name}-web`);
    const after = await waitFor(async () => {
      const found = await read('deployment', namespace, `${name}-web`);
      return found && found.metadata.uid !== before.metadata.uid ? found : undefined;
    });
    expect(after.metadata.annotations?.['runboat/init-status']).toBe('succeeded');
    expect(after.metadata.finalizers).toEqual(['runboat/cleanup']);
    await scale(name, 1);
    const started = await waitForPhase(namespace, name, 'Started');
    expect(started.status?.attempt).toBe(1);
  });

  it('that went missing while the build was started is made again and started', async () => {
    const name = await createBuild(namespace, { spec: { replicas: 1 } });
    await waitForPhase(namespace, name, 'Started');
    const before = await deploymentOf(name);
    await patch('deployment', namespace, `${name}-web`, { metadata: { finalizers: null } });
    await remove('deployment', namespace, `${name}-web`);
    await waitFor(async () => {
      const found = await read('deployment', namespace, `${name}-web`);
      return found && found.metadata.uid !== before.metadata.uid && found.status?.readyReplicas === 1;
    });
    const build = await waitForPhase(namespace, name, 'Started');
    expect(build.status?.attempt).toBe(1);
  });
});
