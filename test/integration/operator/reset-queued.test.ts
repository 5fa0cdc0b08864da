import { describe, expect, it } from '@jest/globals';
import {
  cluster,
  createBuild,
  labelled,
  patch,
  read,
  remove,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { JobRecorder } from './job-recorder.js';

describe('A build that waits', () => {
  const bed = useOperator({ limits: { initializing: 0 } });
  const { namespace } = bed;

  it('is resolved again by a reset and keeps its place', async () => {
    const first = await createBuild(namespace, { spec: { env: { MODE: 'one' } } });
    const before = await waitForBuild(namespace, first, ({ status }) => status?.queuePosition === 1);
    const second = await createBuild(namespace);
    await waitForBuild(namespace, second, ({ status }) => status?.queuePosition === 2);
    const resetRequestedAt = '2026-02-02T02:02:02Z';
    await patch('build', namespace, first, { spec: { resetRequestedAt, env: { MODE: 'two' } } });
    const after = await waitForBuild(
      namespace,
      first,
      ({ status }) => status?.initializedFor === resetRequestedAt,
    );
    expect(after.status).toMatchObject({
      phase: 'Queued',
      attempt: 1,
      queuePosition: 1,
      queuedAt: before.status?.queuedAt,
    });
    expect((await read('configmap', namespace, `${first}-environment`))?.data.MODE).toBe('two');

    await bed.restart({ limits: { initializing: 1 } });
    const done = await waitForPhase(namespace, first, 'Stopped');
    expect(done.status).toMatchObject({ attempt: 1, initializedFor: resetRequestedAt });
  });

  it('is deleted without any cleanup job, and so is one whose Deployment is deleted', async () => {
    await bed.restart({ limits: { initializing: 0 } });
    const deleted = await createBuild(namespace);
    const bereft = await createBuild(namespace);
    await waitForPhase(namespace, deleted, 'Queued');
    await waitForPhase(namespace, bereft, 'Queued');
    const jobs = await JobRecorder.start(await cluster(), namespace);
    await remove('build', namespace, deleted);
    await remove('deployment', namespace, `${bereft}-web`);
    for (const name of [deleted, bereft]) {
      await waitForGone(namespace, name);
      expect(await labelled(namespace, name)).toEqual([]);
      expect(jobs.outcomes(`${name}-cleanup`)).toEqual([]);
    }
    await jobs.stop();
  });
});
