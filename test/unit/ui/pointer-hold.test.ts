import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PointerHold, REST_MS } from '../../../gateway/ui/builds/pointer-hold.js';

let said: boolean[];
let pointer: PointerHold;
const at = (screenX: number, pointerType = 'mouse') => ({ pointerType, screenX, screenY: 5 });

beforeEach(() => {
  jest.useFakeTimers();
  said = [];
  pointer = new PointerHold(() => said.push(pointer.isHeld));
});
afterEach(() => {
  jest.useRealTimers();
});

describe('A pointer over a list', () => {
  it('holds it from its coming until it leaves', () => {
    pointer.move(at(1));
    pointer.move(at(2));
    pointer.leave();
    jest.advanceTimersByTime(2 * REST_MS);
    expect(said).toEqual([true, false]);
  });

  it('lets go when it has not moved for long, and holds again when it moves', () => {
    pointer.move(at(1));
    jest.advanceTimersByTime(REST_MS - 1);
    pointer.move(at(2));
    jest.advanceTimersByTime(REST_MS - 1);
    expect(said).toEqual([true]);
    jest.advanceTimersByTime(1);
    expect(said).toEqual([true, false]);
    pointer.move(at(3));
    expect(said).toEqual([true, false, true]);
    pointer.leave();
    expect(said).toEqual([true, false, true, false]);
  });

  it('does not hold when the list moved below it, but does when it comes back to the same place', () => {
    pointer.move(at(1));
    jest.advanceTimersByTime(REST_MS);
    pointer.move(at(1));
    expect(said).toEqual([true, false]);
    pointer.leave();
    pointer.move(at(1));
    expect(said).toEqual([true, false, true]);
  });

  it('is a mouse: a finger is over the list only while it presses', () => {
    pointer.move(at(1, 'touch'));
    expect(said).toEqual([]);
  });
});
