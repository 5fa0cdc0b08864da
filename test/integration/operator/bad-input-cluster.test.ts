import { describe, expect, it } from '@jest/globals';
import {
  createBuild,
  eventsOf,
  patch,
  read,
  remove,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { liftQuota, setQuota } from '../../support/quota.js';
import {
  changedBundle,
  conditionOf,
  expectOneEvent,
  expectOthersGoOn,
  expectSentence,
  kustomization,
  refusal,
} from './bad-input-support.js';

describe('a job that a quota refuses', () => {
  const bed = useOperator({ limits: { initializing: 1 } });

  it('gives its place back, is told once, and is tried again until there is room', async () => {
    await setQuota(bed.namespace, { 'count/jobs.batch': '0' });
    const names = ['quota-a', 'quota-b'];
    for (const name of names) await createBuild(bed.namespace, { name });
    // With one place only, the second build is refused too as soon as the first one has given it back.
    for (const name of names) {
      const build = await waitForBuild(
        bed.namespace,
        name,
        (seen) => conditionOf(seen, 'Initialized').reason === 'JobRefused',
      );
      expect(build.status?.phase).toBe('Queued');
      const { message } = conditionOf(build, 'Initialized');
      expect(message).toMatch(/^The API server refuses Job .*exceeded quota: tight.* raise the quota or/);
      expectSentence(message);
    }
    await expectOneEvent(bed, 'quota-a', 'JobRefused', 3);
    expect(await read('job', bed.namespace, 'quota-a-initialize')).toBeUndefined();
    await liftQuota(bed.namespace);
    for (const name of names) await waitForPhase(bed.namespace, name, 'Stopped', { timeoutMs: 60_000 });
  }, 150_000);

  it('is no obstacle to deleting or resetting its build', async () => {
    await setQuota(bed.namespace, { 'count/jobs.batch': '0' });
    const name = await createBuild(bed.namespace);
    const refused = (build: Parameters<typeof conditionOf>[0]) =>
      conditionOf(build, 'Initialized').reason === 'JobRefused';
    await waitForBuild(bed.namespace, name, refused);
    const resetRequestedAt = new Date().toISOString();
    await patch('build', bed.namespace, name, { spec: { resetRequestedAt } });
    await waitForBuild(bed.namespace, name, (build) => build.status?.initializedFor === resetRequestedAt);
    await remove('build', bed.namespace, name);
    await waitForGone(bed.namespace, name);
    await liftQuota(bed.namespace);
  });

  it('to clean up is told and tried again until there is room', async () => {
    const name = await createBuild(bed.namespace);
    await waitForPhase(bed.namespace, name, 'Stopped');
    await setQuota(bed.namespace, { 'count/jobs.batch': '0' });
    await remove('build', bed.namespace, name);
    const build = await waitForBuild(
      bed.namespace,
      name,
      (seen) => conditionOf(seen, 'CleanedUp').reason === 'CleanupFailed',
    );
    expect(conditionOf(build, 'CleanedUp').message).toMatch(/exceeded quota: tight/);
    expectSentence(conditionOf(build, 'CleanedUp').message);
    await liftQuota(bed.namespace);
    await waitForGone(bed.namespace, name, { timeoutMs: 45_000 });
  }, 90_000);
});

describe('where a quota allows no pod', () => {
  const bed = useOperator({ limits: { initializing: 1 }, timeouts: { initialize: '6s' } });

  it('an initialisation ends at its deadline, says what was in the way and frees its place', async () => {
    await setQuota(bed.namespace, { pods: '0' });
    const name = await createBuild(bed.namespace);
    const build = await waitForPhase(bed.namespace, name, 'Failed');
    const { reason, message } = conditionOf(build, 'Initialized');
    expect(reason).toBe('DeadlineExceeded');
    expect(message).toMatch(/exceeded quota: tight.*reset the build/);
    expectSentence(message);
    await liftQuota(bed.namespace);
    await expectOthersGoOn(bed.namespace);
    await patch('build', bed.namespace, name, { spec: { resetRequestedAt: new Date().toISOString() } });
    await waitForPhase(bed.namespace, name, 'Stopped');
  }, 90_000);

  it('a start says at once what is in the way, and goes on when there is room', async () => {
    const name = await createBuild(bed.namespace);
    await waitForPhase(bed.namespace, name, 'Stopped');
    await setQuota(bed.namespace, { pods: '0' });
    await patch('build', bed.namespace, name, { spec: { replicas: 1 } });
    const build = await waitForBuild(
      bed.namespace,
      name,
      (seen) => conditionOf(seen, 'Ready').reason === 'FailedCreate',
    );
    expect(build.status?.phase).toBe('Starting');
    expect(conditionOf(build, 'Ready').message).toContain('exceeded quota: tight');
    await liftQuota(bed.namespace);
    // The controllers of Kubernetes try again with growing delay; a stop and a start begin anew.
    await patch('build', bed.namespace, name, { spec: { replicas: 0 } });
    await waitForPhase(bed.namespace, name, 'Stopped');
    await patch('build', bed.namespace, name, { spec: { replicas: 1 } });
    await waitForPhase(bed.namespace, name, 'Started');
  }, 90_000);
});

describe('an image that cannot be pulled', () => {
  const bed = useOperator({ limits: { initializing: 1 }, timeouts: { initialize: '6s' } });

  it('is told while the initialisation waits for it, frees its place at the deadline and is remembered', async () => {
    const vars = { initRun: 'image-pull' };
    const name = await createBuild(bed.namespace, { vars });
    const waiting = await waitForBuild(bed.namespace, name, (seen) =>
      /ImagePull/.test(conditionOf(seen, 'Initialized').reason),
    );
    expect(waiting.status?.phase).toBe('Initializing');
    expectSentence(conditionOf(waiting, 'Initialized').message);
    const build = await waitForPhase(bed.namespace, name, 'Failed');
    expect(conditionOf(build, 'Initialized')).toMatchObject({ reason: 'DeadlineExceeded' });
    expect(conditionOf(build, 'Initialized').message).toMatch(/ImagePull.*reset the build\.$/);
    await expectOthersGoOn(bed.namespace);
    await remove('build', bed.namespace, name);
    await waitForGone(bed.namespace, name);
  }, 90_000);

  it('is told of a build that starts, and its stop and deletion go on', async () => {
    const name = await createBuild(bed.namespace, { vars: { runRun: 'image-pull' }, spec: { replicas: 1 } });
    const build = await waitForBuild(bed.namespace, name, (seen) =>
      /ImagePull/.test(conditionOf(seen, 'Ready').reason),
    );
    expect(build.status?.phase).toBe('Starting');
    await patch('build', bed.namespace, name, { spec: { replicas: 0 } });
    await waitForPhase(bed.namespace, name, 'Stopped');
    await remove('build', bed.namespace, name);
    await waitForGone(bed.namespace, name);
  });
});

describe('a resource that the API server refuses', () => {
  const unknown = changedBundle('unknown', (bundle) =>
    bundle.replace('web.yaml.hbs', '    - port: 8080\n', '    - port: 8080\n      colour: red\n'),
  );
  const invalid = changedBundle('invalid', (bundle) =>
    bundle.replace('web.yaml.hbs', 'storage: 1Mi', 'storage: "-1Mi"'),
  );
  const badName = changedBundle('badname', (bundle) =>
    bundle.addResource('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_Good}\n'),
  );
  const badJob = changedBundle('badjob', (bundle) =>
    bundle.replace('initialize.yaml.hbs', 'backoffLimit: 0', 'backoffLimit: -7'),
  );
  const bundles = {
    unknown: unknown.folder,
    invalid: invalid.folder,
    badname: badName.folder,
    badjob: badJob.folder,
  };
  const bed = useOperator({ bundles });

  it.each([
    ['for a field that there is not', 'unknown', /Service .*colour/],
    ['for a value that cannot be', 'invalid', /PersistentVolumeClaim .*must be greater than zero/],
    ['for its name', 'badname', /ConfigMap .*Not_Good/],
  ])(
    '%s refuses its build, which leaves nothing when it is deleted',
    async (_title, kubefiles, words) => {
      const name = await createBuild(bed.namespace, { spec: { kubefiles } });
      const { reason, message } = await refusal(bed.namespace, name);
      expect(reason).toBe('ApplyRefused');
      expect(message).toMatch(words);
      expect(message).toContain('Correct the bundle');
      expectSentence(message);
      await expectOneEvent(bed, name, 'ApplyRefused');
      expect(await eventsOf(bed.namespace, name)).toHaveLength(1);
      await expectOthersGoOn(bed.namespace);
      await remove('build', bed.namespace, name);
      await waitForGone(bed.namespace, name);
      for (const kind of ['configmap', 'secret', 'service', 'deployment', 'pvc', 'ingress'] as const) {
        const object = await read(kind, bed.namespace, `${name}-web`);
        expect(object).toBeUndefined();
      }
      expect(await read('secret', bed.namespace, `${name}-runboat`)).toBeUndefined();
    },
    90_000,
  );

  it('as a job is told with the build still queued, and its correction on disk is tried at once', async () => {
    const name = await createBuild(bed.namespace, { spec: { kubefiles: 'badjob' } });
    const build = await waitForBuild(
      bed.namespace,
      name,
      (seen) => conditionOf(seen, 'Initialized').reason === 'JobRefused',
    );
    expect(conditionOf(build, 'Initialized').message).toMatch(/backoffLimit.*correct the bundle/);
    badJob.replace('initialize.yaml.hbs', 'backoffLimit: -7', 'backoffLimit: 0');
    badJob.replace(kustomization, '# A bundle', '# The bundle');
    await waitForPhase(bed.namespace, name, 'Stopped');
  });
});
