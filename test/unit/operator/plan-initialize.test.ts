import { describe } from '@jest/globals';
import { ago, condition, jobView, now, podView, refusal } from '../../support/observed.js';
import { testRows } from './plan-rows.js';

const todo = { initStatus: 'todo' } as const;
const started = { initStatus: 'started' } as const;
const queued = { phase: 'Queued', initStatus: 'todo', attempt: 1, queuedAt: ago(90) } as const;
const initializing = { phase: 'Initializing', initStatus: 'started', attempt: 1 } as const;
const initPod = podView({ kind: 'initialize', attempt: 1 });

describe('a build that waits for its initialisation', () => {
  testRows([
    [
      'just deployed: it asks for a place and shows Queued',
      { deployment: todo, slots: { queuePosition: 3 } },
      {
        action: 'none',
        wants: 'initialize',
        phase: 'Queued',
        conditions: {
          Deployed: 'True Deployed',
          Initialized: 'False Queued',
          Ready: 'False Queued',
          UpToDate: 'True AsSpecified',
        },
        plan: {
          wants: { slot: 'initialize', attempt: 1 },
          show: { attempt: 1, queuePosition: 3, queuedAt: ago(0) },
        },
      },
    ],
    [
      'queued already: number and time stay',
      { build: { status: queued }, deployment: todo },
      { wants: 'initialize', plan: { show: { attempt: 1, queuedAt: ago(90) } } },
    ],
    [
      'granted: the job of the granted attempt is made',
      { build: { status: queued }, deployment: todo, slots: { initialize: 'granted', grantedAttempt: 1 } },
      { plan: { action: { type: 'createJob', attempt: 1 } } },
    ],
    [
      'granted at once, without having been queued: the same',
      { deployment: todo, slots: { initialize: 'granted', grantedAttempt: 1 } },
      { plan: { action: { type: 'createJob', attempt: 1 } } },
    ],
    [
      'a grant of another attempt is of no use',
      {
        build: { status: { ...queued, attempt: 2 } },
        deployment: todo,
        slots: { initialize: 'granted', grantedAttempt: 1 },
      },
      { action: 'none', wants: 'initialize' },
    ],
    [
      'the API refused the job: Queued from then on, not to be granted before its time',
      { build: { status: queued }, deployment: todo, facts: { jobRefused: refusal('JobRefused', 4) } },
      {
        action: 'none',
        wants: 'initialize',
        phase: 'Queued',
        conditions: { Initialized: 'False JobRefused' },
        lookAgainIn: 4,
        plan: { show: { queuedAt: ago(1) } },
      },
    ],
    [
      'the refusal is over: an ordinary place in the queue',
      { build: { status: queued }, deployment: todo, facts: { jobRefused: refusal('JobRefused', 0) } },
      { wants: 'initialize', conditions: { Initialized: 'False Queued' } },
    ],
    [
      'a Deployment scaled by hand goes back to 0 first',
      { build: { status: queued }, deployment: { ...todo, replicas: 1 } },
      { action: 'stop' },
    ],
    [
      'a changed override shows that a reset is needed',
      { build: { status: queued }, deployment: todo, overrides: 'changed' },
      { wants: 'initialize', conditions: { UpToDate: 'False ResetNeeded' } },
    ],
  ]);
});

describe('a job that exists before its attempt has begun', () => {
  testRows([
    [
      'one that the status names is believed',
      { build: { status: queued }, deployment: todo, jobs: [jobView()] },
      { action: 'markStarted' },
    ],
    [
      'one that a grant names is believed, also when the status could not be written',
      { deployment: todo, jobs: [jobView()], slots: { initialize: 'granted', grantedAttempt: 1 } },
      { action: 'markStarted' },
    ],
    [
      'one that neither names is not believed: a higher number is stored, then it is deleted',
      { deployment: todo, jobs: [jobView({ attempt: 4 })] },
      {
        action: 'deleteJob',
        wants: 'none',
        phase: 'Queued',
        plan: { statusFirst: true, show: { attempt: 5 } },
      },
    ],
    [
      'one of the number queued, made before the reset that is queued under it, is not believed',
      {
        build: { spec: { resetRequestedAt: 'two' }, status: { ...queued, initializedFor: 'two' } },
        deployment: todo,
        jobs: [jobView({ initializedFor: 'one' })],
      },
      { action: 'deleteJob', plan: { show: { attempt: 2 } } },
    ],
    [
      'one being deleted is waited for, and no place is asked',
      { deployment: todo, jobs: [jobView({ metadata: { deleting: true } })] },
      { action: 'none', wants: 'none' },
    ],
    [
      'one that was granted and is being deleted by somebody is not believed: a higher number is stored',
      {
        build: { status: queued },
        deployment: todo,
        jobs: [jobView({ metadata: { deleting: true } })],
        slots: { initialize: 'granted', grantedAttempt: 1 },
      },
      { action: 'none', wants: 'none', phase: 'Queued', plan: { show: { attempt: 2 } } },
    ],
    [
      'one that a grant names, but the status says that its number is over, is not believed',
      {
        build: { status: { ...queued, attempt: 2 } },
        deployment: todo,
        jobs: [jobView()],
        slots: { grantedAttempt: 1 },
      },
      { action: 'deleteJob', plan: { show: { attempt: 2 } } },
    ],
    [
      'a pod that outlived its job is looked at and waited for, and no place is asked',
      { build: { status: queued }, deployment: todo, pods: [initPod] },
      { plan: { action: { type: 'confirmNoPods', deleteOrphans: true } }, wants: 'none' },
    ],
    [
      'a pod that is being deleted is waited for',
      { deployment: todo, pods: [podView({ kind: 'initialize', metadata: { deleting: true } })] },
      { action: 'none', wants: 'none' },
    ],
  ]);
});

