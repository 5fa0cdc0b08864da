import { describe } from '@jest/globals';
import { ago, deleting, jobView, podView, refusal } from '../../support/observed.js';
import { testRows } from './plan-rows.js';

const spec = { resetRequestedAt: 'two' };
const stopped = { phase: 'Stopped', initStatus: 'succeeded', attempt: 3, initializedFor: 'one' } as const;
const queued = {
  phase: 'Queued',
  initStatus: 'todo',
  attempt: 3,
  initializedFor: 'one',
  queuedAt: ago(90),
} as const;
const quiet = { noPodLeft: true };

describe('a reset', () => {
  testRows([
    [
      'the value that the last attempt answers asks for nothing',
      { build: { spec: { resetRequestedAt: 'one' }, status: stopped } },
      { action: 'none', phase: 'Stopped' },
    ],
    [
      'no clock is compared: an earlier time is another value',
      {
        build: { spec: { resetRequestedAt: ago(9999) }, status: { ...stopped, initializedFor: ago(5) } },
        facts: quiet,
      },
      { action: 'redeploy' },
    ],
    [
      'one asked before the first attempt is answered by that',
      { build: { spec }, deployment: { initStatus: 'todo' } },
      { wants: 'initialize', phase: 'Queued', plan: { show: { initializedFor: 'two', attempt: 1 } } },
    ],
    [
      'one asked while the build was deployed with other overrides is not swallowed by the first attempt',
      { build: { spec }, deployment: { initStatus: 'todo', overrides: 'former' }, facts: quiet },
      { plan: { action: { type: 'redeploy', resetRequestedAt: 'two' } } },
    ],
    [
      'Stopped: whether a pod is left is read live first',
      { build: { spec, status: stopped } },
      { action: 'confirmNoPods' },
    ],
    [
      'Stopped: resolved and applied again',
      { build: { spec, status: stopped }, facts: quiet },
      { plan: { action: { type: 'redeploy', resetRequestedAt: 'two' } } },
    ],
    [
      'Stopped, applied again: queued under the next number',
      {
        build: { spec, status: stopped },
        deployment: { initStatus: 'todo' },
        facts: { ...quiet, redeployedFor: 'two' },
      },
      {
        action: 'none',
        phase: 'Queued',
        plan: { show: { attempt: 4, initializedFor: 'two', queuedAt: ago(0) } },
      },
    ],
    [
      'the newest initialise job, kept for its log, goes',
      { build: { spec, status: stopped }, jobs: [jobView({ attempt: 3, outcome: 'complete' })] },
      { action: 'deleteJob' },
    ],
    [
      'Failed: the same as Stopped',
      {
        build: { spec, status: { ...stopped, phase: 'Failed', initStatus: 'failed' } },
        deployment: { initStatus: 'failed' },
        facts: quiet,
      },
      { action: 'redeploy' },
    ],
    [
      'Queued: resolved again',
      { build: { spec, status: queued }, deployment: { initStatus: 'todo' } },
      { action: 'redeploy' },
    ],
    [
      'Queued: its number and place are kept',
      {
        build: { spec, status: queued },
        deployment: { initStatus: 'todo' },
        facts: { redeployedFor: 'two' },
      },
      { phase: 'Queued', plan: { show: { attempt: 3, queuedAt: ago(90), initializedFor: 'two' } } },
    ],
    [
      'Queued, its job just made: a higher number is stored before the job is deleted, and the reset goes on',
      {
        build: { spec, status: queued },
        deployment: { initStatus: 'todo' },
        jobs: [jobView({ attempt: 3 })],
      },
      {
        action: 'deleteJob',
        phase: 'Queued',
        plan: { statusFirst: true, show: { attempt: 4, initializedFor: 'one' } },
      },
    ],
    [
      'Queued, its job just made and being deleted: the same number, so that it is not given again',
      {
        build: { spec, status: queued },
        deployment: { initStatus: 'todo' },
        jobs: [jobView({ attempt: 3, metadata: { deleting: true } })],
      },
      { action: 'none', plan: { show: { attempt: 4, initializedFor: 'one' } } },
    ],
    [
      'never queued, its job just made before other overrides: the same, or nothing would tell of the job',
      {
        build: { spec },
        deployment: { initStatus: 'todo', overrides: 'former' },
        jobs: [jobView()],
        slots: { initialize: 'granted', grantedAttempt: 1 },
      },
      { action: 'deleteJob', phase: 'Queued', plan: { statusFirst: true, show: { attempt: 2 } } },
    ],
    [
      'Queued, its job just made and gone already: a higher number is stored first',
      {
        build: { spec, status: queued },
        deployment: { initStatus: 'todo' },
        facts: { jobMade: { attempt: 3 } },
      },
      { action: 'none', lookAgainIn: 0, plan: { show: { attempt: 4, initializedFor: 'one' } } },
    ],
    [
      'Queued, marked as started and its job gone, of which a new leader knows nothing: the mark is told first',
      { build: { spec, status: queued }, deployment: { initStatus: 'started' } },
      { phase: 'Initializing', lookAgainIn: 0, plan: { show: { attempt: 3, initializedFor: 'one' } } },
    ],
    [
      'Queued under a number above that of the job: only the job goes',
      {
        build: { spec, status: { ...queued, attempt: 4 } },
        deployment: { initStatus: 'todo' },
        jobs: [jobView({ attempt: 3 })],
      },
      { action: 'deleteJob', plan: { show: {} } },
    ],
    [
      'Initializing: the attempt is stopped',
      {
        build: { spec, status: { ...stopped, phase: 'Initializing', initStatus: 'started' } },
        deployment: { initStatus: 'started' },
        jobs: [jobView({ attempt: 3 })],
      },
      { action: 'deleteJob' },
    ],
    [
      'Initializing: the job is waited for',
      {
        build: { spec, status: { ...stopped, phase: 'Initializing', initStatus: 'started' } },
        deployment: { initStatus: 'started' },
        jobs: [jobView({ attempt: 3, metadata: { deleting: true } })],
      },
      { action: 'none' },
    ],
    [
      'Initializing: a pod that outlived the job is removed',
      {
        build: { spec, status: { ...stopped, phase: 'Initializing', initStatus: 'started' } },
        deployment: { initStatus: 'started' },
        pods: [podView({ kind: 'initialize' })],
      },
      { action: 'confirmNoPods' },
    ],
    [
      'Started: scaled to 0 with stop mode',
      {
        build: { spec: { ...spec, replicas: 1 }, status: { ...stopped, phase: 'Started' } },
        deployment: { replicas: 1, statusReplicas: 1, readyReplicas: 1 },
      },
      { action: 'stop' },
    ],
    [
      'Started: its pods are waited for, which shows as Stopping',
      {
        build: { spec: { ...spec, replicas: 1 }, status: { ...stopped, phase: 'Started' } },
        deployment: { statusReplicas: 1 },
        pods: [podView()],
      },
      { action: 'none', wants: 'none', phase: 'Stopping', conditions: { Ready: 'False ResetRequested' } },
    ],
    [
      'the bundle is refused: Stopped as before, and UpToDate says why',
      { build: { spec, status: stopped }, facts: { ...quiet, refusal: refusal('BundleMissing', 2) } },
      { action: 'none', phase: 'Stopped', conditions: { UpToDate: 'False BundleMissing' }, lookAgainIn: 2 },
    ],
    [
      'the bundle is refused while the build waits: it has no place in the queue meanwhile',
      {
        build: { spec, status: { phase: 'Queued', initStatus: 'todo', attempt: 1, queuePosition: 1 } },
        deployment: { initStatus: 'todo', replicas: 0 },
        facts: { ...quiet, refusal: refusal('BundleMissing', 2) },
      },
      { action: 'none', wants: 'none', plan: { show: { queuePosition: null } } },
    ],
    [
      'the refusal is over: tried again',
      { build: { spec, status: stopped }, facts: { ...quiet, refusal: refusal('BundleMissing', 0) } },
      { action: 'redeploy' },
    ],
    [
      'an older reset that was carried out does not stand for this one',
      { build: { spec, status: stopped }, facts: { ...quiet, redeployedFor: 'one' } },
      { action: 'redeploy' },
    ],
    [
      'of a build that is being deleted: ignored',
      { build: { metadata: deleting, spec, status: stopped } },
      { phase: 'Undeploying' },
    ],
  ]);
});
