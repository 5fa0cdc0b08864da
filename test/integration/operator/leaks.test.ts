import { describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import {
  type AnyObject,
  type Cascade,
  cluster,
  createBuild,
  labelled,
  patch,
  pathOf,
  read,
  remove,
  useOperator,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';

// Much is to be removed at once, which takes its time on a loaded machine.
jest.setTimeout(180_000);
const timeoutMs = 90_000;

const cascades: Cascade[] = ['foreground', 'background', 'orphan'];

/** Takes a build away without any cleanup, as people do who know no better. */
async function forceAway(namespace: string, name: string): Promise<void> {
  await remove('build', namespace, name);
  await patch('build', namespace, name, { metadata: { finalizers: null } });
  await waitForGone(namespace, name);
}

async function expectNothingOf(namespace: string, name: string): Promise<void> {
  let left: string[] = [];
  const nothing = async () => {
    left = await labelled(namespace, name);
    return left.length === 0;
  };
  await waitFor(nothing, { timeoutMs, describe: () => [`nothing to be left of ${name}`, left] });
}

/** A Deployment as the Python runboat makes it: our label and finalizer, but no UID of a build. */
function pythonDeployment(name: string): object {
  const labels = { 'runboat/build': name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: `${name}-odoo`,
      labels: { ...labels, 'runboat/init-status': 'succeeded' },
      annotations: {
        'runboat/repo': 'oca/test',
        'runboat/target-branch': 'main',
        'runboat/pr': '',
        'runboat/git-commit': 'a'.repeat(40),
        'runboat/init-status': 'succeeded',
      },
      finalizers: ['runboat/cleanup'],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'odoo', image: 'registry.test/odoo:16.0' }] },
      },
    },
  };
}

describe('A build whose finalizer somebody took away', () => {
  const { namespace } = useOperator();

  it('leaves nothing, whatever it was doing', async () => {
    const stopped = await createBuild(namespace);
    const started = await createBuild(namespace, { spec: { replicas: 1 } });
    const running = await createBuild(namespace, { vars: { initRun: 'hang' } });
    await waitForPhase(namespace, stopped, 'Stopped');
    await waitForPhase(namespace, started, 'Started');
    await waitForPhase(namespace, running, 'Initializing');
    for (const name of [stopped, started, running]) await forceAway(namespace, name);
    for (const name of [stopped, started, running]) await expectNothingOf(namespace, name);
  });
});

describe('An operator that was away', () => {
  const bed = useOperator();
  const { namespace } = bed;

  async function startedBuilds(count: number): Promise<string[]> {
    const spec = { replicas: 1 } as const;
    const names = await Promise.all(Array.from({ length: count }, () => createBuild(namespace, { spec })));
    for (const name of names) await waitForPhase(namespace, name, 'Started');
    return names;
  }

  it('cleans up all that was deleted meanwhile, in whatever way', async () => {
    const builds = await startedBuilds(cascades.length);
    const deployments = await startedBuilds(cascades.length);
    await bed.operator().stop();
    for (const [index, cascade] of cascades.entries()) {
      await remove('build', namespace, builds[index] ?? '', cascade);
      await remove('deployment', namespace, `${deployments[index]}-web`, cascade);
    }
    await bed.restart();
    for (const name of [...builds, ...deployments]) {
      await waitForGone(namespace, name, { timeoutMs });
      await expectNothingOf(namespace, name);
    }
  });

  it('removes what is left of builds that are gone, also for a new build of the same name', async () => {
    const [gone = '', again = ''] = await startedBuilds(2);
    await bed.operator().stop();
    for (const name of [gone, again]) await forceAway(namespace, name);
    await createBuild(namespace, { name: again });
    await bed.restart();
    await expectNothingOf(namespace, gone);
    const build = await waitForPhase(namespace, again, 'Stopped');
    const deployment = await read('deployment', namespace, `${again}-web`);
    expect(deployment?.metadata.annotations?.['runboat.dev/build-uid']).toBe(build.metadata.uid);
    expect(build.status?.attempt).toBe(1);
  });

  it('leaves the Deployments of a Python runboat alone, those that wait for its cleanup too', async () => {
    const [gone = ''] = await startedBuilds(1);
    const client = await cluster();
    const names = ['python-idle', 'python-deleted'];
    for (const name of names) await client.create(pathOf('deployment', namespace), pythonDeployment(name));
    await remove('deployment', namespace, 'python-deleted-odoo');
    await bed.operator().stop();
    await forceAway(namespace, gone);
    const before = await Promise.all(names.map(observedOnce));
    await bed.restart();
    // The search for leftovers that takes these away has seen the others too.
    await expectNothingOf(namespace, gone);
    expect(await Promise.all(names.map(observedOnce))).toEqual(before);
    for (const name of names) {
      await patch('deployment', namespace, `${name}-odoo`, { metadata: { finalizers: null } });
    }
  });

  /** As soon as the Deployment controller has nothing more to say about it. */
  async function observedOnce(name: string): Promise<AnyObject> {
    return await waitFor(async () => {
      const found = await read('deployment', namespace, `${name}-odoo`);
      return found?.status?.observedGeneration === found?.metadata.generation ? found : undefined;
    });
  }
});