describe('a job that was just made, while the Deployment controller has not seen the Deployment', () => {
  const job = jobView();
  const unseen = { ...todo, observedGeneration: 0 };
  const slots = { initialize: 'granted', grantedAttempt: 1 } as const;
  testRows([
    [
      'the controller is waited for, because it writes to the Deployment, and no place in the queue is shown',
      { deployment: unseen, jobs: [job], slots, facts: { jobMade: { attempt: 1, at: now - 400 } } },
      { action: 'none', wants: 'none', lookAgainIn: 2.6, plan: { show: { queuePosition: null } } },
    ],
    [
      'but not for long',
      { deployment: unseen, jobs: [job], slots, facts: { jobMade: { attempt: 1, at: now - 3_000 } } },
      { action: 'markStarted' },
    ],
    [
      'and not when it is not known how long it was there',
      { deployment: unseen, jobs: [job], slots },
      { action: 'markStarted' },
    ],
    [
      'once it has, the Deployment is marked',
      { deployment: todo, jobs: [job], slots, facts: { jobMade: { attempt: 1, at: now - 400 } } },
      { action: 'markStarted' },
    ],
  ]);
});

describe('a job that was made and vanished before the Deployment was marked', () => {
  const slots = { initialize: 'unasked', grantedAttempt: 1 } as const;
  const made = { jobMade: { attempt: 1, at: now - 400 } };
  const gone = { ...made, jobMissing: { attempt: 1 } };
  testRows([
    [
      'it is not made again under its number: a live read decides',
      { build: { status: queued }, deployment: todo, slots, facts: made },
      { plan: { action: { type: 'confirmJob', attempt: 1 } }, wants: 'none' },
    ],
    [
      'gone, but a pod of it still runs: that is removed first',
      { build: { status: queued }, deployment: todo, slots, facts: gone, pods: [initPod] },
      { action: 'confirmNoPods', wants: 'none' },
    ],
    [
      'gone with its pods: a higher number is stored, then it is told',
      { build: { status: queued }, deployment: todo, slots, facts: gone },
      {
        wants: 'none',
        phase: 'Queued',
        plan: { action: { type: 'forgetLostJob', attempt: 1 }, statusFirst: true, show: { attempt: 2 } },
      },
    ],
    [
      'after that a place is asked for the next number',
      { build: { status: { ...queued, attempt: 2 } }, deployment: todo, slots, facts: gone },
      { action: 'none', plan: { wants: { slot: 'initialize', attempt: 2 } } },
    ],
    [
      'seen being deleted before it vanished: a live read still looks for its pods',
      { build: { status: { ...queued, attempt: 2 } }, deployment: todo, facts: made },
      { plan: { action: { type: 'confirmJob', attempt: 1 } }, wants: 'none' },
    ],
    [
      'a grant that a predecessor left is redeemed, whether there was a job or not',
      {
        build: { status: queued },
        deployment: todo,
        slots: { initialize: 'granted', grantedAttempt: 1 },
        facts: { jobInDoubt: 1 },
      },
      { plan: { action: { type: 'createJob', attempt: 1 } } },
    ],
    [
      'a grant that could not be redeemed leaves a number that may have been used',
      { build: { status: queued }, deployment: todo, facts: { jobInDoubt: 1 } },
      { plan: { wants: { slot: 'initialize', attempt: 2 }, show: { attempt: 2 } } },
    ],
  ]);
});

