import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogLines, MAX_SHOWN } from '../../../gateway/ui/build/log/log-lines.js';
import { cutAtMatches, LogSearch } from '../../../gateway/ui/build/log/log-search.js';

const bytes = (text: string) => new TextEncoder().encode(text);

function linesOf(...pieces: string[]): LogLines {
  const lines = new LogLines();
  for (const piece of pieces) lines.push(bytes(piece));
  return lines;
}

function shown(lines: LogLines, number: number): unknown[] {
  return lines.segments(number).map(({ text, style }) => [text, style]);
}

describe('The lines of a log', () => {
  it('are numbered from 1, and the last is there before it ends', () => {
    const lines = linesOf('one\ntwo\nthr');
    expect([lines.first, lines.last, lines.text(1), lines.text(3)]).toEqual([1, 3, 'one', 'thr']);
    lines.push(bytes('ee\n'));
    expect([lines.last, lines.text(3)]).toEqual([3, 'three']);
  });

  it('carry a colour on to the lines that follow, until it is taken back', () => {
    const lines = linesOf('\x1b[1;31mbad\nstill\x1b[0m plain\nplain');
    expect(shown(lines, 1)).toEqual([['bad', { bold: true, fg: 1 }]]);
    expect(shown(lines, 2)).toEqual([
      ['still', { bold: true, fg: 1 }],
      [' plain', {}],
    ]);
    expect(shown(lines, 3)).toEqual([['plain', {}]]);
  });

  it.each([
    ['\x1b[38;5;9mx', { fg: 9 }],
    ['\x1b[38;5;208mx', { fg: 'rgb(255,135,0)' }],
    ['\x1b[38;5;255mx', { fg: 'rgb(238,238,238)' }],
    ['\x1b[48;2;1;2;3mx', { bg: 'rgb(1,2,3)' }],
    ['\x1b[97;104mx', { fg: 15, bg: 12 }],
    [
      '\x1b[1;2;3;4;7;9mx',
      { bold: true, dim: true, italic: true, underline: true, inverse: true, strike: true },
    ],
    ['\x1b[1;31m\x1b[22;39mx', {}],
    ['\x1b[38;2;1;2mx', {}],
    ['\x1b[38;5;999mx', {}],
    ['\x1b[31m\x1b[mx', {}],
  ])('read the colours of %j', (text, style) => {
    expect(shown(linesOf(text), 1)).toEqual([['x', style]]);
  });

  it('are the same however the log is cut into pieces', () => {
    const part = fc.constantFrom(
      'a',
      '\n',
      '\r\n',
      '\x1b[31m',
      '\x1b[0m',
      'ü',
      '☃',
      '\x1b]0;title\x07',
      '<b>',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(60)), (parts, cuts) => {
        const whole = bytes(parts.join(''));
        const at = [...new Set(cuts)].filter((cut) => cut < whole.length).sort((a, b) => a - b);
        const [one, many] = [new LogLines(), new LogLines()];
        one.push(whole);
        for (const [index, from] of [0, ...at].entries()) many.push(whole.subarray(from, at[index]));
        for (const lines of [one, many]) lines.end();
        const all = (lines: LogLines) =>
          Array.from({ length: lines.last }, (_, index) => shown(lines, index + 1));
        expect(all(many)).toEqual(all(one));
      }),
      { numRuns: 200 },
    );
  });

  it('show of an endless line only its beginning, and say how much is left out', () => {
    const lines = linesOf(`\x1b[31m${'x'.repeat(MAX_SHOWN + 95)}`);
    const text = lines
      .segments(1)
      .map((segment) => segment.text)
      .join('');
    expect(text).toBe(`${'x'.repeat(MAX_SHOWN - 5)} … 100 more characters`);
  });

  it('let the oldest go when there are too many, and keep their numbers', () => {
    const lines = new LogLines(100);
    for (let number = 1; number <= 20_000; number++) lines.push(bytes(`line ${number}\n`));
    expect(lines.last).toBe(20_000);
    expect(lines.first).toBeGreaterThan(1);
    expect([lines.text(lines.first), lines.text(20_000)]).toEqual([`line ${lines.first}`, 'line 20000']);
    expect(lines.text(1)).toBe('');
  });
});

describe('Searching a log', () => {
  it('finds lines whatever their case and colours, also those that come later', () => {
    const lines = linesOf('an \x1b[31mERR\x1b[0mOR\nfine\nError');
    const search = new LogSearch('error');
    search.update(lines);
    expect(search.lines).toEqual([1, 3]);
    lines.push(bytes('s are 3\nerror 4\n'));
    search.update(lines);
    expect(search.lines).toEqual([1, 3, 4]);
  });

  it('finds a line that only has the text once it has grown', () => {
    const lines = linesOf('er');
    const search = new LogSearch('error');
    search.update(lines);
    expect(search.lines).toEqual([]);
    lines.push(bytes('ror'));
    search.update(lines);
    expect(search.lines).toEqual([1]);
  });

  it('goes round at both ends', () => {
    const search = new LogSearch('x');
    search.update(linesOf('x\n-\nx\n-'));
    expect([search.after(0), search.after(1), search.after(3)]).toEqual([1, 3, 1]);
    expect([search.before(4), search.before(3), search.before(1)]).toEqual([3, 1, 3]);
    expect(new LogSearch('y').after(0)).toBeUndefined();
  });

  it.each([
    ['an Error and an error', 'error', ['an ', 'Error', ' and an ', 'error', '']],
    ['nothing', 'error', ['nothing']],
    ['anything', '', ['anything']],
    ['İx', 'x', ['İx']],
  ])('cuts %j where it has %j', (text, query, pieces) => {
    expect(cutAtMatches(text, query)).toEqual(pieces);
  });
});
