/** Columns between the places where tabs lead to, as in style sheets. */
const TAB = 8;

/** First and last of characters that are as wide as two, by their UTF-16 code; of a pair the first half stands for both. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xdbff],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
];
/** Those that take no room: second halves of pairs, and what is put on the character before. */
const NARROW: readonly (readonly [number, number])[] = [
  [0x300, 0x36f],
  [0x200b, 0x200f],
  [0xdc00, 0xdfff],
  [0xfe00, 0xfe0f],
];

/**
 * Where a line is broken into rows of so many columns: indexes of the characters that begin a row, but the first. Words
 * stay whole unless they are longer than a row, and spaces never begin one.
 */
export function breaksOf(text: string, columns: number): number[] {
  const breaks: number[] = [];
  if (text.length <= columns / TAB) return breaks;
  let [row, column] = [0, 0];
  /** Where the word begins, and its column. */
  let [word, wordColumn] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const width = widthOf(text.charCodeAt(at), column);
    const isSpace = text[at] === ' ' || text[at] === '\t';
    while (!isSpace && column + width > columns && at > row) {
      const isLong = word <= row;
      row = isLong ? at : word;
      column = isLong ? 0 : column - wordColumn;
      [word, wordColumn] = [row, 0];
      breaks.push(row);
    }
    column += width;
    if (isSpace) [word, wordColumn] = [at + 1, column];
  }
  return breaks;
}

function widthOf(code: number, column: number): number {
  if (code === 9) return TAB - (column % TAB);
  if (code < 0x300) return 1;
  if (isIn(NARROW, code)) return 0;
  return isIn(WIDE, code) ? 2 : 1;
}

function isIn(ranges: readonly (readonly [number, number])[], code: number): boolean {
  return ranges.some(([first, last]) => code >= first && code <= last);
}

/** Cuts pieces of a line, that follow each other, where a row begins. */
export class RowCutter {
  private readonly breaks: readonly number[];
  private at = 0;
  private next = 0;

  constructor(breaks: readonly number[]) {
    this.breaks = breaks;
  }

  /** The parts of the next piece; each but the first begins a row, and the first may be empty. */
  cut(piece: string): string[] {
    const parts: string[] = [];
    const begin = this.at;
    this.at += piece.length;
    let from = 0;
    for (; this.next < this.breaks.length && this.breaks[this.next]! < this.at; this.next++) {
      const to = this.breaks[this.next]! - begin;
      parts.push(piece.slice(from, to));
      from = to;
    }
    parts.push(piece.slice(from));
    return parts;
  }
}
