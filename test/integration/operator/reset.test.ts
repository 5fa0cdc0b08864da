import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import {
  type BuildOptions,
  condition,
  createBuild,
  list,
  patch,
  read,
  remove,
  type StoredBuild,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';

const { namespace } = useOperator();

let resets = 0;

/** Asks for a reset, with other changes of the spec if wanted; gives the value that stands for it. */
async function reset(name: string, spec: object = {}): Promise<string> {
  const resetRequestedAt = new Date(Date.UTC(2026, 0, 1, 0, 0, ++resets)).toISOString();
  await patch('build', namespace, name, { spec: { resetRequestedAt, ...spec } });
  return resetRequestedAt;
}

async function buildIn(phase: string, options: BuildOptions = {}): Promise<string> {
  const name = await createBuild(namespace, options);
  await waitForPhase(namespace, name, phase);
  return name;
}

async function tellPod(name: string | undefined, run: string): Promise<void> {
  await patch('pod', namespace, name ?? '', { metadata: { annotations: { 'runboat.test/run': run } } });
}

function attemptShows(name: string, attempt: number, phase: string): Promise<StoredBuild> {
  return waitForBuild(namespace, name, ({ status }) => status?.attempt === attempt && status.phase === phase);
}

describe('A reset', () => {
  it('of a stopped build initialises it again', async () => {
    const name = await buildIn('Stopped');
    const before = await read('job', namespace, `${name}-initialize`);
    const asked = await reset(name);
    const build = await attemptShows(name, 2, 'Stopped');
    expect(build.status).toMatchObject({ initializedFor: asked, initStatus: 'succeeded' });
    const after = await read('job', namespace, `${name}-initialize`);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(after?.metadata.annotations?.['runboat.dev/attempt']).toBe('2');
  });

  it('that was asked already does nothing, and no clock is compared', async () => {
    const name = await createBuild(namespace, { spec: { resetRequestedAt: '2001-01-01T00:00:00Z' } });
    const first = await waitForPhase(namespace, name, 'Stopped');
    expect(first.status).toMatchObject({ attempt: 1, initializedFor: '2001-01-01T00:00:00Z' });
    await patch('build', namespace, name, { spec: { resetRequestedAt: '2000-01-01T00:00:00Z' } });
    const second = await attemptShows(name, 2, 'Stopped');
    expect(second.status?.initializedFor).toBe('2000-01-01T00:00:00Z');
  });

  it('of a failed build lets it succeed', async () => {
    const name = await buildIn('Failed', { vars: { initRun: 'fail' } });
    await reset(name, { templateVars: { initRun: 'complete' } });
    const build = await attemptShows(name, 2, 'Stopped');
    expect(condition(build, 'Initialized')).toMatchObject({ status: 'True' });
    expect(condition(build, 'UpToDate')).toMatchObject({ status: 'True' });
  });

  it('of a started build stops it, sees its pods gone, initialises it and starts it again', async () => {
    const name = await buildIn('Started', { spec: { replicas: 1 }, vars: { runTerminating: '1' } });
    await reset(name, { templateVars: { runTerminating: '1', initRun: 'hang' } });
    await waitForPhase(namespace, name, 'Stopping');
    const initializing = await attemptShows(name, 2, 'Initializing');
    expect(initializing.spec.replicas).toBe(1);
    const pods = await waitFor(async () => {
      const found = await list('pod', namespace, name);
      return found.length > 0 ? found : undefined;
    });
    expect(pods.map(({ metadata }) => metadata.labels?.['runboat/job-kind'])).toEqual(['initialize']);
    await tellPod(pods[0]?.metadata.name, 'complete');
    await attemptShows(name, 2, 'Started');
  });

  it('of a build that cannot become ready stops it and initialises it', async () => {
    const name = await buildIn('Starting', { spec: { replicas: 1 }, vars: { runRun: 'crash-loop' } });
    await reset(name, { templateVars: null });
    await attemptShows(name, 2, 'Started');
  });

  it('of an initialising build ends that attempt, job and pod, before the next one', async () => {
    const name = await buildIn('Initializing', { vars: { initRun: 'hang', initTerminating: '1' } });
    const pod = await waitFor(async () => (await list('pod', namespace, name))[0]);
    await reset(name, { templateVars: { initRun: 'complete' } });
    const build = await attemptShows(name, 2, 'Stopped');
    expect(build.status?.initStatus).toBe('succeeded');
    expect(await read('pod', namespace, pod.metadata.name)).toBeUndefined();
    expect(await list('job', namespace, name)).toHaveLength(1);
  });

  it('asked again and again while the build is initialised ends with the last one answered', async () => {
    const name = await buildIn('Initializing', { vars: { initRun: 'hang' } });
    await reset(name);
    await waitForBuild(namespace, name, ({ status }) => (status?.attempt ?? 0) > 1);
    await reset(name);
    const last = await reset(name, { templateVars: { initRun: 'complete' } });
    const build = await waitForBuild(
      namespace,
      name,
      ({ status }) => status?.phase === 'Stopped' && status.initializedFor === last,
    );
    expect(build.status?.initStatus).toBe('succeeded');
    expect(await list('job', namespace, name)).toHaveLength(1);
  });

  it('of a failed build together with a start initialises it and then starts it', async () => {
    const name = await buildIn('Failed', { vars: { initRun: 'fail' } });
    await reset(name, { replicas: 1, templateVars: { initRun: 'complete' } });
    await attemptShows(name, 2, 'Started');
  });

  it('of a started build whose new initialisation fails leaves it stopped', async () => {
    const name = await buildIn('Started', { spec: { replicas: 1 } });
    await reset(name, { templateVars: { initRun: 'fail' } });
    await attemptShows(name, 2, 'Failed');
    const build = await waitForBuild(namespace, name, ({ spec }) => spec.replicas === 0);
    expect(build.status).toMatchObject({ initStatus: 'failed', replicas: 0 });
  });

  it('of a stopping build waits for its pods, then initialises it', async () => {
    const name = await buildIn('Started', { spec: { replicas: 1 }, vars: { runTerminating: '1' } });
    await patch('build', namespace, name, { spec: { replicas: 0 } });
    await waitForPhase(namespace, name, 'Stopping');
    await reset(name);
    await attemptShows(name, 2, 'Stopped');
  });

  it('of a build that is being deleted is ignored', async () => {
    const name = await buildIn('Stopped', { vars: { cleanupRun: 'hang' } });
    await remove('build', namespace, name);
    const job = await waitFor(() => read('job', namespace, `${name}-cleanup`));
    await reset(name);
    const [pod] = await waitFor(async () => {
      const pods = await list('pod', namespace, name);
      const cleaning = pods.filter(({ metadata }) => metadata.labels?.['runboat/job-kind'] === 'cleanup');
      return cleaning.length > 0 ? cleaning : undefined;
    });
    expect((await read('job', namespace, `${name}-cleanup`))?.metadata.uid).toBe(job.metadata.uid);
    await tellPod(pod?.metadata.name, 'complete');
    await waitForGone(namespace, name);
  });
});

describe('A reset applies everything again', () => {
  it('with the overrides that the spec has now', async () => {
    const name = await buildIn('Stopped', { spec: { env: { MODE: 'one' } } });
    await reset(name, { env: { MODE: 'two' }, image: 'registry.test/other:1' });
    const build = await attemptShows(name, 2, 'Stopped');
    expect(build.status?.resolved?.image).toBe('registry.test/other:1');
    expect(condition(build, 'UpToDate')?.status).toBe('True');
    const { data } = (await read('configmap', namespace, `${name}-environment`)) ?? {};
    expect(data).toMatchObject({ MODE: 'two', IMAGE: 'registry.test/other:1' });
  });

  it('and removes what no mode renders any more', async () => {
    const name = await buildIn('Stopped', { vars: { extra: 'wanted' } });
    expect(await read('configmap', namespace, `${name}-extra`)).toBeDefined();
    await reset(name, { templateVars: null });
    await attemptShows(name, 2, 'Stopped');
    expect(await read('configmap', namespace, `${name}-extra`)).toBeUndefined();
  });

  it('and makes anew what the API server refuses to change', async () => {
    const name = await buildIn('Stopped', { vars: { fixed: 'one' } });
    const before = await read('configmap', namespace, `${name}-fixed`);
    await reset(name, { templateVars: { fixed: 'two' } });
    await attemptShows(name, 2, 'Stopped');
    const after = await read('configmap', namespace, `${name}-fixed`);
    expect(after?.data.text).toBe('two');
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
  });

  it('and makes a Deployment with another selector anew, without taking that for a deletion', async () => {
    const name = await buildIn('Started', { spec: { replicas: 1 }, vars: { selector: 'one' } });
    const before = await read('deployment', namespace, `${name}-web`);
    await reset(name, { templateVars: { selector: 'two' } });
    const build = await attemptShows(name, 2, 'Started');
    expect(build.metadata.deletionTimestamp).toBeUndefined();
    const after = await read('deployment', namespace, `${name}-web`);
    expect(after?.spec.selector.matchLabels).toMatchObject({ flavour: 'two' });
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(after?.metadata.finalizers).toEqual(['runboat/cleanup']);
    const running = (await list('pod', namespace, name)).filter(
      ({ metadata }) => metadata.labels?.['runboat/job-kind'] === undefined,
    );
    expect(running.map(({ metadata }) => metadata.labels?.['flavour'])).toEqual(['two']);
  });
});
