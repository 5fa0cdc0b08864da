import { jest } from '@jest/globals';

const realSetImmediate = setImmediate;

/** Every model begins at this moment. */
export const beginning = Date.parse('2026-03-01T00:00:00Z');

/** Timers and clocks stand still but for what `runUntil` lets pass. */
export function freezeTime(): void {
  jest.useFakeTimers({ now: beginning, doNotFake: ['nextTick', 'queueMicrotask'] });
}

export function thawTime(): void {
  jest.clearAllTimers();
  jest.useRealTimers();
}

/**
 * Lets time pass, timer by timer and with all promises settled in between, until the condition holds or the
 * milliseconds are over; says whether it holds.
 */
export async function runUntil(condition: () => boolean, milliseconds: number): Promise<boolean> {
  const end = Date.now() + milliseconds;
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, milliseconds);
  await settled();
  while (!isOver && !condition()) {
    jest.advanceTimersToNextTimer();
    await settled();
  }
  if (Date.now() > end) throw new Error('time passed further than it should');
  return condition();
}

function settled(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve));
}
