import { describe, expect, it } from '@jest/globals';
import { newTroubles } from '../../../operator/events.js';
import { Memory, refusalAfter } from '../../../operator/memory.js';
import type { Refusal } from '../../../operator/plan/observed.js';
import { condition, now } from '../../support/observed.js';

const verdict = { reason: 'ApplyRefused', message: 'No.' };

describe('what the operator remembers of a build', () => {
  it('is of that build, by its UID, until it is gone', () => {
    const memory = new Memory();
    memory.factsOf('a').noPodLeft = true;
    expect(memory.factsOf('a').noPodLeft).toBe(true);
    expect(memory.factsOf('b').noPodLeft).toBeUndefined();
    memory.forget('a');
    expect(memory.factsOf('a')).toEqual({ cleanup: {} });
  });
});

describe('a refusal', () => {
  it('is tried again with growing delay of at most 5 minutes', () => {
    const delays: number[] = [];
    let before: Refusal | undefined;
    for (let failure = 0; failure < 10; failure++) {
      before = refusalAfter(before, verdict, 'same', now);
      delays.push((before.retryAt - now) / 1000);
    }
    expect(delays).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('begins anew when what it depends on has changed', () => {
    const before = refusalAfter(refusalAfter(undefined, verdict, 'one', now), verdict, 'one', now);
    expect(refusalAfter(before, verdict, 'two', now)).toMatchObject({ failures: 1, retryAt: now + 2000 });
  });

  it.each(['NoMatchingRule', 'BundleMissing'])('with %s is tried again only after a change', (reason) => {
    expect(refusalAfter(undefined, { reason, message: '' }, 'one', now).retryAt).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe('conditions that become Events', () => {
  const told = (before: ReturnType<typeof condition>[], after: ReturnType<typeof condition>[]) =>
    newTroubles({ conditions: before }, { conditions: after }).map(({ reason }) => reason);

  it('are troubles that were not told before', () => {
    expect(told([], [condition('Deployed', 'False', 'BundleInvalid')])).toEqual(['BundleInvalid']);
    expect(
      newTroubles(undefined, { conditions: [condition('Ready', 'False', 'StartLimitReached')] }),
    ).toHaveLength(1);
  });

  it('are not those that stay', () => {
    const trouble = condition('Deployed', 'False', 'BundleInvalid');
    expect(told([trouble], [trouble])).toEqual([]);
  });

  it('are those that change their reason', () => {
    const before = [condition('Deployed', 'False', 'BundleInvalid')];
    expect(told(before, [condition('Deployed', 'False', 'ApplyRefused')])).toEqual(['ApplyRefused']);
  });

  it('are not what belongs to the course of things', () => {
    const usual = ['Queued', 'Initializing', 'Stopped', 'Starting', 'Undeploying'];
    expect(
      told(
        [],
        usual.map((reason) => condition('Ready', 'False', reason)),
      ),
    ).toEqual([]);
  });

  it('are reasons that Kubernetes gives for a pod', () => {
    expect(told([], [condition('Ready', 'False', 'CrashLoopBackOff')])).toEqual(['CrashLoopBackOff']);
  });

  it('are not what is well', () => {
    expect(told([], [condition('Initialized', 'True', 'InitSucceeded')])).toEqual([]);
  });
});
