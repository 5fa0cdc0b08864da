import { describe, expect, it } from '@jest/globals';
import { kubectl, waitFor } from '../../support/cluster.js';
import {
  condition,
  createBuild,
  list,
  patch,
  read,
  remove,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { changedBundle, conditionOf, expectOthersGoOn, expectSentence } from './bad-input-support.js';

const odd = `  suspend: true
  managedBy: example.org/nobody
  ttlSecondsAfterFinished: 0
  podReplacementPolicy: TerminatingOrFailed
  manualSelector: true
  selector: {matchLabels: {runboat/job-kind: any}}
`;

describe('A job whose bundle would keep it from ending, or from being seen', () => {
  const { folder } = changedBundle('odd-jobs', (bundle) => {
    for (const file of ['initialize.yaml.hbs', 'cleanup.yaml.hbs'])
      bundle.replace(file, '  backoffLimit: 0\n', `  backoffLimit: 0\n${odd}`);
  });
  const { namespace } = useOperator({ bundles: { odd: folder } });

  it('runs like any other, and is kept after its end', async () => {
    const name = await createBuild(namespace, { spec: { kubefiles: 'odd' } });
    const build = await waitForPhase(namespace, name, 'Stopped');
    expect(condition(build, 'Initialized')?.reason).toBe('InitSucceeded');
    const [job] = await list('job', namespace, name);
    expect(job?.spec).toMatchObject({ suspend: false, podReplacementPolicy: 'Failed' });
    expect(job?.spec).not.toHaveProperty('ttlSecondsAfterFinished');
    expect(job?.spec).not.toHaveProperty('managedBy');
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  });
});

describe('A job that somebody suspends', () => {
  const bed = useOperator({
    limits: { initializing: 1, cleaning: 1 },
    timeouts: { initialize: '8s', cleanup: '8s' },
  });
  const { namespace } = bed;
  const suspend = (job: string, suspended: boolean) =>
    patch('job', namespace, job, { spec: { suspend: suspended } });
  const jobIsThere = (job: string) =>
    waitFor(async () => (await read('job', namespace, job)) !== undefined, { describe: job });

  it('holds its place no longer than its time: the initialisation has failed then', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'hang' } });
    await waitForPhase(namespace, name, 'Initializing');
    await suspend(`${name}-initialize`, true);
    const build = await waitForPhase(namespace, name, 'Failed');
    expect(conditionOf(build, 'Initialized')).toMatchObject({ reason: 'DeadlineExceeded' });
    const { message } = conditionOf(build, 'Initialized');
    expect(message).toMatch(/because it was suspended\. Reset the build/);
    expectSentence(message);
    await waitFor(async () => (await read('job', namespace, `${name}-initialize`)) === undefined, {
      describe: 'the job to be gone',
    });
    await expectOthersGoOn(namespace);
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  }, 90_000);

  it('goes on where it is let run again in time', async () => {
    const name = await createBuild(namespace, { vars: { initRun: 'hang' } });
    await waitForPhase(namespace, name, 'Initializing');
    await suspend(`${name}-initialize`, true);
    await waitFor(async () => (await list('pod', namespace, name)).length === 0, { describe: 'no pod' });
    await suspend(`${name}-initialize`, false);
    const pod = await waitFor(async () => (await list('pod', namespace, name))[0], { describe: 'a pod' });
    await patch('pod', namespace, pod.metadata.name, {
      metadata: { annotations: { 'runboat.test/run': 'complete' } },
    });
    const build = await waitForPhase(namespace, name, 'Stopped');
    expect(build.status?.attempt).toBe(1);
  }, 90_000);

  it('does not hold up a deletion longer than its time: the cleanup has failed then, and is tried again', async () => {
    const name = await createBuild(namespace, { vars: { cleanupRun: 'hang' } });
    await waitForPhase(namespace, name, 'Stopped');
    await remove('build', namespace, name);
    await jobIsThere(`${name}-cleanup`);
    const first = (await read('job', namespace, `${name}-cleanup`))?.metadata.uid;
    await suspend(`${name}-cleanup`, true);
    const build = await waitForBuild(
      namespace,
      name,
      (seen) => condition(seen, 'CleanedUp')?.reason === 'CleanupFailed',
    );
    expect(conditionOf(build, 'CleanedUp').message).toMatch(
      /because it was suspended\. Let it run\. It is tried/,
    );
    await waitFor(
      async () => {
        const job = await read('job', namespace, `${name}-cleanup`);
        return job && job.metadata.uid !== first;
      },
      { describe: 'a second cleanup job' },
    );
    await kubectl(['annotate', 'rb', name, '-n', namespace, 'runboat.dev/skip-cleanup=true']);
    await waitForGone(namespace, name);
  }, 90_000);
});
