import type { LogLines } from './log-lines.js';

/** Numbers of the lines that have a text, kept up as lines are added. Case does not count. */
export class LogSearch {
  readonly query: string;
  private readonly found: number[] = [];
  /** The last line that was looked at; it is looked at again, because it may have grown. */
  private seen = 0;

  constructor(query: string) {
    this.query = query.toLowerCase();
  }

  /** Ascending. */
  get lines(): readonly number[] {
    return this.found;
  }

  /** Looks at what has come since the last time. */
  update(lines: LogLines): void {
    if (this.query === '') return;
    if (this.found.at(-1) === this.seen) this.found.pop();
    for (let number = Math.max(this.seen, lines.first); number <= lines.last; number++) {
      if (lines.text(number).toLowerCase().includes(this.query)) this.found.push(number);
    }
    this.seen = lines.last;
    const kept = this.found.findIndex((number) => number >= lines.first);
    if (kept > 0) this.found.splice(0, kept);
  }

  /** The next line found after this one, or the first; undefined when nothing was found. */
  after(number: number): number | undefined {
    return this.found.find((line) => line > number) ?? this.found[0];
  }

  /** The last line found before this one, or the last of all. */
  before(number: number): number | undefined {
    return this.found.findLast((line) => line < number) ?? this.found.at(-1);
  }
}

/** Cuts a text where it has the query, which is lower case; every second piece, from the second on, is a match. */
export function cutAtMatches(text: string, query: string): string[] {
  const lower = text.toLowerCase();
  // Of a few characters the lower case is longer; what would be marked then is not what was found.
  if (query === '' || lower.length !== text.length) return [text];
  const pieces: string[] = [];
  let at = 0;
  for (let match = lower.indexOf(query); match !== -1; match = lower.indexOf(query, at)) {
    pieces.push(text.slice(at, match), text.slice(match, match + query.length));
    at = match + query.length;
  }
  pieces.push(text.slice(at));
  return pieces;
}
