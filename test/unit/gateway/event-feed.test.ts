import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { brief, HandFed, TestListener } from './events-support.js';

async function listening(gateway: HandFed, ...filter: ConstructorParameters<typeof TestListener>) {
  const listener = new TestListener(...filter);
  await listener.connect(gateway);
  return listener;
}

describe('listeners to events', () => {
  it('get the state in the reverse of the order of lists, then a word that it is whole', async () => {
    const gateway = new HandFed();
    gateway.list(
      10,
      { name: 'a', version: 3 },
      { name: 'c', version: 5, phase: 'Started' },
      { name: 'b', version: 9 },
    );
    const listener = await listening(gateway);
    expect(brief(listener.take())).toEqual([
      'upd a initializing',
      'upd b initializing',
      'upd c started',
      'synced',
    ]);
    const names = gateway.directory.list().map(({ metadata }) => metadata.name);
    expect(names).toEqual(['c', 'b', 'a']);
    expect(listener.lastEventId).toBe('10');
  });

  it('are told of changes, and not of those that no answer shows', async () => {
    const gateway = new HandFed();
    gateway.list(10, { name: 'a', version: 3, phase: 'Stopped' });
    const listener = await listening(gateway);
    listener.take();
    gateway.event({ name: 'a', version: 11, phase: 'Stopped', note: 'unseen' });
    gateway.event({ name: 'b', version: 12 });
    gateway.event({ name: 'a', version: 13, phase: 'Starting' });
    gateway.event({ name: 'b', version: 14 }, 'DELETED');
    const messages = listener.take();
    expect(brief(messages)).toEqual(['upd b initializing', 'upd a starting', 'del b initializing']);
    expect(messages.map(({ id }) => id)).toEqual(['12', '13', '14']);
  });

  it('are told at once that a build was asked to start, and that it was taken back', async () => {
    const gateway = new HandFed();
    gateway.list(10, { name: 'a', version: 3, phase: 'Queued' });
    const listener = await listening(gateway);
    gateway.event({ name: 'a', version: 11, phase: 'Queued', replicas: 1 });
    gateway.event({ name: 'a', version: 12, phase: 'Queued', replicas: 0 });
    const told = listener.take().flatMap(({ data }) => data.build?.start_requested ?? []);
    expect(told).toEqual([false, true, false]);
  });

  it('are told that a build has left their filter, with its last state', async () => {
    const gateway = new HandFed();
    gateway.list(10, { name: 'a', version: 3, phase: 'Started' }, { name: 'b', version: 4 });
    const listener = await listening(gateway, { status: 'started' });
    expect(brief(listener.take())).toEqual(['upd a started', 'synced']);
    gateway.event({ name: 'a', version: 11, phase: 'Stopping' });
    gateway.event({ name: 'a', version: 12, phase: 'Stopped' });
    gateway.event({ name: 'a', version: 13, phase: 'Started' });
    expect(brief(listener.take())).toEqual(['del a stopping', 'upd a started']);
  });

  it('are told of a place in the queue that changed, when the operator has written it', async () => {
    const gateway = new HandFed();
    const a = { name: 'a', version: 3, phase: 'Queued', queuedAt: '2026-11-01T10:00:00Z' } as const;
    const b = { name: 'b', version: 4, phase: 'Queued', queuedAt: '2026-11-01T10:00:01Z' } as const;
    gateway.list(10, a, b);
    const listener = await listening(gateway);
    expect(listener.take().map(({ data }) => data.build?.queue_position)).toEqual([1, 2, undefined]);
    gateway.event({ ...b, version: 11, note: 'unseen' });
    gateway.event({ ...a, version: 12, phase: 'Initializing' });
    gateway.event({ ...b, version: 13 });
    const told = listener.take();
    expect(brief(told)).toEqual(['upd a initializing', 'upd b initializing']);
    expect(told.map(({ data }) => data.build.queue_position)).toEqual([null, 1]);
  });

  it('are told of our own writes in their turn, after what happened before them', async () => {
    const gateway = new HandFed();
    gateway.list(10, { name: 'a', version: 3 }, { name: 'b', version: 4 });
    const listener = await listening(gateway);
    listener.take();
    gateway.observe({ name: 'b', version: 12, phase: 'Started' });
    gateway.observe({ name: 'c', version: 13 });
    expect(listener.take()).toEqual([]);
    const late = await listening(gateway);
    expect(brief(late.take())).toEqual(['upd a initializing', 'upd b initializing', 'synced']);
    gateway.event({ name: 'a', version: 11, phase: 'Failed' });
    gateway.event({ name: 'b', version: 12, phase: 'Started' });
    gateway.event({ name: 'c', version: 13 });
    const expected = ['upd a failed', 'upd b started', 'upd c initializing'];
    expect([brief(listener.take()), brief(late.take())]).toEqual([expected, expected]);
  });

  it('are told of a build that another one of the same name replaced', async () => {
    const gateway = new HandFed();
    gateway.list(10, { name: 'a', version: 3 });
    const listener = await listening(gateway);
    listener.take();
    gateway.list(20, { name: 'a', version: 15, uid: 'other', phase: 'Started' });
    expect(brief(listener.take())).toEqual(['del a initializing', 'upd a started']);
  });

  it('are told of what a comparison with the cluster repaired', async () => {
    const gateway = new HandFed({ lostAfterMs: 1 });
    gateway.list(10, { name: 'a', version: 3 }, { name: 'b', version: 4 });
    const listener = await listening(gateway);
    gateway.bookmark(20);
    listener.take();
    gateway.observe({ name: 'a', version: 15, phase: 'Failed' });
    gateway.observeDeleted({ name: 'b' });
    await sleep(20);
    expect(brief(listener.take())).toEqual(['upd a failed', 'del b initializing']);
  });
});