describe('a running initialisation', () => {
  testRows([
    [
      'the job runs',
      { build: { status: queued }, deployment: started, jobs: [jobView()], pods: [initPod] },
      {
        action: 'none',
        wants: 'none',
        phase: 'Initializing',
        conditions: { Initialized: 'False Initializing', Ready: 'False Initializing' },
        plan: { show: { attempt: 1, queuePosition: null, initStartedAt: ago(600) } },
      },
    ],
    [
      'its pod is in trouble: the reason is shown while the pod is there',
      {
        build: { status: initializing },
        deployment: started,
        jobs: [jobView()],
        pods: [
          podView({ kind: 'initialize', trouble: { reason: 'ImagePullBackOff', message: 'No such image.' } }),
        ],
      },
      { phase: 'Initializing', conditions: { Initialized: 'False ImagePullBackOff' } },
    ],
    [
      'the pod is gone before the end is seen: the reason stays',
      {
        build: {
          status: { ...initializing, conditions: [condition('Initialized', 'False', 'ImagePullBackOff')] },
        },
        deployment: started,
        jobs: [jobView()],
      },
      { conditions: { Initialized: 'False ImagePullBackOff' } },
    ],
    [
      'a job without any stored status answers the reset that it was made for, not a later one',
      {
        build: { spec: { resetRequestedAt: 'two' } },
        deployment: started,
        jobs: [jobView({ initializedFor: 'one' })],
      },
      { phase: 'Initializing', plan: { show: { initializedFor: 'one' } } },
    ],
    [
      'the job succeeded: its sentence is read first',
      { build: { status: initializing }, deployment: started, jobs: [jobView({ outcome: 'complete' })] },
      { action: 'readInitResult' },
    ],
    [
      'the job succeeded and is read: stop mode, succeeded',
      {
        build: { status: initializing },
        deployment: started,
        jobs: [jobView({ outcome: 'complete' })],
        facts: { initResult: { attempt: 1, verdict: { reason: 'InitSucceeded', message: 'Done.' } } },
      },
      { plan: { action: { type: 'finishInit', succeeded: true } } },
    ],
    [
      'somebody suspended the job: it is looked at when its time is over',
      {
        build: { status: initializing },
        deployment: started,
        jobs: [jobView({ suspendedUntil: now + 3_000 })],
      },
      { action: 'none', phase: 'Initializing', lookAgainIn: 3 },
    ],
    [
      'it is suspended until its time is over: it has failed',
      {
        build: { status: initializing },
        deployment: started,
        jobs: [jobView({ suspendedUntil: now })],
        facts: { initResult: { attempt: 1, verdict: { reason: 'DeadlineExceeded', message: 'Late.' } } },
      },
      { plan: { action: { type: 'finishInit', succeeded: false } } },
    ],
    [
      'the job failed and is read: stop mode, failed',
      {
        build: { status: initializing },
        deployment: started,
        jobs: [jobView({ outcome: 'failed' })],
        facts: { initResult: { attempt: 1, verdict: { reason: 'InitFailed', message: 'Exit code 1.' } } },
      },
      { plan: { action: { type: 'finishInit', succeeded: false } } },
    ],
    [
      'a Deployment scaled by hand meanwhile goes back to 0',
      { build: { status: initializing }, deployment: { ...started, replicas: 1 }, jobs: [jobView()] },
      { action: 'stop' },
    ],
  ]);
});

describe('a job that vanished before its end was seen', () => {
  testRows([
    [
      'missing from the cache: a live read decides',
      { build: { status: initializing }, deployment: started },
      { plan: { action: { type: 'confirmJob', attempt: 1 } } },
    ],
    [
      'a live read of an earlier attempt says nothing about this one',
      {
        build: { status: { ...initializing, attempt: 2 } },
        deployment: started,
        facts: { jobMissing: { attempt: 1 } },
      },
      { plan: { action: { type: 'confirmJob', attempt: 2 } } },
    ],
    [
      'gone, but a pod of it still runs: that is removed first',
      {
        build: { status: initializing },
        deployment: started,
        pods: [initPod],
        facts: { jobMissing: { attempt: 1 } },
      },
      { action: 'confirmNoPods' },
    ],
    [
      'gone with its pods: queued again, after the status has named the lost attempt',
      { build: { status: initializing }, deployment: started, facts: { jobMissing: { attempt: 1 } } },
      { plan: { action: { type: 'forgetLostJob', attempt: 1 }, statusFirst: true, show: { attempt: 1 } } },
    ],
    [
      'after that the next attempt has a number of its own',
      { build: { status: initializing }, deployment: todo },
      { wants: 'initialize', phase: 'Queued', plan: { wants: { slot: 'initialize', attempt: 2 } } },
    ],
  ]);
});
