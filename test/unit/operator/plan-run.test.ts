import { describe } from '@jest/globals';
import { stopPending } from '../../../operator/plan/plan-run.js';
import { ago, condition, jobView, podView, refusal } from '../../support/observed.js';
import { testRows } from './plan-rows.js';

const stopped = { phase: 'Stopped', initStatus: 'succeeded', attempt: 1, initializedAt: ago(300) } as const;
const failed = { phase: 'Failed', initStatus: 'failed', attempt: 1, initializedAt: ago(300) } as const;
const up = { replicas: 1, statusReplicas: 1 } as const;
const ready = { ...up, readyReplicas: 1 };
const wish = { spec: { replicas: 1 } };

describe('an initialised build that is to be stopped', () => {
  testRows([
    [
      'it is stopped and nothing is to be done',
      { build: { status: stopped } },
      {
        action: 'none',
        wants: 'none',
        phase: 'Stopped',
        conditions: { Ready: 'False Stopped', UpToDate: 'True AsSpecified', Deployed: 'True Deployed' },
      },
    ],
    [
      'the end of its job is not in the status yet: the sentence is read first',
      { build: { status: { ...stopped, initStatus: 'started' } }, jobs: [jobView({ outcome: 'complete' })] },
      { action: 'readInitResult' },
    ],
    [
      'the end is read: shown with its time',
      {
        build: { status: { ...stopped, initStatus: 'started' } },
        jobs: [jobView({ outcome: 'complete', finishedAt: ago(7) })],
        facts: { initResult: { attempt: 1, verdict: { reason: 'InitSucceeded', message: 'Done.' } } },
      },
      {
        phase: 'Stopped',
        conditions: { Initialized: 'True InitSucceeded' },
        plan: { show: { initStatus: 'succeeded', initializedAt: ago(7) } },
      },
    ],
    [
      'a job that came late runs: it is removed',
      { build: { status: stopped }, jobs: [jobView()] },
      { action: 'deleteJob' },
    ],
    [
      'a job that came late ends: it is waited for',
      { build: { status: stopped }, jobs: [jobView({ metadata: { deleting: true } })] },
      { action: 'none' },
    ],
    ['it runs: it is scaled down', { build: { status: stopped }, deployment: ready }, { action: 'stop' }],
    [
      'scaled down, but a pod is still there: Stopping',
      { build: { status: stopped }, deployment: { statusReplicas: 0 }, pods: [podView()] },
      { action: 'none', phase: 'Stopping' },
    ],
    [
      'scaled down, but the controller still counts a replica: Stopping',
      { build: { status: stopped }, deployment: { statusReplicas: 1 } },
      { action: 'none', phase: 'Stopping' },
    ],
    [
      'scaled down, but stop mode is not applied yet: it is',
      { build: { status: stopped }, deployment: { applied: stopPending } },
      { action: 'applyStopMode' },
    ],
    [
      'stop mode cannot be applied: Stopped all the same, and UpToDate says why',
      {
        build: { status: stopped },
        deployment: { applied: stopPending },
        facts: { refusal: refusal('BundleInvalid', 8) },
      },
      { action: 'none', phase: 'Stopped', conditions: { UpToDate: 'False BundleInvalid' }, lookAgainIn: 8 },
    ],
    [
      'a changed override shows that a reset is needed, and writes nothing',
      { build: { status: stopped }, overrides: 'changed' },
      { action: 'none', phase: 'Stopped', conditions: { UpToDate: 'False ResetNeeded' } },
    ],
  ]);
});

