import { describe, expect, it } from '@jest/globals';
import { EventParser } from '../../../gateway/ui/store/event-parser.js';

describe('A stream of events', () => {
  const text = 'id: 0\ndata: {"a": 1}\n\n: \nid: 7\n\nevent: synced\nid: 9\ndata: {}\n\n';
  const messages = [
    { event: 'message', data: '{"a": 1}' },
    { event: 'synced', data: '{}' },
  ];

  it('is taken apart alike however it is cut', () => {
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = new EventParser();
      expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]).toEqual(messages);
      expect(parser.lastId).toBe('9');
    }
  });

  it('goes on after the last message that came whole, so that none is missed', () => {
    const parser = new EventParser();
    parser.push(text);
    parser.push('id: 12\ndata: {"half": ');
    expect(parser.lastId).toBe('9');
  });

  it('moves on with a comment that has an id', () => {
    const parser = new EventParser();
    expect(parser.push(': \nid: 5\n\n')).toEqual([]);
    expect(parser.lastId).toBe('5');
  });
});
