import type { LogLines } from './log-lines.js';
import { breaksOf } from './row-breaks.js';

/** Height of a row of text in CSS pixels; `.log-line` in build.css has the same. */
export const ROW_HEIGHT = 20;

/** Browsers know elements that are about so high, pixels: Firefox 17.9 million, Chromium and Safari 33.5 million. */
const MAX_HEIGHT = 16_000_000;

/** Numbers of lines, both drawn. */
export interface Drawn {
  readonly from: number;
  readonly to: number;
}

/**
 * Where each line of a log is, so that only those that are seen need to be drawn. A line takes one row, or where it is
 * wrapped as many as its words need.
 */
export class LineLayout {
  /** Characters of a row as it was asked for; Infinity: lines are not wrapped. */
  readonly wanted: number;
  /** Characters of a row as it is: a log that would be too high is not wrapped. */
  columns: number;
  /** Characters of the longest line. */
  widest = 0;
  /** The number of the first line that is still there. */
  private first = 1;
  /** The row behind each line, counted from the beginning of the log. */
  private ends: number[] = [];
  /** Rows of lines that were let go. */
  private gone = 0;
  /** Characters of the last line, which may grow. */
  private lastLength = 0;

  constructor(columns = Number.POSITIVE_INFINITY) {
    this.wanted = columns;
    this.columns = columns;
  }

  /** Takes in what has come since the last time. */
  update(lines: LogLines): void {
    this.letGo(lines.first);
    const last = this.last;
    if (last >= this.first && lines.shownText(last).length !== this.lastLength) this.ends.pop();
    this.append(lines);
    if (this.height <= MAX_HEIGHT || this.columns === Number.POSITIVE_INFINITY) return;
    this.columns = Number.POSITIVE_INFINITY;
    this.ends = [];
    this.append(lines);
  }

  private append(lines: LogLines): void {
    for (let number = this.last + 1; number <= lines.last; number++) {
      const text = lines.shownText(number);
      this.lastLength = text.length;
      this.widest = Math.max(this.widest, text.length);
      this.ends.push(this.endOf(number - 1) + breaksOf(text, this.columns).length + 1);
    }
  }

  /** Of all lines, pixels. */
  get height(): number {
    return (this.endOf(this.last) - this.gone) * ROW_HEIGHT;
  }

  /** The top of a line, pixels. */
  top(number: number): number {
    return (this.endOf(number - 1) - this.gone) * ROW_HEIGHT;
  }

  /** The line at a distance from the top, pixels; the first or last one beyond the ends. */
  at(distance: number): number {
    const row = this.gone + Math.floor(distance / ROW_HEIGHT);
    let [low, high] = [0, Math.max(0, this.ends.length - 1)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! > row) high = middle;
      else low = middle + 1;
    }
    return this.first + low;
  }

  /** The lines that are seen when `height` pixels from `top` on are, and `spare` pixels above and below. */
  around(top: number, height: number, spare: number): Drawn {
    return { from: this.at(top - spare), to: Math.min(this.at(top + height + spare), this.last) };
  }

  private get last(): number {
    return this.first + this.ends.length - 1;
  }

  private endOf(number: number): number {
    const index = Math.min(number - this.first, this.ends.length - 1);
    return this.ends[index] ?? this.gone;
  }

  private letGo(first: number): void {
    if (first === this.first) return;
    this.gone = this.endOf(first - 1);
    this.ends = this.ends.slice(first - this.first);
    this.first = first;
  }
}