describe('an initialised build that is to run', () => {
  testRows([
    [
      'it asks for a place',
      { build: { ...wish, status: stopped } },
      { action: 'none', wants: 'start', phase: 'Stopped', conditions: { Ready: 'False Stopped' } },
    ],
    [
      'it has a place: start',
      { build: { ...wish, status: stopped }, slots: { start: 'granted' } },
      { action: 'start' },
    ],
    [
      'all places are taken by builds to be kept: Stopped, with the reason',
      { build: { ...wish, status: stopped }, slots: { start: 'blocked' } },
      { action: 'none', wants: 'start', phase: 'Stopped', conditions: { Ready: 'False StartLimitReached' } },
    ],
    [
      'start mode was refused: Stopped with the reason, and no place is held for it',
      { build: { ...wish, status: stopped }, facts: { refusal: refusal('ApplyRefused', 4) } },
      {
        action: 'none',
        wants: 'none',
        phase: 'Stopped',
        conditions: { Ready: 'False ApplyRefused' },
        lookAgainIn: 4,
      },
    ],
    [
      'scaled up, not ready: Starting',
      { build: { ...wish, status: stopped }, deployment: up, pods: [podView()] },
      { action: 'none', wants: 'none', phase: 'Starting', conditions: { Ready: 'False Starting' } },
    ],
    [
      'its pod crash-loops: Starting, with the reason of the pod',
      {
        build: { ...wish, status: stopped },
        deployment: up,
        pods: [podView({ trouble: { reason: 'CrashLoopBackOff', message: 'It ended.' } })],
      },
      { phase: 'Starting', conditions: { Ready: 'False CrashLoopBackOff' } },
    ],
    [
      'the Deployment makes no progress: Starting, with its reason',
      {
        build: { ...wish, status: stopped },
        deployment: { ...up, stalled: { reason: 'ProgressDeadlineExceeded', message: 'Too slow.' } },
      },
      { phase: 'Starting', conditions: { Ready: 'False ProgressDeadlineExceeded' } },
    ],
    [
      'ready: Started, since now',
      { build: { ...wish, status: stopped }, deployment: ready, pods: [podView({ ready: true })] },
      {
        action: 'none',
        phase: 'Started',
        conditions: { Ready: 'True Started' },
        plan: { show: { readyAt: ago(0) } },
      },
    ],
    [
      'not ready any more: Starting again',
      {
        build: { ...wish, status: { ...stopped, phase: 'Started', readyAt: ago(50) } },
        deployment: up,
        pods: [podView()],
      },
      { phase: 'Starting', conditions: { Ready: 'False Starting' } },
    ],
  ]);
});

describe('a build whose initialisation failed', () => {
  testRows([
    [
      'it is Failed',
      { build: { status: failed }, deployment: { initStatus: 'failed' } },
      { action: 'none', wants: 'none', phase: 'Failed', conditions: { Ready: 'False NotInitialized' } },
    ],
    [
      'a start asked for is taken back, after the failure is shown',
      { build: { ...wish, status: failed }, deployment: { initStatus: 'failed' } },
      { action: 'refuseStart', wants: 'none', phase: 'Failed', plan: { statusFirst: true } },
    ],
    [
      'scaled up by hand: it goes back to 0',
      { build: { status: failed }, deployment: { initStatus: 'failed', ...up } },
      { action: 'stop' },
    ],
    [
      'the sentence of its job is kept once it is known',
      {
        build: { status: { ...failed, conditions: [condition('Initialized', 'False', 'DeadlineExceeded')] } },
        deployment: { initStatus: 'failed' },
        jobs: [jobView({ outcome: 'failed', finishedAt: ago(300) })],
      },
      { phase: 'Failed', conditions: { Ready: 'False NotInitialized' } },
    ],
  ]);
});

describe('the initialise job that is kept for its log', () => {
  const old = jobView({ outcome: 'complete', finishedAt: ago(72 * 3600) });
  const young = jobView({ outcome: 'complete', finishedAt: ago(72 * 3600 - 30) });
  testRows([
    [
      'it stays until its time is over',
      { build: { status: stopped }, jobs: [young] },
      { action: 'none', lookAgainIn: 30 },
    ],
    [
      'it goes then, after its number is stored',
      { build: { status: stopped }, jobs: [old] },
      { action: 'deleteJob', phase: 'Stopped', plan: { statusFirst: true } },
    ],
    [
      'that of a started build goes too',
      { build: { ...wish, status: stopped }, deployment: ready, jobs: [old] },
      { action: 'deleteJob' },
    ],
    [
      'that of a failed build goes too',
      {
        build: { status: failed },
        deployment: { initStatus: 'failed' },
        jobs: [jobView({ outcome: 'failed', finishedAt: ago(72 * 3600) })],
      },
      { action: 'deleteJob', phase: 'Failed' },
    ],
  ]);
});
