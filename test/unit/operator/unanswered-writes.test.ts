import { describe, expect, it } from '@jest/globals';
import { UnansweredWrites } from '../../../operator/election/unanswered-writes.js';

describe('a write without an answer', () => {
  it('may arrive for 10 s more, and nothing else may', () => {
    let now = 0;
    const writes = new UnansweredWrites(() => now);
    writes.note({ method: 'GET', status: 0 });
    writes.note({ method: 'PATCH', status: 200 });
    writes.note({ method: 'POST', status: 500 });
    expect(writes.mayArrive).toBe(false);
    writes.note({ method: 'PATCH', status: 0 });
    writes.note({ method: 'PATCH', status: 200 });
    expect(writes.mayArrive).toBe(true);
    now = 9_999;
    expect(writes.mayArrive).toBe(true);
    now = 10_000;
    expect(writes.mayArrive).toBe(false);
  });
});
