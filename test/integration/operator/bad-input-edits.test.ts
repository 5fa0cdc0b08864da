import { cpSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import {
  type BuildOptions,
  createBuild,
  labelled,
  patch,
  read,
  remove,
  scriptedBundle,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import {
  changedBundle,
  conditionOf,
  expectOneEvent,
  expectOthersGoOn,
  expectSentence,
} from './bad-input-support.js';

const nonsense = { kubefiles: 'nowhere', image: 'other:1', env: { A: 'b' }, templateVars: { c: 'd' } };

/** How to bring a build into a phase and, where it would not stay there, to keep it there. */
const phases: Record<string, { options: BuildOptions; stop?: boolean }> = {
  Queued: { options: {} },
  Initializing: { options: { vars: { initRun: 'hang' } } },
  Failed: { options: { vars: { initRun: 'fail' } } },
  Stopped: { options: {} },
  Starting: { options: { vars: { runRun: 'never-ready' }, spec: { replicas: 1 } } },
  Started: { options: { spec: { replicas: 1 } } },
  Stopping: { options: { vars: { runTerminating: '6' }, spec: { replicas: 1 } }, stop: true },
};

describe('overrides that make no sense, put into a build that is', () => {
  const bed = useOperator({ limits: { initializing: 1 } });

  async function reach(phase: string): Promise<string> {
    const { options, stop } = phases[phase]!;
    const blocker =
      phase === 'Queued'
        ? await createBuild(bed.namespace, { name: 'blocker', vars: { initRun: 'hang' } })
        : '';
    if (blocker) await waitForPhase(bed.namespace, blocker, 'Initializing');
    const name = await createBuild(bed.namespace, options);
    if (stop) {
      await waitForPhase(bed.namespace, name, 'Started');
      await patch('build', bed.namespace, name, { spec: { replicas: 0 } });
    }
    await waitForPhase(bed.namespace, name, phase, { timeoutMs: 60_000 });
    return name;
  }

  it.each(Object.keys(phases))(
    '%s, change nothing before a reset, which is said, nor its deletion',
    async (phase) => {
      const name = await reach(phase);
      await patch('build', bed.namespace, name, { spec: { ...nonsense, keep: true, priority: 7 } });
      const build = await waitForBuild(
        bed.namespace,
        name,
        (seen) => conditionOf(seen, 'UpToDate').reason === 'ResetNeeded',
      );
      expect(build.status?.phase).toBe(phase);
      expect(conditionOf(build, 'Deployed').status).toBe('True');
      expectSentence(conditionOf(build, 'UpToDate').message);
      for (const created of phase === 'Queued' ? [name, 'blocker'] : [name]) {
        await remove('build', bed.namespace, created);
        await waitForGone(bed.namespace, created);
      }
      expect(await labelled(bed.namespace, name)).toEqual([]);
    },
    90_000,
  );

  it('Undeploying, do not keep it from being gone', async () => {
    const name = await createBuild(bed.namespace, { vars: { cleanupRun: 'complete', cleanupSeconds: '3' } });
    await waitForPhase(bed.namespace, name, 'Stopped');
    await remove('build', bed.namespace, name);
    await waitForPhase(bed.namespace, name, 'Undeploying');
    const resetRequestedAt = new Date().toISOString();
    await patch('build', bed.namespace, name, { spec: { ...nonsense, replicas: 1, resetRequestedAt } });
    await waitForGone(bed.namespace, name);
    expect(await labelled(bed.namespace, name)).toEqual([]);
  });

  it.each(['Stopped', 'Started', 'Failed'])(
    '%s, and a reset: it is stopped and says what is wrong, and goes on when that is corrected',
    async (phase) => {
      const name = await reach(phase);
      const first = new Date().toISOString();
      await patch('build', bed.namespace, name, { spec: { ...nonsense, resetRequestedAt: first } });
      const build = await waitForBuild(
        bed.namespace,
        name,
        (seen) => conditionOf(seen, 'UpToDate').reason === 'BundleMissing',
      );
      expect(build.status?.phase).toBe(phase === 'Failed' ? 'Failed' : 'Stopped');
      expect(conditionOf(build, 'Deployed').status).toBe('True');
      expectSentence(conditionOf(build, 'UpToDate').message);
      await expectOneEvent(bed, name, 'BundleMissing', 1);
      await expectOthersGoOn(bed.namespace);
      const spec = { kubefiles: null, image: null, env: null, templateVars: null, replicas: 0 };
      await patch('build', bed.namespace, name, { spec });
      const healed = await waitForPhase(bed.namespace, name, 'Stopped');
      await waitForBuild(bed.namespace, name, ({ status }) => status?.initializedFor === first);
      expect(healed.status?.initStatus).toBeDefined();
      await waitForBuild(bed.namespace, name, (seen) => conditionOf(seen, 'UpToDate').status === 'True');
      await waitForPhase(bed.namespace, name, 'Stopped');
      await remove('build', bed.namespace, name);
      await waitForGone(bed.namespace, name);
    },
    90_000,
  );
});

describe('a bundle that breaks while builds use it', () => {
  const broken = changedBundle('breaks', () => undefined);
  const bed = useOperator({ bundles: { breaks: broken.folder } });
  const [running, stopped, leaving] = ['running', 'stopped', 'leaving'];

  beforeAll(async () => {
    const spec = { kubefiles: 'breaks' };
    await createBuild(bed.namespace, { name: running!, spec: { ...spec, replicas: 1 } });
    for (const name of [stopped!, leaving!]) await createBuild(bed.namespace, { name, spec });
    await waitForPhase(bed.namespace, running!, 'Started');
    for (const name of [stopped!, leaving!]) await waitForPhase(bed.namespace, name, 'Stopped');
    const before = bed.operator().entries().length;
    broken.replace('settings.yaml.hbs', 'data:\n', 'data: [\n');
    await waitForBundles(before);
  });

  async function waitForBundles(before: number): Promise<void> {
    const read = () =>
      bed
        .operator()
        .entries()
        .slice(before)
        .some(({ msg }) => msg === 'Bundles changed');
    await waitFor(read, { describe: 'the operator to read the bundle anew' });
  }

  it('leaves them as they are', async () => {
    const build = await read('build', bed.namespace, running!);
    expect(build?.status.phase).toBe('Started');
  });

  it('does not keep one from being stopped, and says what is wrong', async () => {
    await patch('build', bed.namespace, running!, { spec: { replicas: 0 } });
    const build = await waitForPhase(bed.namespace, running!, 'Stopped');
    expect(build.status?.replicas).toBe(0);
    const told = await waitForBuild(
      bed.namespace,
      running!,
      (seen) => conditionOf(seen, 'UpToDate').reason === 'BundleInvalid',
    );
    expect(conditionOf(told, 'UpToDate').message).toMatch(/settings\.yaml/);
  });

  it('keeps one from being started, which says why and is not started meanwhile', async () => {
    await patch('build', bed.namespace, stopped!, { spec: { replicas: 1 } });
    const build = await waitForBuild(
      bed.namespace,
      stopped!,
      (seen) => conditionOf(seen, 'Ready').reason === 'BundleInvalid',
    );
    expect(build.status?.phase).toBe('Stopped');
    expectSentence(conditionOf(build, 'Ready').message);
    await expectOneEvent(bed, stopped!, 'BundleInvalid', 1);
  });

  it('keeps one from being cleaned up, which says why and how to give up', async () => {
    await remove('build', bed.namespace, leaving!);
    const build = await waitForBuild(
      bed.namespace,
      leaving!,
      (seen) => conditionOf(seen, 'CleanedUp').reason === 'CleanupFailed',
    );
    expect(conditionOf(build, 'CleanedUp').message).toMatch(/BundleInvalid.*settings\.yaml.*skip-cleanup/);
    expectSentence(conditionOf(build, 'CleanedUp').message);
  });

  it('lets them all go on by itself when it is corrected', async () => {
    await expectOthersGoOn(bed.namespace);
    cpSync(scriptedBundle, broken.folder, { recursive: true, force: true });
    await waitForPhase(bed.namespace, stopped!, 'Started');
    await waitForGone(bed.namespace, leaving!);
    await waitForBuild(
      bed.namespace,
      running!,
      (seen) => conditionOf(seen, 'UpToDate').status === 'True' && seen.status?.phase === 'Stopped',
    );
  });
});
