import { describe, expect, it } from '@jest/globals';
import { type Memory, memoryOf } from '../../../gateway/ui/parts/memory.js';

function refuse(): Memory {
  throw new DOMException('Access is denied for this document.', 'SecurityError');
}

describe('The memory of a page', () => {
  it('is that of the browser', () => {
    const memory = { getItem: () => 'kept', setItem: () => undefined, removeItem: () => undefined };
    expect(memoryOf('sessionStorage', { localStorage: refuse, sessionStorage: memory } as never)).toBe(
      memory,
    );
  });

  it('is its own in a browser that keeps nothing for the site', () => {
    const owner = {
      get localStorage() {
        return refuse();
      },
      get sessionStorage() {
        return refuse();
      },
    };
    const memory = memoryOf('localStorage', owner);
    memory.setItem('a', '1');
    expect(memory.getItem('a')).toBe('1');
    memory.removeItem('a');
    expect(memory.getItem('a')).toBeNull();
  });
});
