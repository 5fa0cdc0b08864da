import { describe } from '@jest/globals';
import { ANNOTATION_SKIP_CLEANUP } from '../../../crds/constants.js';
import type { CleanupFacts } from '../../../operator/plan/observed.js';
import { condition, deleting, jobView, now, podView, refusal } from '../../support/observed.js';
import { testRows } from './plan-rows.js';

const pending = [condition('CleanedUp', 'False', 'CleanupPending')];
const done = [condition('CleanedUp', 'True', 'CleanupDone')];
const needless = [condition('CleanedUp', 'False', 'NothingToCleanUp')];
const initialized = { phase: 'Undeploying', initStatus: 'succeeded', attempt: 1 } as const;
const leaving = { metadata: deleting, status: { ...initialized, conditions: pending } };
const cleaned = { metadata: deleting, status: { ...initialized, conditions: done } };
const quiet = { noPodLeft: true };
const knowing = (cleanup: CleanupFacts) => ({ ...quiet, cleanup });

describe('a build that is deleted', () => {
  testRows([
    [
      'a build without our finalizer is left to others',
      { build: { metadata: { ...deleting, finalizers: ['example.org/other'] } } },
      { action: 'none' },
    ],
    [
      'that it was initialised is stored before anything is removed',
      { build: { metadata: deleting, status: { phase: 'Stopped', initStatus: 'succeeded', attempt: 1 } } },
      {
        action: 'none',
        phase: 'Undeploying',
        conditions: { CleanedUp: 'False CleanupPending', Ready: 'False Undeploying' },
        lookAgainIn: 0,
      },
    ],
    [
      'that it never was initialised is stored too',
      { build: { metadata: deleting }, deployment: null },
      { action: 'none', phase: 'Undeploying', conditions: { CleanedUp: 'False NothingToCleanUp' } },
    ],
    [
      'a first attempt that was only queued never was one',
      {
        build: { metadata: deleting, status: { phase: 'Queued', initStatus: 'todo', attempt: 1 } },
        deployment: { initStatus: 'todo' },
      },
      { conditions: { CleanedUp: 'False NothingToCleanUp' } },
    ],
    [
      'a second attempt tells that there was a first',
      {
        build: { metadata: deleting, status: { phase: 'Queued', initStatus: 'todo', attempt: 2 } },
        deployment: { initStatus: 'todo' },
      },
      { conditions: { CleanedUp: 'False CleanupPending' } },
    ],
    [
      'a job that runs without any status tells it as well',
      { build: { metadata: deleting }, deployment: { initStatus: 'todo' }, jobs: [jobView()] },
      { conditions: { CleanedUp: 'False CleanupPending' } },
    ],
    [
      'a job may be on its way: it is waited for before anything is decided',
      {
        build: { metadata: deleting },
        deployment: { initStatus: 'todo' },
        slots: { initialize: 'granted', grantedAttempt: 1 },
      },
      { action: 'none', phase: 'Undeploying', conditions: {} },
    ],
    [
      'a job that was made and is gone already had something to clean up',
      {
        build: { metadata: deleting },
        deployment: { initStatus: 'todo' },
        slots: { grantedAttempt: 1 },
        facts: { jobMade: { attempt: 1 } },
      },
      { conditions: { CleanedUp: 'False CleanupPending' } },
    ],
    [
      'so may one of a predecessor, of which only the grant is left',
      {
        build: { metadata: deleting },
        deployment: { initStatus: 'todo' },
        slots: { initialize: 'granted', grantedAttempt: 1 },
        facts: { jobInDoubt: 1 },
      },
      { conditions: { CleanedUp: 'False CleanupPending' } },
    ],
  ]);
});

describe('what runs of a build that is deleted', () => {
  testRows([
    [
      'a running initialisation is stopped first',
      { build: leaving, deployment: { initStatus: 'started', replicas: 0 }, jobs: [jobView()] },
      { action: 'deleteJob' },
    ],
    [
      'its end is waited for',
      {
        build: leaving,
        deployment: { initStatus: 'started' },
        jobs: [jobView({ metadata: { deleting: true } })],
      },
      { action: 'none', phase: 'Undeploying' },
    ],
    [
      'a started build is scaled to 0',
      { build: leaving, deployment: { replicas: 1, statusReplicas: 1 } },
      { action: 'scaleDown' },
    ],
    [
      'of a Deployment that is being deleted the ReplicaSets are removed, because scaling it is ignored',
      { build: leaving, deployment: { replicas: 1, metadata: { deleting: true } }, pods: [podView()] },
      { action: 'removeReplicaSets' },
    ],
    [
      'of a Deployment that is gone the ReplicaSets are removed too',
      { build: leaving, deployment: null, pods: [podView()] },
      { action: 'removeReplicaSets' },
    ],
    [
      'pods that end are waited for',
      { build: leaving, pods: [podView({ metadata: { deleting: true } })] },
      { action: 'none', phase: 'Undeploying' },
    ],
    [
      'a scale that the controller has not seen yet is waited for',
      { build: leaving, deployment: { metadata: { generation: 2 }, observedGeneration: 1 } },
      { action: 'none' },
    ],
    [
      'a pod that outlived its initialise job is removed',
      { build: leaving, pods: [podView({ kind: 'initialize' })] },
      { plan: { action: { type: 'confirmNoPods', deleteOrphans: true } } },
    ],
    ['that no pod is left is read live', { build: leaving }, { action: 'confirmNoPods' }],
  ]);
});

