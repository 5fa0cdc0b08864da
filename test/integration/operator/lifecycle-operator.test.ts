import { describe, expect, it } from '@jest/globals';
import { kubectl, waitFor } from '../../support/cluster.js';
import {
  cluster,
  condition,
  createBuild,
  type Kind,
  list,
  patch,
  read,
  remove,
  type StoredBuild,
  type TestBed,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { JobRecorder } from './job-recorder.js';

const image = 'registry.test/odoo:16.0';
const rule = (repo: string, more: object = {}) => ({ repo, branch: '.*', image, ...more });

const kinds: Kind[] = [
  'build',
  'configmap',
  'deployment',
  'event',
  'ingress',
  'job',
  'pod',
  'pvc',
  'secret',
  'service',
];

/** Every object of the namespace with its resourceVersion: any write changes it. */
async function versions(namespace: string): Promise<string[]> {
  const lists = await Promise.all(kinds.map((kind) => list(kind, namespace)));
  return lists.flatMap((objects, index) =>
    objects.map(({ metadata }) => `${kinds[index]}/${metadata.name}@${metadata.resourceVersion}`),
  );
}

/** How often the operator has looked at a build since it began. */
async function reconciles(bed: TestBed): Promise<number> {
  const text = await (await fetch(`${bed.operator().address}/metrics`)).text();
  return Number(/^runboat_reconcile_duration_seconds_count(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? 0);
}

describe('The operator', () => {
  const bed = useOperator();
  const { namespace } = bed;

  it('serves its health, its readiness and its metrics', async () => {
    const { address } = bed.operator();
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    const metrics = await fetch(`${address}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain('runboat_');
    expect((await fetch(`${address}/unknown`)).status).toBe(404);
  });

  it('writes nothing when it is started again and nothing has changed', async () => {
    const started = await createBuild(namespace, { spec: { replicas: 1 } });
    const stopped = await createBuild(namespace);
    const failed = await createBuild(namespace, { vars: { initRun: 'fail' } });
    const refused = await createBuild(namespace, { spec: { repo: 'unknown/repo' } });
    const running = await createBuild(namespace, { vars: { initRun: 'hang' } });
    await waitForPhase(namespace, started, 'Started');
    await waitForPhase(namespace, stopped, 'Stopped');
    await waitForPhase(namespace, failed, 'Failed');
    await waitForPhase(namespace, refused, 'Failed');
    await waitForPhase(namespace, running, 'Initializing');
    const before = await settledVersions();
    await bed.restart();
    await waitFor(async () => (await reconciles(bed)) >= 5, { describe: 'every build to be looked at' });
    expect(await versions(namespace)).toEqual(before);
  });

  /** Other programs, such as the Deployment controller, need a moment to come to rest. */
  async function settledVersions(): Promise<string[]> {
    let last: string[] = [];
    await waitFor(
      async () => {
        const now = await versions(namespace);
        const same = JSON.stringify(now) === JSON.stringify(last);
        last = now;
        return same;
      },
      { intervalMs: 1500, describe: 'the namespace to come to rest' },
    );
    return last;
  }

  it('ends within 10 s of SIGTERM with code 0, also with work in hand, and another one goes on', async () => {
    const names = await Promise.all(Array.from({ length: 10 }, () => createBuild(namespace)));
    const begun = Date.now();
    expect(await bed.operator().stop()).toBe(0);
    expect(Date.now() - begun).toBeLessThan(10_000);
    await bed.restart();
    for (const name of names) await waitForPhase(namespace, name, 'Stopped');
    for (const name of names) expect((await read('build', namespace, name))?.status.attempt).toBe(1);
  });
});

describe('A changed configuration', () => {
  const repos = [rule('^oca/.*', { env: { LEVEL: 'old' }, secretEnv: { PGPASSWORD: 'first' } })];
  const bed = useOperator({ repos });
  const { namespace } = bed;

  it('gives existing builds the new value of a secret at their next start, and no other value', async () => {
    const name = await createBuild(namespace, { name: 'existing' });
    await waitForPhase(namespace, name, 'Stopped');
    expect(await password(name)).toBe('first');
    await bed.restart({
      repos: [
        rule('^oca/.*', { env: { LEVEL: 'new' }, secretEnv: { PGPASSWORD: 'second' }, image: 'other:1' }),
      ],
    });
    await patch('build', namespace, name, { spec: { replicas: 1 } });
    const build = await waitForPhase(namespace, name, 'Started');
    expect(await password(name)).toBe('second');
    expect((await read('configmap', namespace, `${name}-environment`))?.data.LEVEL).toBe('old');
    expect(build.status?.resolved?.image).toBe(image);
    await patch('build', namespace, name, { spec: { replicas: 0 } });
    await waitForPhase(namespace, name, 'Stopped');
  });

  async function password(name: string): Promise<string> {
    const secret = await read('secret', namespace, `${name}-secret-environment`);
    return Buffer.from(secret?.data.PGPASSWORD ?? '', 'base64').toString('utf8');
  }

  it('that has no rule for it any more does not keep a build from starting and stopping', async () => {
    await bed.restart({ repos: [rule('^other/.*')] });
    await patch('build', namespace, 'existing', { spec: { replicas: 1 } });
    await waitForPhase(namespace, 'existing', 'Started');
    expect((await read('configmap', namespace, 'existing-environment'))?.data.LEVEL).toBe('old');
    await patch('build', namespace, 'existing', { spec: { replicas: 0 } });
    await waitForPhase(namespace, 'existing', 'Stopped');
  });

  it('refuses new builds without a rule, and the reset of an old one, which stays as it is', async () => {
    const name = await createBuild(namespace);
    const refused = await waitForPhase(namespace, name, 'Failed');
    expect(condition(refused, 'Deployed')).toMatchObject({ status: 'False', reason: 'NoMatchingRule' });
    await patch('build', namespace, 'existing', { spec: { resetRequestedAt: '2026-01-01T00:00:00Z' } });
    const reset = await waitForBuild(
      namespace,
      'existing',
      (build) => condition(build, 'UpToDate')?.reason === 'NoMatchingRule',
    );
    expect(reset.status?.phase).toBe('Stopped');
  });

  it('that has a rule again lets both go on', async () => {
    await bed.restart({ repos });
    await waitForBuild(
      namespace,
      'existing',
      ({ status }) => status?.attempt === 2 && status.phase === 'Stopped',
    );
    for (const { metadata } of await list<StoredBuild>('build', namespace)) {
      await waitForPhase(namespace, metadata.name, 'Stopped');
    }
  });

  it('that has no rule for it any more does not keep a build from its cleanup', async () => {
    await bed.restart({ repos: [rule('^other/.*')] });
    const jobs = await JobRecorder.start(await cluster(), namespace);
    await remove('build', namespace, 'existing');
    await waitForGone(namespace, 'existing');
    await waitFor(() => jobs.outcomes('existing-cleanup').length > 0);
    await jobs.stop();
    expect(jobs.outcomes('existing-cleanup')).toEqual(['complete']);
  });
});

describe('A paused operator', () => {
  const bed = useOperator({ paused: true });
  const { namespace } = bed;

  it('only observes: nothing is made, scaled or removed until it goes on', async () => {
    const name = await createBuild(namespace, { name: 'waits', spec: { replicas: 1 } });
    await waitFor(async () => (await reconciles(bed)) >= 1, { describe: 'the build to be looked at' });
    const build = await read<StoredBuild>('build', namespace, name);
    expect(build?.metadata.finalizers).toBeUndefined();
    expect(await list('secret', namespace, name)).toEqual([]);
    await bed.restart({ paused: false });
    await waitForPhase(namespace, name, 'Started');

    await bed.restart({ paused: true });
    await patch('build', namespace, name, { spec: { replicas: 0 } });
    await remove('build', namespace, name);
    await waitForBuild(
      namespace,
      name,
      ({ status, metadata }) =>
        status?.observedGeneration === (metadata as { generation?: number }).generation,
    );
    expect((await read('deployment', namespace, `${name}-web`))?.spec.replicas).toBe(1);
    await bed.restart({ paused: false });
    await waitForGone(namespace, name);
  });

  it('is had for one build by the annotation runboat.dev/paused', async () => {
    const name = await createBuild(namespace);
    await waitForPhase(namespace, name, 'Stopped');
    await kubectl(['annotate', 'rb', name, '-n', namespace, 'runboat.dev/paused=true']);
    await patch('build', namespace, name, { spec: { replicas: 1 } });
    await waitForBuild(
      namespace,
      name,
      ({ status, metadata }) =>
        status?.observedGeneration === (metadata as { generation?: number }).generation,
    );
    expect((await read('deployment', namespace, `${name}-web`))?.spec.replicas).toBe(0);
    await kubectl(['annotate', 'rb', name, '-n', namespace, 'runboat.dev/paused-']);
    await waitForPhase(namespace, name, 'Started');
  });
});

describe('retention.finishedJobs', () => {
  const { namespace } = useOperator({ retention: { finishedJobs: '1s' } });

  it('removes the finished initialise job with its pod, and changes nothing of the build', async () => {
    const name = await createBuild(namespace);
    const failed = await createBuild(namespace, { vars: { initRun: 'fail', initMessage: 'no such commit' } });
    const before = await waitForPhase(namespace, name, 'Stopped');
    await waitForPhase(namespace, failed, 'Failed');
    await waitFor(async () => (await list('job', namespace)).length === 0, { describe: 'no job left' });
    await waitFor(async () => (await list('pod', namespace)).length === 0, { describe: 'no pod left' });
    const after = await read<StoredBuild>('build', namespace, name);
    expect(after?.status).toEqual(before.status);
    const { status } = (await read<StoredBuild>('build', namespace, failed)) ?? {};
    expect(status).toMatchObject({ phase: 'Failed', attempt: 1 });
    expect(JSON.stringify(status?.conditions)).toContain('no such commit');
    await patch('build', namespace, name, { spec: { replicas: 1 } });
    await waitForPhase(namespace, name, 'Started');
  });
});

describe('timeouts.cleanup', () => {
  const { namespace } = useOperator({ timeouts: { cleanup: '1s' } });

  it('ends a cleanup job that hangs; that is told as CleanupFailed and tried again', async () => {
    const name = await createBuild(namespace, { vars: { cleanupRun: 'hang' } });
    await waitForPhase(namespace, name, 'Stopped');
    const jobs = await JobRecorder.start(await cluster(), namespace);
    await remove('build', namespace, name);
    const build = await waitForBuild(
      namespace,
      name,
      (candidate) => condition(candidate, 'CleanedUp')?.reason === 'CleanupFailed',
    );
    expect(condition(build, 'CleanedUp')?.message).toContain('time');
    await waitFor(() => jobs.outcomes(`${name}-cleanup`).length >= 2, { describe: 'a second cleanup job' });
    await jobs.stop();
    await kubectl(['annotate', 'rb', name, '-n', namespace, 'runboat.dev/skip-cleanup=true']);
    await waitForGone(namespace, name);
  });
});

describe('cleanupJob: false', () => {
  const { namespace } = useOperator({ cleanupJob: false });

  it('removes the resources of a build without any cleanup job', async () => {
    const name = await createBuild(namespace);
    await waitForPhase(namespace, name, 'Stopped');
    const jobs = await JobRecorder.start(await cluster(), namespace);
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
    await jobs.stop();
    expect(jobs.outcomes(`${name}-cleanup`)).toEqual([]);
  });
});
