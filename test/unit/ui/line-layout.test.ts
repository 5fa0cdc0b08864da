import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineLayout, ROW_HEIGHT } from '../../../gateway/ui/build/log/line-layout.js';
import { LogLines, MAX_SHOWN } from '../../../gateway/ui/build/log/log-lines.js';
import { breaksOf, RowCutter } from '../../../gateway/ui/build/log/row-breaks.js';
import { WrapChoice } from '../../../gateway/ui/build/log/wrap-choice.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** The layout of a log that came in pieces. */
function laidOut(pieces: readonly string[], columns?: number, maxLines?: number) {
  const lines = new LogLines(maxLines);
  const layout = new LineLayout(columns);
  for (const piece of pieces) {
    lines.push(bytes(piece));
    layout.update(lines);
  }
  return { lines, layout };
}

/** The rows of each line that is still there. */
function rowsOf({ lines, layout }: ReturnType<typeof laidOut>): number[] {
  const numbers = Array.from({ length: lines.last - lines.first + 1 }, (_, index) => lines.first + index);
  return numbers.map((number) => (layout.top(number + 1) - layout.top(number)) / ROW_HEIGHT);
}

describe('Lines of a log', () => {
  it('take a row each where they are not wrapped', () => {
    const log = laidOut([`${'x'.repeat(500)}\n\nshort`]);
    expect(rowsOf(log)).toEqual([1, 1, 1]);
    expect(log.layout.widest).toBe(500);
  });

  it('take as many rows as their words need where they are, colours not counted', () => {
    const log = laidOut([`\n${'x'.repeat(10)}\n${'x'.repeat(11)}\n\x1b[31m${'x'.repeat(20)}\x1b[0m\n`], 10);
    expect(rowsOf(log)).toEqual([1, 1, 2, 2]);
    expect(log.layout.height).toBe(6 * ROW_HEIGHT);
  });

  it('take the rows of what is shown of them, when they are endless', () => {
    const [rows] = rowsOf(laidOut(['x'.repeat(100 * MAX_SHOWN)], 10));
    expect(rows).toBeLessThan(MAX_SHOWN / 10 + 10);
  });

  it('are laid out alike however the log is cut into pieces, and wherever one looks', () => {
    const piece = fc.stringMatching(/^[a-c\n ]{0,30}$/);
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 9 }), (pieces, columns) => {
        const log = laidOut(pieces, columns);
        const rows = rowsOf(log);
        expect(rows).toEqual(rowsOf(laidOut([pieces.join('')], columns)));
        const byRow = rows.flatMap((count, index) => Array<number>(count).fill(log.lines.first + index));
        for (const [row, number] of byRow.entries())
          expect(log.layout.at((row + 0.5) * ROW_HEIGHT)).toBe(number);
      }),
    );
  });

  it('keep their numbers when the oldest are let go', () => {
    const all = Array.from({ length: 20_010 }, (_, index) => `${'x'.repeat(index % 30)}\n`);
    const log = laidOut(
      [all.slice(0, 5).join(''), all.slice(5, 10_020).join(''), all.slice(10_020).join('')],
      10,
      10,
    );
    expect(log.lines.first).toBeGreaterThan(1);
    expect(rowsOf(log)).toEqual(
      all.slice(log.lines.first - 1).map((line) => Math.max(1, Math.ceil((line.length - 1) / 10))),
    );
    expect(log.layout.at(-100)).toBe(log.lines.first);
  });

  it('take more rows as the last one grows', () => {
    const log = laidOut(['one\nlast'], 10);
    log.lines.push(bytes(' and more than twenty\n'));
    log.layout.update(log.lines);
    expect(rowsOf(log)).toEqual([1, 3]);
  });

  it('are not wrapped where browsers could not show all of them', () => {
    const text = `${'x'.repeat(100)}\n`.repeat(1_000);
    const log = laidOut(Array<string>(20).fill(text), 10);
    expect(log.layout.height).toBe(200_000 * ROW_HEIGHT);
    const long = laidOut(Array<string>(85).fill(text), 10);
    expect([long.layout.wanted, long.layout.columns]).toEqual([10, Number.POSITIVE_INFINITY]);
    expect(long.layout.height).toBe(85_000 * ROW_HEIGHT);
  });

  it('are drawn when they are seen or near, however many there are', () => {
    const { layout } = laidOut(['x\n'.repeat(100_000)]);
    expect(layout.around(1000 * ROW_HEIGHT, 30 * ROW_HEIGHT - 1, 5 * ROW_HEIGHT)).toEqual({
      from: 996,
      to: 1035,
    });
    expect(layout.around(0, 100, 400).from).toBe(1);
    expect(layout.around(100_000 * ROW_HEIGHT, 100, 400).to).toBe(100_000);
  });
});

describe('The rows of a line', () => {
  const rows = (text: string, columns: number) => new RowCutter(breaksOf(text, columns)).cut(text);

  it.each([
    ['', ['']],
    ['ten chars.', ['ten chars.']],
    ['words stay whole', ['words stay ', 'whole']],
    ['unlessTheyAreLonger than a row', ['unlessThey', 'AreLonger ', 'than a row']],
    ['a longerThanThat', ['a ', 'longerThan', 'That']],
    ['ten chars.     and spaces', ['ten chars.     ', 'and spaces']],
    ['\ttab', ['\t', 'tab']],
    ['漢字漢字漢字', ['漢字漢字漢', '字']],
    ['x 漢字漢字漢字', ['x ', '漢字漢字漢', '字']],
    ['🚀🚀🚀🚀🚀🚀', ['🚀🚀🚀🚀🚀', '🚀']],
    ['e\u0301'.repeat(11), ['e\u0301'.repeat(10), 'e\u0301']],
  ])('of ten columns: %j', (text, expected) => {
    expect(rows(text, 10).map((row) => row.trimEnd())).toEqual(expected.map((row) => row.trimEnd()));
  });

  it('have all of it, and no more columns than there are, but for spaces at their ends', () => {
    const text = fc.stringMatching(/^[ab ]{0,60}$/);
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (line, columns) => {
        const parts = rows(line, columns);
        expect(parts.join('')).toBe(line);
        for (const part of parts) expect(part.trimEnd().length).toBeLessThanOrEqual(columns);
        for (const part of parts.slice(1)) expect(part).toMatch(/^[^ ]/);
      }),
    );
  });

  it('are the same however the line is cut into pieces of one look', () => {
    const piece = fc.stringMatching(/^[ab ]{0,9}$/);
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const line = pieces.join('');
        const cutter = new RowCutter(breaksOf(line, 7));
        const marked = pieces.map((part) => cutter.cut(part).join('|')).join('');
        expect(marked).toBe(rows(line, 7).join('|'));
      }),
    );
  });
});

describe('Whether lines are wrapped', () => {
  it('is as narrow pages need it, until somebody chooses', () => {
    const kept = new Map<string, string>();
    const memory = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    const narrow = { matches: true };
    const choice = new WrapChoice(memory, narrow);
    expect(choice.isWrapped).toBe(true);
    narrow.matches = false;
    expect(choice.isWrapped).toBe(false);
    choice.toggle();
    expect(choice.isWrapped).toBe(true);
    expect(new WrapChoice(memory, narrow).isWrapped).toBe(true);
  });
});
