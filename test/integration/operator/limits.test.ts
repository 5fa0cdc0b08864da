import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import {
  type BuildOptions,
  cluster,
  condition,
  createBuild,
  list,
  patch,
  read,
  remove,
  type StoredBuild,
  useOperator,
  waitForBuild,
  waitForEvent,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { InitializationOracle } from '../../support/oracle.js';
import { JobRecorder } from './job-recorder.js';

async function buildIn(namespace: string, phase: string, options: BuildOptions = {}): Promise<string> {
  const name = await createBuild(namespace, options);
  await waitForPhase(namespace, name, phase);
  return name;
}

async function buildsOf(namespace: string): Promise<string[]> {
  return (await list('build', namespace)).map(({ metadata }) => metadata.name).sort();
}

describe('limits.initializing', () => {
  const { namespace } = useOperator({ limits: { initializing: 2 } });

  it('is never exceeded, while builds succeed, fail, are reset and are deleted', async () => {
    const oracle = new InitializationOracle(await cluster(), namespace);
    await oracle.start();
    const kinds: Record<string, string>[] = [
      { initRun: 'complete', initSeconds: '0.5' },
      { initRun: 'fail', initSeconds: '0.3' },
      { initRun: 'complete', initSeconds: '5', initTerminating: '1' },
    ];
    const names = await Promise.all(
      Array.from({ length: 9 }, (_, index) => createBuild(namespace, { vars: kinds[index % 3] ?? {} })),
    );
    const disturbed = names.filter((_, index) => index % 3 === 2);
    const [resetOne = '', deletedOne = '', another = ''] = disturbed;
    const spec = { resetRequestedAt: '2026-01-01T00:00:00Z', templateVars: { initSeconds: '0.2' } };
    const disturbances = [resetOne, another].map((name) => disturb(name, spec));
    await waitForPhase(namespace, deletedOne, 'Initializing');
    await remove('build', namespace, deletedOne);
    await waitForGone(namespace, deletedOne);
    await Promise.all(disturbances);
    for (const name of names.filter((candidate) => candidate !== deletedOne)) {
      await waitForBuild(
        namespace,
        name,
        ({ status }) => status?.phase === 'Stopped' || status?.phase === 'Failed',
      );
    }
    await oracle.stop();
    const { most, at, initializations } = oracle.judge();
    expect({ most, at }).toEqual({ most: 2, at: expect.any(Array) });
    expect(initializations).toBeGreaterThanOrEqual(names.length);
  });

  /** A change in the middle of a build's initialisation. */
  async function disturb(name: string, spec: object): Promise<void> {
    await waitForPhase(namespace, name, 'Initializing');
    await patch('build', namespace, name, { spec });
  }
});

describe('limits.initializing: 0', () => {
  const bed = useOperator({ limits: { initializing: 0 } });
  const { namespace } = bed;

  it('pauses initialisation; higher priority goes first, then who waits longer, as positions show', async () => {
    const names = ['first', 'second', 'late-but-urgent'];
    for (const name of names) {
      const priority = name === 'late-but-urgent' ? 5 : 0;
      await createBuild(namespace, { name, spec: { priority } });
      await waitForPhase(namespace, name, 'Queued');
    }
    const atPosition = (position: number) => (build: StoredBuild) => build.status?.queuePosition === position;
    await waitForBuild(namespace, 'late-but-urgent', atPosition(1));
    await waitForBuild(namespace, 'first', atPosition(2));
    const second = await waitForBuild(namespace, 'second', atPosition(3));
    expect(second.status).toMatchObject({ phase: 'Queued', attempt: 1, initStatus: 'todo' });
    expect(await list('job', namespace)).toEqual([]);
  });

  it('is raised: they are initialised in that order and have no position any more', async () => {
    const jobs = await JobRecorder.start(await cluster(), namespace);
    await bed.restart({ limits: { initializing: 1 } });
    for (const name of ['first', 'second', 'late-but-urgent']) {
      const { status } = await waitForPhase(namespace, name, 'Stopped');
      expect(status?.queuePosition).toBeUndefined();
    }
    await jobs.stop();
    expect(jobs.names()).toEqual(['late-but-urgent-initialize', 'first-initialize', 'second-initialize']);
    expect(jobs.mostActive('initialize')).toBe(1);
  });

  it('is lowered again: what runs is not killed', async () => {
    const name = await buildIn(namespace, 'Initializing', { vars: { initRun: 'hang' } });
    const job = await read('job', namespace, `${name}-initialize`);
    await bed.restart({ limits: { initializing: 0 } });
    const waiting = await createBuild(namespace);
    await waitForPhase(namespace, waiting, 'Queued');
    expect((await read('job', namespace, `${name}-initialize`))?.metadata.uid).toBe(job?.metadata.uid);
    await waitForPhase(namespace, name, 'Initializing');
  });
});

describe('limits.started', () => {
  const bed = useOperator({ limits: { started: 2 } });
  const { namespace } = bed;
  const start = (name: string, spec: object = {}) =>
    patch('build', namespace, name, { spec: { replicas: 1, ...spec } });

  it('stops the build that was started longest ago to make a place for another one', async () => {
    for (const name of ['one', 'two', 'three']) await buildIn(namespace, 'Stopped', { name });
    for (const name of ['one', 'two', 'three']) {
      await start(name);
      await waitForPhase(namespace, name, 'Started');
    }
    const stopped = await waitForPhase(namespace, 'one', 'Stopped');
    expect(stopped.spec.replicas).toBe(0);
    expect(await waitForEvent(namespace, 'one', 'StoppedByLimit')).toMatchObject({ type: 'Normal' });
    await waitForPhase(namespace, 'two', 'Started');
  });

  it('never stops builds with keep; a further one waits with StartLimitReached and starts by itself', async () => {
    for (const name of ['two', 'three']) await patch('build', namespace, name, { spec: { keep: true } });
    await start('one');
    const blocked = await waitForBuild(
      namespace,
      'one',
      (build) => condition(build, 'Ready')?.reason === 'StartLimitReached',
    );
    expect(blocked).toMatchObject({ spec: { replicas: 1 }, status: { phase: 'Stopped', replicas: 0 } });
    await waitForEvent(namespace, 'one', 'StartLimitReached');
    await patch('build', namespace, 'two', { spec: { replicas: 0 } });
    await waitForPhase(namespace, 'one', 'Started');
    await waitForPhase(namespace, 'three', 'Started');
  });

  it('is lowered: the build that was started longest ago is stopped, but none with keep', async () => {
    await bed.restart({ limits: { started: 1 } });
    const stopped = await waitForPhase(namespace, 'one', 'Stopped');
    expect(stopped.spec.replicas).toBe(0);
    await waitForPhase(namespace, 'three', 'Started');
  });
});

describe('limits.deployed', () => {
  const bed = useOperator({ limits: { deployed: 3 } });
  const { namespace } = bed;
  const pullRequest = (pr: number, spec: object = {}): BuildOptions => ({
    name: `pr-${pr}`,
    spec: { pr, ...spec },
  });

  it('deletes the build that was used longest ago, with its cleanup', async () => {
    for (const pr of [1, 2, 3]) await buildIn(namespace, 'Stopped', pullRequest(pr));
    // A start and a stop make it the one that was used last.
    await patch('build', namespace, 'pr-1', { spec: { replicas: 1 } });
    await waitForPhase(namespace, 'pr-1', 'Started');
    await patch('build', namespace, 'pr-1', { spec: { replicas: 0 } });
    await waitForPhase(namespace, 'pr-1', 'Stopped');
    await createBuild(namespace, pullRequest(4));
    await waitForGone(namespace, 'pr-2');
    await waitForEvent(namespace, 'pr-2', 'DeletedByLimit');
    await waitForPhase(namespace, 'pr-4', 'Stopped');
    expect(await buildsOf(namespace)).toEqual(['pr-1', 'pr-3', 'pr-4']);
  });

  it('never deletes a started build, one with keep, or the newest of a branch', async () => {
    await patch('build', namespace, 'pr-1', { spec: { keep: true } });
    await patch('build', namespace, 'pr-3', { spec: { replicas: 1 } });
    await waitForPhase(namespace, 'pr-3', 'Started');
    await createBuild(namespace, { name: 'branch-new' });
    await waitForGone(namespace, 'pr-4');
    await waitForPhase(namespace, 'branch-new', 'Stopped');
    // All that may be deleted is the one that comes now, once it is initialised.
    await createBuild(namespace, pullRequest(5));
    await waitForGone(namespace, 'pr-5');
    expect(await buildsOf(namespace)).toEqual(['branch-new', 'pr-1', 'pr-3']);
  });

  it('deletes the older build of a branch when a newer one comes', async () => {
    await createBuild(namespace, { name: 'branch-newer' });
    await waitForGone(namespace, 'branch-new');
    await waitForPhase(namespace, 'branch-newer', 'Stopped');
    expect(await buildsOf(namespace)).toEqual(['branch-newer', 'pr-1', 'pr-3']);
  });

  it('does not count builds that are refused, and does not delete them', async () => {
    await buildIn(namespace, 'Failed', { name: 'refused', spec: { repo: 'unknown/repo' } });
    await patch('build', namespace, 'pr-3', { spec: { replicas: 0 } });
    await waitForPhase(namespace, 'pr-3', 'Stopped');
    expect(await buildsOf(namespace)).toEqual(['branch-newer', 'pr-1', 'pr-3', 'refused']);
  });
});

describe('retention.minimumAge', () => {
  const bed = useOperator({ limits: { deployed: 1 }, retention: { minimumAge: '1h' } });
  const { namespace } = bed;

  it('keeps builds above limits.deployed for as long after their initialisation', async () => {
    for (const pr of [1, 2]) await createBuild(namespace, { name: `pr-${pr}`, spec: { pr } });
    await waitForPhase(namespace, 'pr-1', 'Stopped');
    await waitForPhase(namespace, 'pr-2', 'Stopped');
    // Every change of any build makes the operator look at the limits again.
    await createBuild(namespace, { name: 'pr-3', spec: { pr: 3 } });
    await waitForPhase(namespace, 'pr-3', 'Stopped');
    const builds = await list('build', namespace);
    expect(builds.map(({ metadata }) => [metadata.name, metadata.deletionTimestamp])).toEqual([
      ['pr-1', undefined],
      ['pr-2', undefined],
      ['pr-3', undefined],
    ]);
    await bed.restart({ limits: { deployed: 1 }, retention: { minimumAge: '1s' } });
    await waitForGone(namespace, 'pr-1');
    await waitForGone(namespace, 'pr-2');
    await waitForPhase(namespace, 'pr-3', 'Stopped');
  });
});

describe('limits.cleaning', () => {
  const { namespace } = useOperator({ limits: { cleaning: 1 } });

  it('is never exceeded by cleanup jobs', async () => {
    const vars = { cleanupRun: 'complete', cleanupSeconds: '0.7' };
    const names = await Promise.all([1, 2, 3].map(() => buildIn(namespace, 'Stopped', { vars })));
    const jobs = await JobRecorder.start(await cluster(), namespace);
    await Promise.all(names.map((name) => remove('build', namespace, name)));
    for (const name of names) await waitForGone(namespace, name);
    await waitFor(() => names.every((name) => jobs.outcomes(`${name}-cleanup`)[0] === 'complete'));
    await jobs.stop();
    expect(jobs.mostActive('cleanup')).toBe(1);
  });
});
