import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kubectl, waitFor } from '../../support/cluster.js';
import {
  type AnyObject,
  type BuildOptions,
  type Cascade,
  cluster,
  condition,
  createBuild,
  labelled,
  list,
  patch,
  pathOf,
  read,
  remove,
  useOperator,
  waitForBuild,
  waitForEvent,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { JobRecorder } from './job-recorder.js';

const { namespace } = useOperator();
const cascades: Cascade[] = ['foreground', 'background', 'orphan'];

// Cleanup jobs are gone with their builds, so that they have been there only a watch can tell.
let jobs: JobRecorder;
beforeEach(async () => {
  jobs = await JobRecorder.start(await cluster(), namespace);
});
afterEach(() => jobs.stop());

async function buildIn(phase: string, options: BuildOptions = {}): Promise<string> {
  const name = await createBuild(namespace, options);
  await waitForPhase(namespace, name, phase);
  return name;
}

/** Waits for the end of a deletion and checks that it left nothing. */
async function expectGone(name: string): Promise<void> {
  await waitForGone(namespace, name);
  expect(await labelled(namespace, name)).toEqual([]);
}

async function deleteBuild(name: string, cascade: Cascade = 'background'): Promise<void> {
  await kubectl(['delete', 'rb', name, '-n', namespace, `--cascade=${cascade}`, '--wait=false']);
}

async function cleanupPod(name: string): Promise<AnyObject> {
  return await waitFor(
    async () =>
      (await list('pod', namespace, name)).find(
        ({ metadata }) => metadata.labels?.['runboat/job-kind'] === 'cleanup',
      ),
    { describe: `the cleanup pod of build ${name}` },
  );
}

async function tell(pod: AnyObject, run: string): Promise<void> {
  await patch('pod', namespace, pod.metadata.name, {
    metadata: { annotations: { 'runboat.test/run': run } },
  });
}

describe('Deleting a build', () => {
  it.each(cascades)('with --cascade=%s ends its cleanup job and leaves nothing', async (cascade) => {
    const name = await buildIn('Started', { spec: { replicas: 1 } });
    await deleteBuild(name, cascade);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual(['complete']);
  });

  it('shows Undeploying and does its steps in order', async () => {
    const name = await buildIn('Started', {
      spec: { replicas: 1 },
      vars: { runTerminating: '1', cleanupRun: 'hang' },
    });
    await deleteBuild(name);
    const undeploying = await waitForPhase(namespace, name, 'Undeploying');
    expect(condition(undeploying, 'CleanedUp')).toMatchObject({ status: 'False', reason: 'CleanupPending' });
    const pod = await cleanupPod(name);
    const others = (await list('pod', namespace, name)).filter(
      ({ metadata }) => metadata.name !== pod.metadata.name,
    );
    expect(others).toEqual([]);
    // What the job needs, and what is removed last, is there while it runs.
    expect(await read('configmap', namespace, `${name}-environment`)).toBeDefined();
    expect(await read('secret', namespace, `${name}-runboat`)).toBeDefined();
    expect(await read('deployment', namespace, `${name}-web`)).toMatchObject({ spec: { replicas: 0 } });
    await waitForBuild(
      namespace,
      name,
      (build) => condition(build, 'CleanedUp')?.reason === 'CleanupRunning',
    );
    await tell(pod, 'complete');
    await expectGone(name);
  });

  it('that is stopped runs its cleanup', async () => {
    const name = await buildIn('Stopped');
    await deleteBuild(name);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual(['complete']);
  });

  it('that failed runs its cleanup', async () => {
    const name = await buildIn('Failed', { vars: { initRun: 'fail' } });
    await deleteBuild(name);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual(['complete']);
  });

  it('that is being initialised stops that first, its pod included', async () => {
    const name = await buildIn('Initializing', { vars: { initRun: 'hang', initTerminating: '1' } });
    const pod = await waitFor(async () => (await list('pod', namespace, name))[0]);
    await deleteBuild(name);
    await cleanupPod(name);
    expect(await read('pod', namespace, pod.metadata.name)).toBeUndefined();
    await expectGone(name);
  });

  it('that is starting runs its cleanup', async () => {
    const name = await buildIn('Starting', { spec: { replicas: 1 }, vars: { runRun: 'never-ready' } });
    await deleteBuild(name);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual(['complete']);
  });

  it('that is stopping runs its cleanup when its pods are gone', async () => {
    const name = await buildIn('Started', { spec: { replicas: 1 }, vars: { runTerminating: '1' } });
    await patch('build', namespace, name, { spec: { replicas: 0 } });
    await waitForPhase(namespace, name, 'Stopping');
    await deleteBuild(name);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual(['complete']);
  });

  it('that is refused leaves nothing and needs no cleanup job', async () => {
    const name = await buildIn('Failed', { spec: { repo: 'unknown/repo' } });
    await deleteBuild(name);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual([]);
  });

  it('right after it was created leaves nothing', async () => {
    const names = await Promise.all(Array.from({ length: 5 }, () => createBuild(namespace)));
    await Promise.all(names.map((name) => remove('build', namespace, name)));
    // The API server may delete an object at the moment when its finalizer comes; the rest follows soon.
    for (const name of names) {
      await waitForGone(namespace, name);
      const nothing = async () => (await labelled(namespace, name)).length === 0;
      await waitFor(nothing, { describe: `nothing to be left of ${name}` });
    }
  });

  it('whose bundle renders no cleanup job removes its resources only', async () => {
    const name = await buildIn('Stopped', { vars: { noCleanup: 'yes' } });
    await deleteBuild(name);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual([]);
  });

  it('lets a new build of the same name begin from nothing', async () => {
    const name = await buildIn('Stopped');
    await deleteBuild(name);
    await waitForGone(namespace, name);
    await createBuild(namespace, { name, vars: { initRun: 'hang' } });
    const build = await waitForPhase(namespace, name, 'Initializing');
    expect(build.status?.attempt).toBe(1);
  });

  it('leaves what is not of its making alone, whatever its label', async () => {
    const name = await buildIn('Stopped');
    const foreign = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${name}-foreign`, labels: { 'runboat/build': name } },
    };
    await (await cluster()).create(pathOf('configmap', namespace), foreign);
    await deleteBuild(name);
    await waitForGone(namespace, name);
    expect(await labelled(namespace, name)).toEqual([`configmap/${name}-foreign`]);
    await remove('configmap', namespace, `${name}-foreign`);
  });
});

describe('Deleting the Deployment of a build', () => {
  it.each(cascades)('with --cascade=%s deletes the build, with its cleanup', async (cascade) => {
    const name = await buildIn('Started', { spec: { replicas: 1 } });
    await kubectl([
      'delete',
      'deployment',
      `${name}-web`,
      '-n',
      namespace,
      `--cascade=${cascade}`,
      '--wait=false',
    ]);
    await waitForEvent(namespace, name, 'DeploymentDeleted');
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual(['complete']);
  });

  it('while the build is initialised deletes the build, with its cleanup', async () => {
    const name = await buildIn('Initializing', { vars: { initRun: 'hang' } });
    await remove('deployment', namespace, `${name}-web`);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual(['complete']);
  });
});

describe('A cleanup job that fails', () => {
  it('is told, tried again and never forgotten, until it succeeds', async () => {
    const name = await buildIn('Stopped', { vars: { cleanupRun: 'fail', cleanupMessage: 'no database' } });
    await deleteBuild(name);
    const failed = await waitForBuild(
      namespace,
      name,
      (build) => condition(build, 'CleanedUp')?.reason === 'CleanupFailed',
    );
    expect(condition(failed, 'CleanedUp')?.message).toContain('no database');
    expect(failed.status?.phase).toBe('Undeploying');
    await waitForEvent(namespace, name, 'CleanupFailed');
    await waitFor(
      () => jobs.outcomes(`${name}-cleanup`).filter((outcome) => outcome === 'failed').length >= 2,
    );
    expect(await read('configmap', namespace, `${name}-environment`)).toBeDefined();
    await succeedNextCleanup(name);
    await expectGone(name);
  });

  it('is given up by the annotation runboat.dev/skip-cleanup', async () => {
    const name = await buildIn('Stopped', { vars: { cleanupRun: 'fail' } });
    await deleteBuild(name);
    await waitForBuild(namespace, name, (build) => condition(build, 'CleanedUp')?.reason === 'CleanupFailed');
    await kubectl(['annotate', 'rb', name, '-n', namespace, 'runboat.dev/skip-cleanup=true']);
    await expectGone(name);
    expect(jobs.outcomes(`${name}-cleanup`)).not.toContain('complete');
  });

  it('is given up while it still runs, too', async () => {
    const name = await buildIn('Stopped', { vars: { cleanupRun: 'hang' } });
    await deleteBuild(name);
    await cleanupPod(name);
    await kubectl(['annotate', 'rb', name, '-n', namespace, 'runboat.dev/skip-cleanup=true']);
    await expectGone(name);
  });
});

/** The recorded settings say what the next cleanup job does, as a repaired cause of failure would. */
async function succeedNextCleanup(name: string): Promise<void> {
  const secret = await read('secret', namespace, `${name}-runboat`);
  const text = Buffer.from(secret?.data['settings.json'], 'base64').toString('utf8');
  const repaired = text.replace('"cleanupRun":"fail"', '"cleanupRun":"complete"');
  expect(repaired).not.toBe(text);
  const data = { 'settings.json': Buffer.from(repaired).toString('base64') };
  await patch('secret', namespace, `${name}-runboat`, { data });
}
