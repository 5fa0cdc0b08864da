import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareQueueEntries, type QueueEntry } from '../../../crds/queue-order.js';
import { compareBuilds } from '../../../gateway/builds/build-order.js';
import type { BuildRecord } from '../../../gateway/builds/build-record.js';
import { isWaiting } from '../../../gateway/builds/build-state.js';
import type { InformedDirectory } from '../../../gateway/builds/directory.js';
import type { Store } from '../../../lib/kube/store.js';
import { type BuildParts, directoryOf, record } from './builders.js';

const time = fc.integer({ min: 0, max: 3 }).map((second) => `2026-01-01T00:00:0${second}Z`);
const phase = fc.constantFrom(
  undefined,
  'Queued',
  'Initializing',
  'Stopped',
  'Failed',
  'Undeploying' as const,
);

/** Builds of few names, repositories and times, so that they collide. */
const parts = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  uid: fc.constantFrom('1', '2'),
  created: time,
  deleting: fc.boolean(),
  annotations: fc.constantFrom({}, { 'runboat.dev/paused': 'true' }),
  spec: fc.record({
    repo: fc.constantFrom('oca/a', 'oca/b'),
    targetBranch: fc.constantFrom('8.0', '16.0'),
    pr: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined as never }),
    priority: fc.integer({ min: 0, max: 1 }),
    commit: fc.constantFrom('a'.repeat(40), 'b'.repeat(40)),
  }),
  status: fc.record({ phase, queuedAt: fc.option(time, { nil: undefined as never }) }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: parts }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') }) },
  { weight: 1, arbitrary: fc.constant({ look: true }) },
);

type Step = { put: BuildParts } | { remove: string } | { look: true };

/** What the directory must be at this moment, by sorting everything anew. */
function expectSorted(directory: InformedDirectory, store: Store<BuildRecord>): void {
  const all = [...store.values()];
  expect(directory.list()).toEqual([...all].sort(compareBuilds));
  const waiting = all.filter((build) => isWaiting(build) && !build.paused).map(queueEntry);
  const names = waiting.sort(compareQueueEntries).map(({ name }) => name);
  for (const build of all) {
    const same = all.filter(({ spec }) => spec.commit === build.spec.commit);
    expect(new Set(directory.ofCommit(build.spec.commit))).toEqual(new Set(same));
    const place = names.indexOf(build.metadata.name);
    expect(directory.queuePosition(build)).toBe(place === -1 ? null : place + 1);
  }
}

function queueEntry({ metadata, spec, status }: BuildRecord): QueueEntry {
  return {
    name: metadata.name,
    priority: spec.priority,
    queuedAt: status.phase === 'Queued' ? status.queuedAt : undefined,
    creationTimestamp: metadata.creationTimestamp,
  };
}

function take(step: Step, version: string, { directory, store }: ReturnType<typeof directoryOf>): void {
  if ('look' in step) {
    expectSorted(directory, store);
    return;
  }
  if ('put' in step) {
    const uid = `${step.put.uid}-${version}`;
    store.put(record({ ...step.put, uid, resourceVersion: version }));
    return;
  }
  const uid = store.get(step.remove)?.metadata.uid;
  if (uid !== undefined) store.remove(step.remove, uid, version);
}

describe('The directory of builds', () => {
  it('has order and queue positions at every moment as if it were sorted anew', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const filled = directoryOf();
        for (const [index, taken] of steps.entries()) take(taken as Step, String(index + 1), filled);
        expectSorted(filled.directory, filled.store);
      }),
    );
  });

  it('has another version after each change', () => {
    const { directory, store } = directoryOf([record({ name: 'a' })]);
    const before = directory.version;
    store.put(record({ name: 'a', resourceVersion: '2' }));
    expect(directory.version).not.toBe(before);
    const then = directory.version;
    store.put(record({ name: 'a', resourceVersion: '2' }));
    expect(directory.version).toBe(then);
  });

  it('describes a build that is gone without a place in the queue', () => {
    const build = record({ name: 'a', status: { phase: 'Queued' } });
    const { directory, store } = directoryOf([build]);
    expect(directory.describe(build).queue_position).toBe(1);
    store.remove('a', build.metadata.uid, '2');
    expect(directory.describe(build).queue_position).toBeNull();
  });

  it('tells of changes after they can be seen, until it is told to stop', () => {
    const { directory, store } = directoryOf();
    const seen: (string | undefined)[] = [];
    const stop = directory.onChange(({ new: fresh }) =>
      seen.push(directory.get(fresh!.metadata.name)?.metadata.uid),
    );
    store.put(record({ name: 'a' }));
    stop();
    store.put(record({ name: 'b' }));
    expect(seen).toEqual(['uid-of-a']);
  });
});
