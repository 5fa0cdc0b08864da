import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FINALIZER_DEPLOYMENT } from '../../../crds/constants.js';
import {
  appliedHash,
  asJob,
  identityOf,
  statePatch,
  withOwnership,
  withState,
} from '../../../operator/cluster/decorate.js';
import type { KubeResource } from '../../../operator/render/types.js';
import { buildView } from '../../support/observed.js';

const build = buildView({ spec: { pr: 12 } });
const stamp = { kind: 'initialize' as const, attempt: 3, timeout: 60_000 };
const state = {
  initStatus: 'started' as const,
  replicas: 0,
  lastScaled: undefined,
  applied: 'h',
  overrides: 'o',
};

function resource(kind: string, parts: object = {}): KubeResource {
  return { apiVersion: 'v1', kind, metadata: { name: 'web' }, ...parts };
}

/** The spec of a Job or Deployment, loosely. */
type Spec = Record<string, unknown> & { template: { metadata: { labels: object; annotations: object } } };
const specOf = (made: KubeResource) => made['spec'] as Spec;

describe('every resource of a build', () => {
  it('carries the label, the identity and the UID of its build, and lies in its namespace', () => {
    expect(withOwnership(resource('Service'), build).metadata).toEqual({
      name: 'web',
      namespace: 'builds',
      labels: { 'runboat/build': 'web' },
      annotations: {
        'runboat/repo': 'oca/mis-builder',
        'runboat/target-branch': '16.0',
        'runboat/pr': '12',
        'runboat/git-commit': 'a'.repeat(40),
        'runboat.dev/build-uid': 'build-uid',
      },
    });
  });

  it('has an empty pull request when there is none', () => {
    const { annotations } = withOwnership(resource('Service'), buildView()).metadata;
    expect(annotations).toMatchObject({ 'runboat/pr': '' });
  });

  it('keeps labels and annotations of the bundle, but not where they say whose it is', () => {
    const metadata = {
      name: 'web',
      labels: { app: 'odoo', 'runboat/build': 'other' },
      annotations: { note: 'x', 'runboat.dev/build-uid': 'other' },
    };
    const made = withOwnership(resource('Service', { metadata }), build).metadata;
    expect(made.labels).toEqual({ app: 'odoo', 'runboat/build': 'web' });
    expect(made.annotations).toMatchObject({ note: 'x', 'runboat.dev/build-uid': 'build-uid' });
  });

  it('is not changed in place', () => {
    const original = resource('Service');
    withOwnership(original, build);
    expect(original).toEqual(resource('Service'));
  });
});

describe('the pods of a build', () => {
  const containers = [{ name: 'c' }];
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers } };
  const owned = {
    metadata: { labels: { app: 'x' }, annotations: { 'runboat.dev/build-uid': 'build-uid' } },
    spec: { containers },
  };
  const specWith = (kind: string, spec: object) =>
    specOf(withOwnership(resource(kind, { apiVersion: 'apps/v1', spec }), build));

  it('carry its UID, whatever makes them', () => {
    expect(specWith('DaemonSet', { template })).toEqual({ template: owned });
    const jobTemplate = { metadata: { name: 'x' }, spec: { backoffLimit: 1, template } };
    expect(specWith('CronJob', { schedule: '@daily', jobTemplate })).toEqual({
      schedule: '@daily',
      jobTemplate: { metadata: { name: 'x' }, spec: { backoffLimit: 1, template: owned } },
    });
  });

  it('that are of a StatefulSet leave no claims behind', () => {
    const own = { whenScaled: 'Retain', whenDeleted: 'Retain' };
    const made = specWith('StatefulSet', { template, persistentVolumeClaimRetentionPolicy: own });
    const policy = { whenScaled: 'Retain', whenDeleted: 'Delete' };
    expect(made).toEqual({ template: owned, persistentVolumeClaimRetentionPolicy: policy });
  });

  it('are not looked for in what has none', () => {
    expect(specWith('Service', { ports: [] })).toEqual({ ports: [] });
    expect(specWith('Widget', { template: 'text', jobTemplate: 'text' })).toEqual({
      template: 'text',
      jobTemplate: 'text',
    });
  });
});

describe('the Deployment', () => {
  it('carries state and finalizer over whatever the bundle says', () => {
    const metadata = {
      name: 'web',
      annotations: { 'runboat/init-status': 'succeeded' },
      labels: { app: 'odoo' },
    };
    const made = withState(resource('Deployment', { metadata, spec: { replicas: 5, selector: {} } }), state);
    expect(made.metadata).toEqual({
      name: 'web',
      finalizers: [FINALIZER_DEPLOYMENT],
      labels: { app: 'odoo', 'runboat/init-status': 'started' },
      annotations: {
        'runboat/init-status': 'started',
        'runboat.dev/applied': 'h',
        'runboat.dev/overrides': 'o',
      },
    });
    expect(made['spec']).toEqual({ replicas: 0, selector: {} });
  });

  it('says when it was last scaled once it was', () => {
    const made = withState(resource('Deployment', { spec: {} }), { ...state, lastScaled: 'then' });
    expect(made.metadata.annotations).toMatchObject({ 'runboat/last-scaled': 'then' });
  });

  it('between modes changes only what is named', () => {
    expect(statePatch({ initStatus: 'failed' })).toEqual({
      metadata: {
        annotations: { 'runboat/init-status': 'failed' },
        labels: { 'runboat/init-status': 'failed' },
      },
    });
    expect(statePatch({ replicas: 0, lastScaled: 'now' })).toEqual({
      metadata: { annotations: { 'runboat/last-scaled': 'now' } },
      spec: { replicas: 0 },
    });
  });
});

