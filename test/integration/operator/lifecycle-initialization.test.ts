import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import {
  condition,
  createBuild,
  eventsOf,
  list,
  patch,
  read,
  remove,
  useOperator,
  waitForBuild,
  waitForEvent,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { scriptedBuilds } from '../../support/scripted-builds.js';

const { namespace } = useOperator();

const { deploymentOf, finishHeldPod, scale, stoppedBuild } = scriptedBuilds(namespace);

describe('An initialisation', () => {
  it('that succeeds leaves its termination message in the condition Initialized', async () => {
    const message = 'Only the base database serves: addon x is broken.';
    const name = await createBuild(namespace, {
      vars: { initRun: 'success-message', initMessage: message },
    });
    const build = await waitForPhase(namespace, name, 'Stopped');
    expect(condition(build, 'Initialized')).toMatchObject({ status: 'True', message });
  });

  it('that fails is told with its message in condition and Event, and takes the wish to start back', async () => {
    const name = await createBuild(namespace, {
      spec: { replicas: 1 },
      vars: { initRun: 'fail', initMessage: 'no such commit' },
    });
    await waitForPhase(namespace, name, 'Failed');
    const build = await waitForBuild(namespace, name, ({ spec }) => spec.replicas === 0);
    expect(build.status).toMatchObject({ phase: 'Failed', initStatus: 'failed' });
    const initCondition = condition(build, 'Initialized');
    expect(initCondition).toMatchObject({ status: 'False', reason: 'InitFailed' });
    expect(initCondition?.message).toContain('no such commit');
    const event = await waitForEvent(namespace, name, 'InitFailed');
    expect(event).toMatchObject({ type: 'Warning', message: initCondition?.message });
  });

  it('that failed refuses every start with Event NotInitialized until a reset', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'fail' } });
    await waitForPhase(namespace, name, 'Failed');
    const before = (await deploymentOf(name)).metadata;
    await scale(name, 1);
    await waitForBuild(namespace, name, ({ spec }) => spec.replicas === 0);
    await waitForEvent(namespace, name, 'NotInitialized');
    const after = (await deploymentOf(name)).metadata;
    expect(after.generation).toBe(before.generation);
    expect(after.annotations?.['runboat/last-scaled']).toBeUndefined();
  });

  it('keeps its finished job and pod, so that the log can be read', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'fail' } });
    await waitForPhase(namespace, name, 'Failed');
    expect(await list('job', namespace, name)).toHaveLength(1);
    expect(await list('pod', namespace, name)).toHaveLength(1);
  });

  it('that cannot pull its image ends at the deadline, and what it waited for stays in the condition', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'image-pull', initDeadline: '4' } });
    const waiting = await waitForBuild(
      namespace,
      name,
      (build) => condition(build, 'Initialized')?.reason === 'ImagePullBackOff',
    );
    expect(waiting.status?.phase).toBe('Initializing');
    const failed = await waitForPhase(namespace, name, 'Failed');
    const { reason, message } = condition(failed, 'Initialized')!;
    expect(reason).toBe('DeadlineExceeded');
    expect(message).toContain('ImagePullBackOff');
  });

  it('that no node takes says so, once it has waited longer than that usually takes', async () => {
    const name = await createBuild(namespace, { vars: { initNode: 'no-such-node' } });
    const build = await waitForBuild(
      namespace,
      name,
      (candidate) => condition(candidate, 'Initialized')?.reason === 'Unschedulable',
    );
    expect(build.status?.phase).toBe('Initializing');
    expect(Date.now() - Date.parse(build.metadata.creationTimestamp ?? '')).toBeGreaterThan(8_000);
    await waitForEvent(namespace, name, 'Unschedulable');
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  });

  it.each([
    ['that of its bundle', '120', 120],
    ['timeouts.initialize when its bundle wants more', '3600', 300],
    ['timeouts.initialize when its bundle has none', '', 300],
  ])('has as its deadline %s', async (_, initDeadline, expected) => {
    const name = await createBuild(namespace, { vars: { initDeadline } });
    await waitForPhase(namespace, name, 'Stopped');
    expect((await list('job', namespace, name))[0]?.spec.activeDeadlineSeconds).toBe(expected);
  });

  it('whose job is deleted before its end is queued again as a new attempt, with Event JobLost', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'complete', initSeconds: '1.5' } });
    await waitForPhase(namespace, name, 'Initializing');
    await remove('job', namespace, `${name}-initialize`);
    const event = await waitForEvent(namespace, name, 'JobLost');
    expect(event.type).toBe('Warning');
    const build = await waitForPhase(namespace, name, 'Stopped');
    expect(build.status?.attempt).toBe(2);
    const [job] = await list('job', namespace, name);
    expect(job?.metadata.annotations?.['runboat.dev/attempt']).toBe('2');
  });

  it('whose job is deleted and its pod orphaned begins anew only when that pod is gone', async () => {
    const name = await createBuild(namespace, {
      vars: { initRun: 'hang', initTerminating: '1' },
    });
    await waitForPhase(namespace, name, 'Initializing');
    const orphan = await waitFor(async () => (await list('pod', namespace, name))[0]);
    await remove('job', namespace, `${name}-initialize`, 'orphan');
    const build = await waitForBuild(
      namespace,
      name,
      ({ status }) => status?.phase === 'Initializing' && status.attempt === 2,
    );
    expect(build.status?.initStartedAt).toBeDefined();
    expect(await read('pod', namespace, orphan.metadata.name)).toBeUndefined();
    await remove('build', namespace, name);
  });

  it('whose pod is evicted goes on with another pod of the same job', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'hang' } });
    await waitForPhase(namespace, name, 'Initializing');
    const first = await finishHeldPod(name, 'evict');
    const second = await waitFor(
      async () =>
        (await list('pod', namespace, name)).find(
          ({ metadata, status }) => metadata.name !== first && status?.phase === 'Running',
        ),
      { describe: 'a second pod' },
    );
    await patch('pod', namespace, second.metadata.name, {
      metadata: { annotations: { 'runboat.test/run': 'complete' } },
    });
    const build = await waitForPhase(namespace, name, 'Stopped');
    expect(build.status).toMatchObject({ attempt: 1, initStatus: 'succeeded' });
    const [job] = await list('job', namespace, name);
    expect(job?.spec.podFailurePolicy.rules).toEqual([
      expect.objectContaining({
        action: 'Ignore',
        onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
      }),
    ]);
  });
});

