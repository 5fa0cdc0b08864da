import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Change, Store } from '../../../lib/kube/store.js';
import type { Cached } from '../../../lib/kube/types.js';

function object(name: string, resourceVersion: number, uid = `uid-${name}`): Cached {
  return { metadata: { name, uid, resourceVersion: String(resourceVersion) } };
}

function newStore(tombstoneMs = 1_000) {
  const changes: Change<Cached>[] = [];
  const clock = { now: 0 };
  const store = new Store<Cached>({ now: () => clock.now, tombstoneMs }, (change) => changes.push(change));
  const show = () => [...store.values()].map(({ metadata: m }) => `${m.name}@${m.resourceVersion}`).sort();
  const list = (resourceVersion: number, items: Cached[], highestBefore = store.highest) => {
    const progress = store.beginList(String(resourceVersion), highestBefore);
    for (const item of items) store.putListed(progress, item);
    store.endList(progress);
    return progress;
  };
  return { store, changes, clock, show, list };
}

describe('the cache', () => {
  it('tells of what appeared, changed and went', () => {
    const { store, changes } = newStore();
    const [first, second] = [object('a', 1), object('a', 2)];
    store.put(first);
    store.put(second);
    store.remove('a', 'uid-a', '3');
    expect(changes).toEqual([{ new: first }, { old: first, new: second }, { old: second }]);
  });

  it('ignores what it has as new or newer', () => {
    const { store, changes, show } = newStore();
    store.put(object('a', 10));
    expect(store.put(object('a', 9))).toBe(false);
    expect(store.put(object('a', 10))).toBe(false);
    expect(show()).toEqual(['a@10']);
    expect(changes).toHaveLength(1);
  });

  it('compares versions as numbers, not as texts', () => {
    const { store, show } = newStore();
    store.put(object('a', 9));
    store.put(object('a', 10));
    expect(show()).toEqual(['a@10']);
  });

  it('is told of another object of the same name as one change', () => {
    const { store, changes } = newStore();
    store.put(object('a', 5, 'first'));
    store.put(object('a', 8, 'second'));
    expect(changes.at(-1)).toEqual({ old: object('a', 5, 'first'), new: object('a', 8, 'second') });
  });

  it('keeps the newer object of a name when the deletion of the older one comes late', () => {
    const { store, show } = newStore();
    store.put(object('a', 5, 'first'));
    store.put(object('a', 8, 'second'));
    expect(store.remove('a', 'first', '7')).toBe(false);
    expect(show()).toEqual(['a@8']);
  });

  it('keeps an object that came back into the selector before it was said to have left', () => {
    const { store, show } = newStore();
    store.put(object('a', 8));
    expect(store.remove('a', 'uid-a', '7')).toBe(false);
    expect(show()).toEqual(['a@8']);
  });

  it('knows that an object is gone of whose name it saw a newer one, though its deletion was never seen', () => {
    const { store, show } = newStore();
    store.put(object('a', 5, 'first'));
    store.put(object('a', 8, 'second'));
    store.remove('a', 'second', '9');
    store.put(object('a', 6, 'first'));
    expect(show()).toEqual([]);
  });

  it('drops the older object when it hears late of a newer one of its name that it knows to be deleted', () => {
    const { store, show, changes } = newStore();
    store.put(object('a', 5, 'first'));
    store.remove('a', 'second', '9');
    store.put(object('a', 8, 'second'));
    expect(show()).toEqual([]);
    expect(changes.at(-1)).toEqual({ old: object('a', 5, 'first') });
    store.put(object('a', 6, 'first'));
    expect(show()).toEqual([]);
  });

  it('lets an object back in that left the selector', () => {
    const { store, show } = newStore();
    store.put(object('a', 5));
    store.remove('a', 'uid-a', '6');
    store.put(object('a', 7));
    expect(show()).toEqual(['a@7']);
  });

  it('does not bring a deleted object back by a late answer to a write', () => {
    const { store, show } = newStore();
    store.put(object('a', 5));
    store.remove('a', 'uid-a', '7');
    expect(store.put(object('a', 6))).toBe(false);
    expect(show()).toEqual([]);
  });

  it('never takes a uid again whose delete was answered as done, and takes another of its name', () => {
    const { store, show } = newStore();
    store.put(object('a', 5));
    store.remove('a', 'uid-a', undefined);
    expect(store.put(object('a', 99))).toBe(false);
    expect(store.put(object('a', 100, 'other'))).toBe(true);
    expect(show()).toEqual(['a@100']);
  });

  it('does not soften "never" by a later deletion event', () => {
    const { store } = newStore();
    store.remove('a', 'uid-a', undefined);
    store.remove('a', 'uid-a', '7');
    expect(store.put(object('a', 8))).toBe(false);
  });

  it('remembers the deletion of what it never had', () => {
    const { store } = newStore();
    store.remove('a', 'uid-a', '7');
    expect(store.put(object('a', 6))).toBe(false);
  });

  it('forgets deletions after a while, so that they do not fill the memory', () => {
    const { store, clock } = newStore(1_000);
    store.remove('a', 'uid-a', '7');
    clock.now = 2_000;
    store.remove('b', 'uid-b', '8');
    expect(store.put(object('a', 6))).toBe(true);
    expect(store.put(object('b', 6))).toBe(false);
  });
});