describe('a job', () => {
  const job = (spec: object) => resource('Job', { apiVersion: 'batch/v1', spec });

  it('and its pods are stamped with kind and attempt', () => {
    const made = asJob(job({ template: { metadata: { labels: { app: 'x' } } } }), build, stamp);
    expect(made.metadata.labels).toEqual({ 'runboat/build': 'web', 'runboat/job-kind': 'initialize' });
    expect(made.metadata.annotations).toMatchObject({
      'runboat.dev/attempt': '3',
      'runboat.dev/build-uid': 'build-uid',
    });
    expect(specOf(made).template.metadata).toMatchObject({
      labels: { app: 'x', 'runboat/build': 'web', 'runboat/job-kind': 'initialize' },
      annotations: { 'runboat.dev/attempt': '3', 'runboat.dev/build-uid': 'build-uid' },
    });
  });

  it('says which reset it answers', () => {
    const made = asJob(job({ template: {} }), build, { ...stamp, initializedFor: 'then' });
    expect(made.metadata.annotations).toMatchObject({ 'runboat.dev/initialized-for': 'then' });
    expect(asJob(job({ template: {} }), build, stamp).metadata.annotations).not.toHaveProperty([
      'runboat.dev/initialized-for',
    ]);
  });

  it.each([
    ['without one of its own gets the time limit', undefined, 60],
    ['keeps a shorter one of its own', 30, 30],
    ['cannot have a longer one', 3600, 60],
    ['cannot have one that is none', 0, 60],
  ])('%s', (_case, own, expected) => {
    const made = asJob(
      job({ template: {}, ...(own === undefined ? {} : { activeDeadlineSeconds: own }) }),
      build,
      stamp,
    );
    expect(specOf(made)['activeDeadlineSeconds']).toBe(expected);
  });

  it('has a limit of whole seconds, and at least one', () => {
    expect(
      specOf(asJob(job({ template: {} }), build, { ...stamp, timeout: 1 }))['activeDeadlineSeconds'],
    ).toBe(1);
    expect(
      specOf(asJob(job({ template: {} }), build, { ...stamp, timeout: 1001 }))['activeDeadlineSeconds'],
    ).toBe(2);
  });

  const ignoresDisruption = {
    rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
  };
  it.each([
    [
      'an initialise job with restartPolicy Never',
      'initialize' as const,
      'Never',
      undefined,
      ignoresDisruption,
    ],
    [
      'one with another restartPolicy, which Kubernetes would refuse',
      'initialize' as const,
      'OnFailure',
      undefined,
      undefined,
    ],
    ['one with a policy of its own', 'initialize' as const, 'Never', { rules: [] }, { rules: [] }],
    ['a cleanup job', 'cleanup' as const, 'Never', undefined, undefined],
  ])('the policy that replaces disrupted pods: %s', (_case, kind, restartPolicy, own, expected) => {
    const spec = { template: { spec: { restartPolicy } }, ...(own ? { podFailurePolicy: own } : {}) };
    expect(specOf(asJob(job(spec), build, { ...stamp, kind }))['podFailurePolicy']).toEqual(expected);
  });

  it('is Kubernetes\u2019 to run and ours to remove: what would keep it from that is left out', () => {
    const own = {
      suspend: true,
      managedBy: 'example.org/other',
      ttlSecondsAfterFinished: 0,
      manualSelector: true,
      selector: { matchLabels: { app: 'x' } },
    };
    const template = { spec: { restartPolicy: 'OnFailure' } };
    const made = specOf(asJob(job({ ...own, backoffLimit: 3, template }), build, stamp));
    expect(Object.keys(made).sort()).toEqual(['activeDeadlineSeconds', 'backoffLimit', 'template']);
  });

  it('replaces its pods as the policy for disrupted ones needs it', () => {
    const spec = (restartPolicy: string) => ({
      podReplacementPolicy: 'TerminatingOrFailed',
      template: { spec: { restartPolicy } },
    });
    const replacement = (made: KubeResource) => specOf(made)['podReplacementPolicy'];
    expect(replacement(asJob(job(spec('Never')), build, stamp))).toBe('Failed');
    expect(replacement(asJob(job(spec('OnFailure')), build, stamp))).toBe('TerminatingOrFailed');
  });

  it('is not changed in place', () => {
    const original = job({ template: { metadata: { labels: {} } } });
    asJob(original, build, stamp);
    expect(original).toEqual(job({ template: { metadata: { labels: {} } } }));
  });
});

describe('the hash of what a mode applies', () => {
  const services = fc
    .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 })
    .map((names) =>
      names.map((name) => resource('Service', { metadata: { name }, spec: { x: 1, y: { z: [1, 2] } } })),
    );

  it('does not depend on the order of resources', () => {
    fc.assert(fc.property(services, (all) => expect(appliedHash([...all].reverse())).toBe(appliedHash(all))));
  });

  it('changes with any value and with the order in a list', () => {
    const base = resource('Service', { spec: { list: [1, 2] } });
    expect(appliedHash([{ ...base, spec: { list: [2, 1] } }])).not.toBe(appliedHash([base]));
    expect(appliedHash([base, { ...base, metadata: { name: 'two' } }])).not.toBe(appliedHash([base]));
  });
});

describe('what makes a resource that resource', () => {
  it('is group, kind and name, not the version', () => {
    const named = (apiVersion: string) =>
      identityOf({ apiVersion, kind: 'Deployment', metadata: { name: 'web' } });
    expect(named('apps/v1')).toBe(named('apps/v1beta1'));
    expect(named('apps/v1')).not.toBe(named('v1'));
  });
});
