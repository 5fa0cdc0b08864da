import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareQueueEntries, type QueueEntry, queueEntryOf } from '../../../crds/queue-order.js';

function entry(changes: Partial<QueueEntry> = {}): QueueEntry {
  return {
    name: 'm',
    priority: 0,
    queuedAt: '2026-11-21T10:00:00Z',
    creationTimestamp: '2026-11-21T09:00:00Z',
    ...changes,
  };
}

function order(...entries: QueueEntry[]): string[] {
  return entries.sort(compareQueueEntries).map(({ name }) => name);
}

describe('the order of the queue', () => {
  it('has a higher priority first, however late it came', () => {
    expect(
      order(entry({ name: 'a' }), entry({ name: 'b', priority: 1, queuedAt: '2026-11-22T10:00:00Z' })),
    ).toEqual(['b', 'a']);
  });

  it('has the one that waits longer first within a priority', () => {
    expect(order(entry({ name: 'a' }), entry({ name: 'b', queuedAt: '2026-11-21T09:59:59Z' }))).toEqual([
      'b',
      'a',
    ]);
  });

  it('goes by name when both came at the same instant', () => {
    expect(order(entry({ name: 'b' }), entry({ name: 'a' }))).toEqual(['a', 'b']);
  });

  it.each(['2026-11-21T10:00:00.000Z', '2026-11-21T11:00:00+01:00', '2026-11-21T10:00:00.000000Z'])(
    'takes %s for the same instant as the shorter text',
    (queuedAt) => {
      expect(order(entry({ name: 'b' }), entry({ name: 'a', queuedAt }))).toEqual(['a', 'b']);
      expect(order(entry({ name: 'a' }), entry({ name: 'b', queuedAt }))).toEqual(['a', 'b']);
    },
  );

  it('sees milliseconds', () => {
    expect(order(entry({ name: 'a', queuedAt: '2026-11-21T10:00:00.001Z' }), entry({ name: 'b' }))).toEqual([
      'b',
      'a',
    ]);
  });

  it('takes the creation for a build that has no queuedAt yet', () => {
    const fresh = { queuedAt: undefined, creationTimestamp: '2026-11-21T10:00:01Z' };
    expect(order(entry({ name: 'a', ...fresh }), entry({ name: 'b' }))).toEqual(['b', 'a']);
  });

  it('is a total order, also with texts that are no times', () => {
    const time = fc.constantFrom(
      '2026-11-21T10:00:00Z',
      '2026-11-21T10:00:00.000Z',
      '2026-11-21T10:00:01Z',
      'soon',
      '',
    );
    const any = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      priority: fc.integer({ min: -1, max: 1 }),
      queuedAt: fc.option(time, { nil: undefined }),
      creationTimestamp: time,
    });
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        const ab = Math.sign(compareQueueEntries(a, b));
        expect(Math.sign(compareQueueEntries(b, a))).toBe(0 - ab);
        if (ab <= 0 && compareQueueEntries(b, c) <= 0)
          expect(compareQueueEntries(a, c)).toBeLessThanOrEqual(0);
        if (a.name !== b.name) expect(ab).not.toBe(0);
      }),
    );
  });
});

it('a build is read with priority 0 and its creation when nothing else is known', () => {
  const build = {
    apiVersion: 'runboat.dev/v1alpha1',
    kind: 'RunboatBuild',
    metadata: { name: 'x', creationTimestamp: '2026-11-21T09:00:00Z' },
    spec: { repo: 'a/b', targetBranch: 'main', commit: 'c' },
  } as const;
  expect(queueEntryOf(build)).toEqual({
    name: 'x',
    priority: 0,
    queuedAt: undefined,
    creationTimestamp: '2026-11-21T09:00:00Z',
  });
  const waiting = {
    ...build,
    spec: { ...build.spec, priority: 7 },
    status: { queuedAt: '2026-11-21T10:00:00Z' },
  };
  expect(queueEntryOf(waiting)).toMatchObject({ priority: 7, queuedAt: '2026-11-21T10:00:00Z' });
});
