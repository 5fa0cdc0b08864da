import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../lib/kube/types.js';
import { viewPod } from '../../../operator/cluster/views.js';
import type { Observed, PodView } from '../../../operator/plan/observed.js';
import { overlookPassing } from '../../../operator/plan/patience.js';

const began = '2026-01-01T00:00:00Z';
const later = (seconds: number) => Date.parse(began) + seconds * 1000;

function podWith(status: object): PodView {
  const metadata = { name: 'pod', namespace: 'ns', uid: 'u', resourceVersion: '1' };
  return viewPod({ apiVersion: 'v1', kind: 'Pod', metadata, status } as unknown as KubeObject);
}

const unscheduled = podWith({
  phase: 'Pending',
  conditions: [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: 'unbound claims',
      lastTransitionTime: began,
    },
  ],
});
const pulling = podWith({
  phase: 'Pending',
  containerStatuses: [{ name: 'web', state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } }],
});

function overlook(pods: PodView[], now: number) {
  const { observed, lookAgainAt } = overlookPassing({ pods } as unknown as Observed, now);
  return { reasons: observed.pods.map(({ trouble }) => trouble?.reason), lookAgainAt };
}

describe('A pod that waits for a node', () => {
  it('is no news in the first 10 seconds, after which it is looked at again', () => {
    expect(overlook([unscheduled], later(9.9))).toEqual({ reasons: [undefined], lookAgainAt: later(10) });
  });

  it('is news from then on', () => {
    expect(overlook([unscheduled], later(10))).toEqual({
      reasons: ['Unschedulable'],
      lookAgainAt: undefined,
    });
  });

  it('does not hide the trouble of another pod', () => {
    expect(overlook([unscheduled, pulling], later(1))).toEqual({
      reasons: [undefined, 'ErrImagePull'],
      lookAgainAt: later(10),
    });
  });
});

describe('A container that waits', () => {
  it('is news at once', () => {
    expect(overlook([pulling], later(0))).toEqual({ reasons: ['ErrImagePull'], lookAgainAt: undefined });
  });
});
