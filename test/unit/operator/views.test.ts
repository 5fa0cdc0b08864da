import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../lib/kube/types.js';
import { viewBuild, viewDeployment, viewJob, viewPod } from '../../../operator/cluster/views.js';
import { ago, now } from '../../support/observed.js';

function object(parts: { metadata?: object; [field: string]: unknown } = {}): KubeObject {
  const { metadata, ...rest } = parts;
  const meta = { name: 'web', namespace: 'builds', uid: 'u', resourceVersion: '5', ...metadata };
  return { metadata: meta, ...rest } as unknown as KubeObject;
}

const own = { labels: { 'runboat/build': 'b' }, annotations: { 'runboat.dev/build-uid': 'bu' } };

describe('what is kept of a build', () => {
  it('is spec, status and of the annotations only our own', () => {
    const annotations = {
      'runboat.dev/paused': 'true',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const view = viewBuild(
      object({
        metadata: { annotations, managedFields: [] },
        spec: { replicas: 1 },
        status: { phase: 'Queued' },
      }),
    );
    expect(view).toMatchObject({ spec: { replicas: 1 }, status: { phase: 'Queued' } });
    expect(view.metadata.annotations).toEqual({ 'runboat.dev/paused': 'true' });
    expect(view.metadata).not.toHaveProperty('managedFields');
  });
});

describe('what is kept of a Deployment', () => {
  it('is its state and what its controller has observed', () => {
    const annotations = {
      ...own.annotations,
      'runboat/init-status': 'succeeded',
      'runboat/last-scaled': ago(5),
      'runboat.dev/applied': 'h',
      'runboat.dev/overrides': 'o',
    };
    const status = { observedGeneration: 3, replicas: 1, readyReplicas: 1 };
    const metadata = { ...own, annotations, generation: 4, deletionTimestamp: ago(1), finalizers: ['f'] };
    const view = viewDeployment(object({ metadata, spec: { replicas: 1 }, status }));
    expect(view).toMatchObject({
      build: 'b',
      buildUid: 'bu',
      initStatus: 'succeeded',
      lastScaled: ago(5),
      applied: 'h',
      overrides: 'o',
      replicas: 1,
      observedGeneration: 3,
      statusReplicas: 1,
      readyReplicas: 1,
      stalled: undefined,
    });
    expect(view.metadata).toMatchObject({ generation: 4, deleting: true, finalizers: ['f'] });
  });

  it('without replicas in its spec runs one, as Kubernetes has it', () => {
    expect(viewDeployment(object({ spec: {} })).replicas).toBe(1);
  });

  it('with a state that somebody has spoilt has none', () => {
    const metadata = { annotations: { 'runboat/init-status': 'done' } };
    expect(viewDeployment(object({ metadata })).initStatus).toBeUndefined();
  });

  it('that makes no progress says why', () => {
    const condition = {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: 'Slow.',
    };
    const view = viewDeployment(object({ status: { conditions: [condition] } }));
    expect(view.stalled).toEqual({ reason: 'ProgressDeadlineExceeded', message: 'Slow.' });
  });
});

describe('what is kept of a job', () => {
  const labels = { 'runboat/build': 'b', 'runboat/job-kind': 'initialize' };
  const ended = (type: string, status = 'True') => ({
    status: { conditions: [{ type, status, reason: 'Because', message: 'So.', lastTransitionTime: ago(9) }] },
  });

  it('is its kind, its attempt and the reset that it answers', () => {
    const annotations = {
      ...own.annotations,
      'runboat.dev/attempt': '4',
      'runboat.dev/initialized-for': 'r',
    };
    const view = viewJob(object({ metadata: { labels, annotations } }));
    expect(view).toMatchObject({
      kind: 'initialize',
      attempt: 4,
      initializedFor: 'r',
      outcome: 'active',
      build: 'b',
      buildUid: 'bu',
    });
  });

  it.each(['', 'x', '0', '-1', '1.5', '1e99'])('an attempt "%s" is none', (attempt) => {
    expect(
      viewJob(object({ metadata: { labels, annotations: { 'runboat.dev/attempt': attempt } } })).attempt,
    ).toBe(0);
  });

  it.each([
    ['complete', ended('Complete'), 'complete', undefined],
    ['failed, with its reason', ended('Failed'), 'failed', { reason: 'Because', message: 'So.' }],
    ['active while it is about to fail', ended('FailureTarget'), 'active', undefined],
    ['active when the condition is not true', ended('Complete', 'False'), 'active', undefined],
  ])('it is %s', (_case, parts, outcome, failure) => {
    expect(viewJob(object({ metadata: { labels }, ...parts }))).toMatchObject({ outcome, failure });
  });

  it('suspended by somebody: its time goes on from its creation, which Kubernetes does not count', () => {
    const metadata = { labels, creationTimestamp: ago(10) };
    const spec = { suspend: true, activeDeadlineSeconds: 60 };
    expect(viewJob(object({ metadata, spec })).suspendedUntil).toBe(now + 50_000);
    expect(viewJob(object({ metadata, spec: { ...spec, suspend: false } })).suspendedUntil).toBeUndefined();
    expect(viewJob(object({ metadata, spec, ...ended('Failed') })).suspendedUntil).toBeUndefined();
  });
});

describe('what is kept of a pod', () => {
  const waiting = (reason: string, more: object = {}) => ({
    status: { containerStatuses: [{ name: 'web', state: { waiting: { reason, message: 'Hm' } }, ...more }] },
  });
  const troubleOf = (parts: object) => viewPod(object({ metadata: own, ...parts })).trouble;

  it('is whether it is of the Deployment, also where it lost its owner', () => {
    const metadata = { ...own, labels: { ...own.labels, 'pod-template-hash': '5d4f' } };
    expect(viewPod(object({ metadata })).ofDeployment).toBe(true);
    expect(viewPod(object({ metadata: own })).ofDeployment).toBe(false);
  });

  it('is whose it is and whether it is ready', () => {
    const metadata = {
      labels: { ...own.labels, 'runboat/job-kind': 'cleanup' },
      annotations: { ...own.annotations, 'runboat.dev/attempt': '2' },
    };
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    expect(viewPod(object({ metadata, status }))).toMatchObject({
      kind: 'cleanup',
      attempt: 2,
      ready: true,
      buildUid: 'bu',
    });
  });

  it('of the Deployment has no kind of job', () => {
    expect(viewPod(object({ metadata: own }))).toMatchObject({
      kind: undefined,
      attempt: undefined,
      ready: false,
    });
  });

  it.each(['ContainerCreating', 'PodInitializing'])('%s is part of a normal start', (reason) => {
    expect(troubleOf(waiting(reason))).toBeUndefined();
  });

  it('whose container waits tells why, and how it ended before', () => {
    expect(troubleOf(waiting('ImagePullBackOff'))).toMatchObject({
      reason: 'ImagePullBackOff',
      message: expect.stringContaining('web'),
    });
    const lastState = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
    expect(troubleOf(waiting('CrashLoopBackOff', { lastState }))?.message).toMatch(/137.*OOMKilled/);
  });

  it('an init container counts too', () => {
    const initContainerStatuses = [{ name: 'prepare', state: { waiting: { reason: 'ErrImagePull' } } }];
    expect(troubleOf({ status: { initContainerStatuses } })?.reason).toBe('ErrImagePull');
  });

  it('that cannot be scheduled tells why', () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'No node.' },
    ];
    expect(troubleOf({ status: { conditions } })).toMatchObject({
      reason: 'Unschedulable',
      message: expect.stringContaining('No node.'),
    });
  });

  it('gives reasons that a condition can hold', () => {
    expect(troubleOf(waiting('Strange: reason!'))?.reason).toBe('Strangereason');
    expect(troubleOf(waiting('!?'))?.reason).toBe('Unknown');
  });
});