describe('the cleanup job', () => {
  testRows([
    [
      'it asks for a place once no pod is left',
      { build: leaving, facts: quiet },
      { action: 'none', wants: 'cleanup' },
    ],
    [
      'it has a place: it is made',
      { build: leaving, facts: quiet, slots: { cleanup: 'granted' } },
      { action: 'createCleanupJob' },
    ],
    [
      'it runs',
      { build: leaving, facts: quiet, jobs: [jobView({ kind: 'cleanup' })] },
      { action: 'none', wants: 'none', conditions: { CleanedUp: 'False CleanupRunning' } },
    ],
    [
      'its pod outlived it: that is removed before another place is asked',
      { build: leaving, facts: quiet, pods: [podView({ kind: 'cleanup' })] },
      { action: 'removeLastPods', wants: 'none' },
    ],
    [
      'it failed: why is noted first',
      { build: leaving, facts: quiet, jobs: [jobView({ kind: 'cleanup', outcome: 'failed' })] },
      { action: 'noteCleanupFailure' },
    ],
    [
      'the failure is noted: it waits with the reason',
      {
        build: leaving,
        facts: knowing({ refusal: refusal('CleanupFailed', 20), failedJob: 'web-cleanup-uid' }),
        jobs: [jobView({ kind: 'cleanup', outcome: 'failed' })],
      },
      { action: 'none', wants: 'none', conditions: { CleanedUp: 'False CleanupFailed' }, lookAgainIn: 20 },
    ],
    [
      'it is suspended: its time goes on',
      {
        build: leaving,
        facts: quiet,
        jobs: [jobView({ kind: 'cleanup', suspendedUntil: now + 4_000 })],
      },
      { action: 'none', conditions: { CleanedUp: 'False CleanupRunning' }, lookAgainIn: 4 },
    ],
    [
      'it is suspended until its time is over: it has failed',
      { build: leaving, facts: quiet, jobs: [jobView({ kind: 'cleanup', suspendedUntil: now })] },
      { action: 'noteCleanupFailure' },
    ],
    [
      'the delay is over: the failed job makes room for another',
      {
        build: leaving,
        facts: knowing({ refusal: refusal('CleanupFailed', 0), failedJob: 'web-cleanup-uid' }),
        jobs: [jobView({ kind: 'cleanup', outcome: 'failed' })],
      },
      { action: 'deleteJob' },
    ],
    [
      'it cannot be made because its bundle is missing: it waits',
      { build: leaving, facts: knowing({ refusal: refusal('BundleMissing', 30) }) },
      { action: 'none', wants: 'none', conditions: { CleanedUp: 'False BundleMissing' }, lookAgainIn: 30 },
    ],
    [
      'it is done: that is stored before its resources are removed',
      { build: leaving, facts: quiet, jobs: [jobView({ kind: 'cleanup', outcome: 'complete' })] },
      { action: 'none', conditions: { CleanedUp: 'True CleanupDone' }, lookAgainIn: 0 },
    ],
    [
      'never initialised: none',
      { build: { metadata: deleting, status: { phase: 'Undeploying', conditions: needless } }, facts: quiet },
      { action: 'removeResources', wants: 'none' },
    ],
    [
      'switched off in the configuration: none',
      { build: leaving, facts: quiet, policy: { cleanupJob: false } },
      { action: 'removeResources', conditions: { CleanedUp: 'False CleanupSkipped' } },
    ],
    [
      'given up by annotation, after any number of failures: none',
      {
        build: { ...leaving, metadata: { ...deleting, annotations: { [ANNOTATION_SKIP_CLEANUP]: 'true' } } },
        facts: knowing({ refusal: refusal('CleanupFailed', 200) }),
        jobs: [jobView({ kind: 'cleanup', outcome: 'failed' })],
      },
      { action: 'removeResources', conditions: { CleanedUp: 'False CleanupSkipped' } },
    ],
    [
      'in a namespace that is being deleted none can run',
      {
        build: leaving,
        facts: knowing({ jobSkipped: { reason: 'NamespaceTerminating', message: 'It goes.' } }),
      },
      { action: 'removeResources', conditions: { CleanedUp: 'False NamespaceTerminating' } },
    ],
  ]);
});

describe('the last steps of a deletion, in their order', () => {
  testRows([
    [
      'all resources but the Deployment and the record',
      { build: cleaned, facts: quiet },
      { action: 'removeResources' },
    ],
    [
      'then the Deployment',
      { build: cleaned, facts: knowing({ resourcesGone: true }) },
      { action: 'removeDeployment' },
    ],
    [
      'then, with the Deployment seen gone, the record',
      { build: cleaned, deployment: null, facts: knowing({ resourcesGone: true }) },
      { action: 'removeSecret' },
    ],
    [
      'then the finalizer',
      { build: cleaned, deployment: null, facts: knowing({ resourcesGone: true, secretGone: true }) },
      { action: 'removeFinalizer' },
    ],
    [
      'a restart in between does not run the cleanup job again',
      { build: cleaned, deployment: null, facts: { noPodLeft: true } },
      { action: 'removeResources', wants: 'none' },
    ],
  ]);
});
