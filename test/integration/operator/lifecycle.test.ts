import { describe, expect, it } from '@jest/globals';
import { apply, kubectl } from '../../support/cluster.js';
import {
  buildObject,
  condition,
  createBuild,
  eventsOf,
  labelled,
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
import { scriptedBuilds } from '../../support/scripted-builds.js';

const { namespace } = useOperator();

const { deploymentOf, finishHeldPod, scale, stoppedBuild } = scriptedBuilds(namespace);

describe('A build', () => {
  it('goes from apply through initialisation, start, stop and deletion to nothing', async () => {
    const build = buildObject({ vars: { initRun: 'hang' } });
    const name = build.metadata.name ?? '';
    await apply(namespace, build);
    const running = await waitForPhase(namespace, name, 'Initializing');
    expect(running.status).toMatchObject({ attempt: 1, initStatus: 'started', replicas: 0 });
    expect((await deploymentOf(name)).metadata).toMatchObject({
      labels: { 'runboat/build': name, 'runboat/init-status': 'started' },
      annotations: { 'runboat/init-status': 'started' },
      finalizers: ['runboat/cleanup'],
    });
    await finishHeldPod(name, 'complete');

    const stopped = await waitForPhase(namespace, name, 'Stopped');
    expect(stopped.status).toMatchObject({ initStatus: 'succeeded', attempt: 1, replicas: 0 });
    expect(condition(stopped, 'Initialized')).toMatchObject({ status: 'True', reason: 'InitSucceeded' });

    await kubectl(['scale', 'rb', name, '-n', namespace, '--replicas=1']);
    await kubectl(['wait', 'rb', name, '-n', namespace, '--for=condition=Ready', '--timeout=30s']);
    const started = await waitForPhase(namespace, name, 'Started');
    expect(started.status).toMatchObject({ readyReplicas: 1, url: `http://${name}.builds.test` });

    await scale(name, 0);
    const stoppedAgain = await waitForPhase(namespace, name, 'Stopped');
    expect(condition(stoppedAgain, 'Ready')).toMatchObject({ status: 'False', reason: 'Stopped' });

    // Waits for the finalizer, so for the cleanup.
    await kubectl(['delete', 'rb', name, '-n', namespace, '--timeout=30s']);
    expect(await labelled(namespace, name)).toEqual([]);
  });

  it('that asks for a start from the beginning is started once it is initialised', async () => {
    const name = await createBuild(namespace, { spec: { replicas: 1 } });
    const started = await waitForPhase(namespace, name, 'Started');
    expect(started.status?.attempt).toBe(1);
  });

  it('carries its labels, its identity and its UID on every resource', async () => {
    const name = await createBuild(namespace, {
      spec: { repo: 'oca/identity', targetBranch: '17.0', pr: 7 },
    });
    const build = await waitForPhase(namespace, name, 'Stopped');
    const annotations = {
      'runboat/repo': 'oca/identity',
      'runboat/target-branch': '17.0',
      'runboat/pr': '7',
      'runboat/git-commit': build.spec.commit,
      'runboat.dev/build-uid': build.metadata.uid,
    };
    for (const kind of ['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job'] as const) {
      const found = await list(kind, namespace, name);
      expect({ kind, count: found.length > 0 }).toEqual({ kind, count: true });
      for (const object of found) expect(object.metadata.annotations).toMatchObject(annotations);
    }
    const [job] = await list('job', namespace, name);
    expect(job?.metadata.labels?.['runboat/job-kind']).toBe('initialize');
  });
});

describe('A start', () => {
  it('brings back what was deleted in the meantime', async () => {
    const name = await stoppedBuild();
    await remove('configmap', namespace, `${name}-environment`);
    await remove('secret', namespace, `${name}-secret-environment`);
    await remove('service', namespace, `${name}-web`);
    await remove('ingress', namespace, `${name}-web`);
    await scale(name, 1);
    await waitForPhase(namespace, name, 'Started');
    expect(await read('configmap', namespace, `${name}-environment`)).toBeDefined();
    expect(await read('secret', namespace, `${name}-secret-environment`)).toBeDefined();
    expect(await read('service', namespace, `${name}-web`)).toBeDefined();
    expect(await read('ingress', namespace, `${name}-web`)).toBeDefined();
  });

  it('and a stop each say when they were, and asking for the number that stands does not', async () => {
    const name = await stoppedBuild();
    const untouched = (await deploymentOf(name)).metadata.annotations;
    expect(untouched?.['runboat/last-scaled']).toBeUndefined();
    await scale(name, 1);
    const started = await waitForPhase(namespace, name, 'Started');
    const up = (await deploymentOf(name)).metadata.annotations?.['runboat/last-scaled'];
    expect(started.status?.lastScaledAt).toBe(up);
    await patch('build', namespace, name, { spec: { replicas: 1, priority: 3 } });
    await waitForObserved(name);
    expect((await deploymentOf(name)).metadata.annotations?.['runboat/last-scaled']).toBe(up);
    await scale(name, 0);
    await waitForPhase(namespace, name, 'Stopped');
    const down = (await deploymentOf(name)).metadata.annotations?.['runboat/last-scaled'];
    expect(Date.parse(down ?? '')).toBeGreaterThan(Date.parse(up ?? ''));
  });

  it('is shown as Starting with the reason of its pod while that cannot become ready', async () => {
    const name = await createBuild(namespace, { spec: { replicas: 1 }, vars: { runRun: 'crash-loop' } });
    const build = await waitForBuild(
      namespace,
      name,
      (candidate) => condition(candidate, 'Ready')?.reason === 'CrashLoopBackOff',
    );
    expect(build.status?.phase).toBe('Starting');
    await waitForEvent(namespace, name, 'CrashLoopBackOff');
    await scale(name, 0);
    await waitForPhase(namespace, name, 'Stopped');
  });

  it('shows a build that still has pods as Stopping', async () => {
    const name = await createBuild(namespace, { spec: { replicas: 1 }, vars: { runTerminating: '1' } });
    await waitForPhase(namespace, name, 'Started');
    await scale(name, 0);
    await waitForPhase(namespace, name, 'Stopping');
    await waitForPhase(namespace, name, 'Stopped');
    const pods = await list('pod', namespace, name);
    expect(pods.filter(({ metadata }) => metadata.labels?.['runboat/job-kind'] === undefined)).toEqual([]);
  });
});

/** Waits until the operator has answered the last change of the spec. */
function waitForObserved(name: string): Promise<StoredBuild> {
  return waitForBuild(
    namespace,
    name,
    ({ metadata, status }) => status?.observedGeneration === (metadata as { generation?: number }).generation,
  );
}

describe('An override of the spec', () => {
  it('that changes shows UpToDate=False with ResetNeeded, until it is taken back', async () => {
    const name = await createBuild(namespace, { spec: { env: { MODE: 'one' } } });
    await waitForPhase(namespace, name, 'Stopped');
    await patch('build', namespace, name, { spec: { env: { MODE: 'two' } } });
    const changed = await waitForBuild(
      namespace,
      name,
      (build) => condition(build, 'UpToDate')?.status === 'False',
    );
    expect(condition(changed, 'UpToDate')?.reason).toBe('ResetNeeded');
    expect((await read('configmap', namespace, `${name}-environment`))?.data.MODE).toBe('one');
    await patch('build', namespace, name, { spec: { env: { MODE: 'one' } } });
    await waitForBuild(namespace, name, (build) => condition(build, 'UpToDate')?.status === 'True');
  });

  it('does not change a start, which uses what the build was initialised with', async () => {
    const name = await createBuild(namespace, { spec: { env: { MODE: 'one' } } });
    await waitForPhase(namespace, name, 'Stopped');
    await patch('build', namespace, name, { spec: { replicas: 1, env: { MODE: 'two' } } });
    const started = await waitForPhase(namespace, name, 'Started');
    expect(condition(started, 'UpToDate')?.reason).toBe('ResetNeeded');
    expect((await read('configmap', namespace, `${name}-environment`))?.data.MODE).toBe('one');
  });
});

describe('The whole life of a build', () => {
  it('tells only of real trouble in Events', async () => {
    const name = await createBuild(namespace, { spec: { replicas: 1 } });
    await waitForPhase(namespace, name, 'Started');
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
    const warnings = (await eventsOf(namespace, name)).filter(
      (event) => (event as unknown as { type: string }).type === 'Warning',
    );
    expect(warnings).toEqual([]);
  });
});