describe('a listener that comes back', () => {
  it('gets all that it missed, deletions too, and nothing twice', async () => {
    const gateway = new HandFed();
    gateway.list(10, { name: 'a', version: 3 }, { name: 'b', version: 4 });
    const listener = await listening(gateway);
    gateway.event({ name: 'a', version: 11, phase: 'Stopped' });
    listener.take();
    await listener.leave();
    gateway.event({ name: 'b', version: 12 }, 'DELETED');
    gateway.event({ name: 'a', version: 13, phase: 'Started' });
    await listener.connect(gateway);
    expect(brief(listener.take())).toEqual(['del b initializing', 'upd a started', 'synced']);
    expect(listener.lastEventId).toBe('13');
  });

  it('gets nothing twice at a gateway that is behind', async () => {
    const [first, second] = [new HandFed(), new HandFed({ latest: () => 12 })];
    for (const gateway of [first, second]) gateway.list(10, { name: 'a', version: 3 });
    const listener = await listening(first);
    first.event({ name: 'a', version: 11, phase: 'Stopped' });
    first.event({ name: 'b', version: 12 });
    listener.take();
    await listener.leave();
    await listener.connect(second);
    expect(brief(listener.take())).toEqual(['synced']);
    second.event({ name: 'a', version: 11, phase: 'Stopped' });
    second.event({ name: 'b', version: 12 });
    expect(listener.take()).toEqual([]);
    second.event({ name: 'a', version: 13, phase: 'Started' });
    expect(brief(listener.take())).toEqual(['upd a started']);
  });

  it.each(['0', '9', '99', 'x', '-1', '1e3', '12345678901234567890123'])(
    'begins anew when its id is %s, which is too old or none',
    async (id) => {
      const gateway = new HandFed();
      gateway.list(10, { name: 'a', version: 3 });
      const listener = new TestListener();
      listener.lastEventId = id;
      await listener.connect(gateway);
      expect(brief(listener.take())).toEqual(['reset', 'upd a initializing', 'synced']);
    },
  );

  it('begins anew when more has happened than is remembered', async () => {
    const gateway = new HandFed({ historyLimit: 4 });
    gateway.list(10, { name: 'a', version: 3 });
    const listener = await listening(gateway);
    listener.take();
    await listener.leave();
    for (let version = 11; version < 20; version++)
      gateway.event({ name: 'a', version, phase: version % 2 === 0 ? 'Stopped' : 'Started' });
    await listener.connect(gateway);
    expect(brief(listener.take())).toEqual(['reset', 'upd a started', 'synced']);
  });

  it('begins anew when it was cut off in the middle of the state', async () => {
    const gateway = new HandFed();
    gateway.list(10, ...['a', 'b', 'c'].map((name) => ({ name, version: 3 })));
    const whole = await listening(gateway);
    const ids = whole.take().map(({ id }) => id);
    expect(ids).toEqual(['0', undefined, '10', '10']);
  });
});