describe('An initialise job', () => {
  it('that is deleted after its end is not missed', async () => {
    const name = await stoppedBuild();
    await remove('job', namespace, `${name}-initialize`);
    await waitFor(async () => (await list('job', namespace, name)).length === 0);
    await scale(name, 1);
    const build = await waitForPhase(namespace, name, 'Started');
    expect(build.status).toMatchObject({ attempt: 1, initStatus: 'succeeded' });
    expect(await eventsOf(namespace, name)).toEqual([]);
  });

  it('goes on when the Deployment went missing meanwhile, which is made again', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'hang' } });
    await waitForPhase(namespace, name, 'Initializing');
    const job = await read('job', namespace, `${name}-initialize`);
    const before = await deploymentOf(name);
    await patch('deployment', namespace, `${name}-web`, { metadata: { finalizers: null } });
    await remove('deployment', namespace, `${name}-web`);
    await waitFor(async () => (await deploymentOf(name)).metadata.uid !== before.metadata.uid);
    expect((await deploymentOf(name)).metadata.annotations?.['runboat/init-status']).toBe('started');
    await finishHeldPod(name, 'complete');
    const build = await waitForPhase(namespace, name, 'Stopped');
    expect(build.status?.attempt).toBe(1);
    expect((await read('job', namespace, `${name}-initialize`))?.metadata.uid).toBe(job?.metadata.uid);
  });
});
