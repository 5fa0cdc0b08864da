import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KeyQueue } from '../../../operator/queue.js';

describe('the queue of keys', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Work that takes as long as the test says. */
  function slowQueue(concurrency: number) {
    const done: string[] = [];
    const ends = new Map<string, () => void>();
    const work = (key: string) =>
      new Promise<void>((resolve) => ends.set(key, resolve)).then(() => void done.push(key));
    const finish = async (key: string) => {
      ends.get(key)?.();
      ends.delete(key);
      await jest.advanceTimersByTimeAsync(0);
    };
    return { queue: new KeyQueue({ concurrency, work }), done, active: () => [...ends.keys()], finish };
  }

  function quickQueue() {
    const worked: [string, number][] = [];
    const begun = Date.now();
    const work = async (key: string) => void worked.push([key, Date.now() - begun]);
    return { queue: new KeyQueue({ concurrency: 4, work }), worked };
  }

  it('handles equal keys once', async () => {
    const { queue, worked } = quickQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    expect(queue.size).toBe(2);
    await jest.advanceTimersByTimeAsync(1000);
    expect(worked.map(([key]) => key)).toEqual(['a', 'b']);
  });

  it('handles a key at the earliest time asked, and once', async () => {
    const { queue, worked } = quickQueue();
    queue.add('a', 5000);
    queue.add('a', 200);
    queue.add('a', 900);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(worked).toEqual([['a', 200]]);
  });

  it('handles keys in the order of their times', async () => {
    const { queue, worked } = quickQueue();
    queue.add('late', 300);
    queue.add('soon', 100);
    queue.add('now');
    await jest.advanceTimersByTimeAsync(400);
    expect(worked).toEqual([
      ['now', 0],
      ['soon', 100],
      ['late', 300],
    ]);
  });

  it('waits longer than a timer can', async () => {
    const { queue, worked } = quickQueue();
    const days = 40 * 24 * 3600_000;
    queue.add('a', days);
    await jest.advanceTimersByTimeAsync(days - 1);
    expect(worked).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(worked).toEqual([['a', days]]);
  });

  it('never works on a key twice at once, and once more after it was added meanwhile', async () => {
    const { queue, active, done, finish } = slowQueue(4);
    queue.add('a');
    await jest.advanceTimersByTimeAsync(0);
    queue.add('a');
    queue.add('a');
    await jest.advanceTimersByTimeAsync(1000);
    expect(active()).toEqual(['a']);
    await finish('a');
    expect(active()).toEqual(['a']);
    await finish('a');
    expect(active()).toEqual([]);
    expect(done).toEqual(['a', 'a']);
  });

  it('works on no more keys at once than it may, and on the next when one ends', async () => {
    const { queue, active, finish } = slowQueue(2);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await jest.advanceTimersByTimeAsync(1000);
    const begun = active();
    expect(begun).toHaveLength(2);
    await finish(begun[0] ?? '');
    expect(active()).toHaveLength(2);
    expect(new Set([...begun, ...active()])).toEqual(new Set(['a', 'b', 'c']));
  });

  it('ends when what is worked on has ended, and takes no more', async () => {
    const { queue, active, done, finish } = slowQueue(1);
    for (const key of ['a', 'b']) queue.add(key);
    await jest.advanceTimersByTimeAsync(0);
    let stopped = false;
    const stop = queue.stop().then(() => {
      stopped = true;
    });
    queue.add('c');
    await jest.advanceTimersByTimeAsync(1000);
    expect(stopped).toBe(false);
    await finish('a');
    await stop;
    expect(active()).toEqual([]);
    expect(done).toEqual(['a']);
  });

  it('does not grow with keys that are asked for again and again, ever earlier', async () => {
    const { queue, worked } = quickQueue();
    for (let times = 5000; times > 0; times--) queue.add('a', 1_000_000 + times);
    expect(queue.size).toBe(1);
    await jest.advanceTimersByTimeAsync(2_000_000);
    expect(worked).toEqual([['a', 1_000_001]]);
  });
});