describe('a new list', () => {
  it('drops what it does not have', () => {
    const { list, show } = newStore();
    list(10, [object('a', 1), object('b', 2)]);
    list(20, [object('a', 1)]);
    expect(show()).toEqual(['a@1']);
  });

  it('keeps what was written after its moment, and what it has older', () => {
    const { store, list, show } = newStore();
    store.put(object('a', 12));
    list(20, [object('a', 11), object('b', 2)]);
    const before = store.highest;
    store.put(object('c', 25));
    list(24, [object('a', 11), object('b', 2)], before);
    expect(show()).toEqual(['a@12', 'b@2', 'c@25']);
  });

  it('does not bring back what was deleted after its moment', () => {
    const { store, list, show } = newStore();
    store.put(object('a', 5));
    const progress = store.beginList('10', store.highest);
    store.remove('a', 'uid-a', '11');
    store.putListed(progress, object('a', 5));
    store.endList(progress);
    expect(show()).toEqual([]);
    list(12, []);
    expect(show()).toEqual([]);
  });

  it('replaces everything when it is older than what was seen before it: etcd was restored', () => {
    const { store, list, show, changes } = newStore();
    list(100, [object('a', 90), object('b', 95)]);
    store.remove('c', 'uid-c', '98');
    changes.length = 0;
    const progress = list(50, [object('a', 40), object('c', 30)]);
    expect(progress.restored).toBe(true);
    expect(show()).toEqual(['a@40', 'c@30']);
    expect(changes).toHaveLength(3);
    store.put(object('a', 51));
    expect(show()).toEqual(['a@51', 'c@30']);
    expect(store.highest).toBe('51');
  });

  it('is not taken for a restore when a write was answered while it was read', () => {
    const { store, show } = newStore();
    const before = store.highest;
    store.put(object('a', 30));
    const progress = store.beginList('20', before);
    store.endList(progress);
    expect(progress.restored).toBe(false);
    expect(show()).toEqual(['a@30']);
  });
});

interface Step {
  name: string;
  deletes: boolean;
}

/** What etcd knows: a history in which revision N is what step N did. */
function history(steps: Step[]) {
  const live = new Map<string, Cached>();
  const states: Map<string, Cached>[] = [new Map()];
  const events = steps.map(({ name, deletes }, index) => {
    const revision = index + 1;
    const old = live.get(name);
    const isDeletion = deletes && old !== undefined;
    const uid = old?.metadata.uid ?? `uid-${name}-${revision}`;
    const now = object(name, revision, uid);
    if (isDeletion) live.delete(name);
    else live.set(name, now);
    states.push(new Map(live));
    return { isDeletion, object: now };
  });
  return { states, events };
}

describe('whatever comes late, twice or not at all', () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), deletes: fc.boolean() });

  it('the cache equals the API server after a list and the events that follow it', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.infiniteStream(fc.nat(29)),
        fc.nat(30),
        (steps, noise, at) => {
          const { states, events } = history(steps);
          const { store, show } = newStore();
          const picks = [...noise.take(25)].map((pick) => events[pick % events.length]!);
          const deliver = (happened: (typeof events)[number]) => {
            const { name, uid, resourceVersion } = happened.object.metadata;
            if (happened.isDeletion) store.remove(name, uid, resourceVersion);
            else store.put(happened.object);
          };
          const listed = at % states.length;
          // Noise at most as new as the list, else the list would be a restore.
          const isPast = ({ object: { metadata: m } }: (typeof events)[number]) =>
            Number(m.resourceVersion) <= listed;
          const past = picks.filter(isPast);
          for (const pick of past) deliver(pick);
          // What is late may be of an object that was seen, or that the list or the watch shows; no other.
          const seen = [...past.map((pick) => pick.object), ...states[listed]!.values()];
          const known = new Set(seen.map(({ metadata }) => metadata.uid));
          const late = picks.filter((pick) => !isPast(pick) || known.has(pick.object.metadata.uid));
          const repeat = (index: number) => {
            if (late.length > 0) deliver(late[index % late.length]!);
          };
          const progress = store.beginList(String(listed), store.highest);
          for (let index = 0; index < 5; index++) repeat(index);
          for (const item of states[listed]!.values()) store.putListed(progress, item);
          store.endList(progress);
          events.slice(listed).forEach((happened, index) => {
            deliver(happened);
            repeat(index);
          });
          const truth = [...states.at(-1)!.values()].map(
            ({ metadata: m }) => `${m.name}@${m.resourceVersion}`,
          );
          expect(show()).toEqual(truth.sort());
        },
      ),
      { numRuns: 300 },
    );
  });
});
