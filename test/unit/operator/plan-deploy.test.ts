import { describe, expect, it } from '@jest/globals';
import { ANNOTATION_PAUSED } from '../../../crds/constants.js';
import { planBuild } from '../../../operator/plan/plan-build.js';
import { condition, deleting, now, observed, refusal } from '../../support/observed.js';
import { testRows } from './plan-rows.js';

const fresh = { status: undefined };
const refused = { phase: 'Failed' as const, conditions: [condition('Deployed', 'False', 'BundleInvalid')] };
const initialized = { phase: 'Stopped' as const, initStatus: 'succeeded' as const, attempt: 1 };

describe('the first deploy of a build', () => {
  testRows([
    [
      'a new build gets its finalizer before anything is made for it',
      { build: { metadata: { finalizers: [] } }, deployment: null },
      { action: 'addFinalizer' },
    ],
    [
      'finalizers of others do not stand for ours',
      { build: { metadata: { finalizers: ['example.org/other'] } }, deployment: null },
      { action: 'addFinalizer' },
    ],
    [
      'a build with its finalizer and no Deployment is deployed, from settings resolved anew',
      { build: fresh, deployment: null },
      { plan: { action: { type: 'deploy', initStatus: 'todo', resolveAgain: true } } },
    ],
    [
      'a build that cannot be deployed is Failed with the reason, and takes no place',
      { build: fresh, deployment: null, facts: { refusal: refusal('BundleInvalid', 8) } },
      {
        action: 'none',
        wants: 'none',
        phase: 'Failed',
        conditions: { Deployed: 'False BundleInvalid' },
        lookAgainIn: 8,
      },
    ],
    [
      'a refused build is tried again when its time has come',
      { build: { status: refused }, deployment: null, facts: { refusal: refusal('ApplyRefused', 0) } },
      { action: 'deploy' },
    ],
    [
      'a refused build is tried again at once when spec, configuration or bundle has changed',
      {
        build: { status: refused },
        deployment: null,
        fingerprint: 'another',
        facts: { refusal: refusal('NoMatchingRule', Number.POSITIVE_INFINITY) },
      },
      { action: 'deploy' },
    ],
    [
      'a refused build that the operator has forgotten over a restart is tried again',
      { build: { status: refused }, deployment: null },
      { plan: { action: { type: 'deploy', initStatus: 'todo', resolveAgain: true } } },
    ],
    [
      'a refused build keeps the start that was asked for',
      {
        build: { spec: { replicas: 1 }, status: refused },
        deployment: null,
        facts: { refusal: refusal('Forbidden', 8) },
      },
      { action: 'none', phase: 'Failed' },
    ],
  ]);

  it('a refusal that only a change can cure is not looked at again by itself', () => {
    const facts = { refusal: refusal('NoMatchingRule', Number.POSITIVE_INFINITY) };
    expect(planBuild(observed({ build: fresh, deployment: null, facts }), now).lookAgainAt).toBeUndefined();
  });
});

describe('a Deployment that is not there', () => {
  testRows([
    [
      'one merely missing from the cache is looked for before anything is believed',
      { build: { status: initialized }, deployment: null },
      { action: 'confirmDeployment' },
    ],
    [
      'one that a live read confirms missing is made again with the init-status known',
      { build: { status: initialized }, deployment: null, facts: { deploymentMissing: true } },
      { plan: { action: { type: 'deploy', initStatus: 'succeeded', resolveAgain: false } } },
    ],
    [
      'one that was queued is made again as not initialised',
      {
        build: { status: { phase: 'Queued', initStatus: 'todo', attempt: 2 } },
        deployment: null,
        facts: { deploymentMissing: true },
      },
      { plan: { action: { type: 'deploy', initStatus: 'todo', resolveAgain: false } } },
    ],
    [
      'with a reset asked it is made from settings resolved again',
      {
        build: { spec: { resetRequestedAt: 'later' }, status: { ...initialized, initializedFor: 'before' } },
        deployment: null,
        facts: { deploymentMissing: true },
      },
      { plan: { action: { type: 'deploy', initStatus: 'succeeded', resolveAgain: true } } },
    ],
    [
      'one that cannot be made again is shown as what it is without, and why',
      {
        build: { status: initialized },
        deployment: null,
        facts: { deploymentMissing: true, refusal: refusal('BundleMissing', 16) },
      },
      {
        action: 'none',
        phase: 'Stopped',
        conditions: { UpToDate: 'False BundleMissing', Ready: 'False BundleMissing' },
        lookAgainIn: 16,
      },
    ],
    [
      'one that cannot be made again while its build waits has no place in the queue',
      {
        build: { status: { phase: 'Queued', initStatus: 'todo', attempt: 1, queuePosition: 1 } },
        deployment: null,
        facts: { deploymentMissing: true, refusal: refusal('BundleMissing', 16) },
      },
      { action: 'none', wants: 'none', plan: { show: { queuePosition: null } } },
    ],
    [
      'one observed with a deletionTimestamp takes its build with it',
      { build: { status: initialized }, deployment: { metadata: { deleting: true } } },
      { action: 'deleteBuild' },
    ],
  ]);
});

describe('a build that is only observed', () => {
  const paused = { metadata: { annotations: { [ANNOTATION_PAUSED]: 'true' } } };
  testRows([
    [
      'paused by the configuration: nothing is done',
      { build: fresh, deployment: null, policy: { paused: true } },
      { action: 'none', wants: 'none' },
    ],
    [
      'paused by its annotation: nothing is done',
      { build: paused, deployment: null },
      { action: 'none', wants: 'none' },
    ],
    [
      'paused while being deleted: it stays',
      { build: { metadata: { ...deleting, ...paused.metadata } } },
      { action: 'none' },
    ],
    [
      'annotation "false" does not pause',
      { build: { metadata: { annotations: { [ANNOTATION_PAUSED]: 'false' } } }, deployment: null },
      { action: 'deploy' },
    ],
  ]);
});
