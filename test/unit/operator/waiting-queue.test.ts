import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareQueueEntries } from '../../../crds/queue-order.js';
import type { WaitingBuild } from '../../../operator/limits.js';
import { WaitingQueue } from '../../../operator/waiting-queue.js';
import { ago } from '../../support/observed.js';

const build: fc.Arbitrary<WaitingBuild> = fc
  .record({
    uid: fc.constantFrom('u1', 'u2', 'u3', 'u4', 'u5', 'u6'),
    priority: fc.nat(2),
    queuedAt: fc.option(
      fc.nat(3).map((age) => ago(age)),
      { nil: undefined },
    ),
    creationTimestamp: fc.nat(3).map((age) => ago(age)),
    attempt: fc.constant(1),
    notBefore: fc.constant(0),
  })
  .map((parts) => ({ ...parts, name: `name-of-${parts.uid}` }));

const step = fc.oneof(
  build.map((entry) => ({ type: 'put' as const, entry })),
  build.map((entry) => ({ type: 'delete' as const, entry })),
);

describe('the builds that wait', () => {
  it('stand in queue order with exact positions after any changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new WaitingQueue();
        const expected = new Map<string, WaitingBuild>();
        for (const { type, entry } of steps) {
          if (type === 'put') queue.put(entry);
          else expect(queue.delete(entry.uid)).toBe(expected.has(entry.uid));
          if (type === 'put') expected.set(entry.uid, entry);
          else expected.delete(entry.uid);
        }
        const order = [...expected.values()].sort(compareQueueEntries);
        expect([...queue]).toEqual(order);
        expect(queue.size).toBe(order.length);
        expect(order.map(({ uid }) => queue.positionOf(uid))).toEqual(order.map((_, index) => index + 1));
      }),
    );
  });

  it('have no position when they do not wait', () => {
    expect(new WaitingQueue().positionOf('nobody')).toBeUndefined();
  });
});
