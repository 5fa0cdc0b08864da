import { TerminalText } from '../../../logs/terminal-text.js';
import { PLAIN, type Segment, type Style, segmentsOf, styleAfter, withoutSequences } from './sgr.js';

/** A line that is longer is shown only so far; a download has all of it. */
export const MAX_SHOWN = 4_000;
/** Of more lines than this the oldest are let go, so that no log can fill the memory of a browser. */
const MAX_LINES = 300_000;
/** So many at once, because letting go of one costs the same. */
const LET_GO = 10_000;

/** A log as lines of text, numbered from 1, made piece by piece. Splitting is cheap; colours are looked at when shown. */
export class LogLines {
  private readonly decoder = new TextDecoder();
  private readonly terminal = new TerminalText();
  private readonly maxLines: number;
  private texts: string[] = [];
  private starts: Style[] = [];
  /** The last line, which has no end yet. */
  private open = '';
  private openStart: Style = PLAIN;
  private gone = 0;

  constructor(maxLines = MAX_LINES) {
    this.maxLines = maxLines;
  }

  /** UTF-8 that was cut anywhere. */
  push(bytes: Uint8Array): void {
    this.add(this.terminal.push(this.decoder.decode(bytes, { stream: true })));
  }

  /** No more will come. */
  end(): void {
    this.add(this.terminal.push(this.decoder.decode()) + this.terminal.end());
  }

  /** The number of the first line that is still there. */
  get first(): number {
    return this.gone + 1;
  }

  /** The number of the last line; one less than `first` when there is none. */
  get last(): number {
    return this.gone + this.texts.length + (this.open === '' ? 0 : 1);
  }

  /** What a line shows. A line that is not there is empty. */
  segments(number: number): Segment[] {
    const [text, start] = this.at(number);
    if (text.length <= MAX_SHOWN) return segmentsOf(text, start);
    return segmentsOf(
      `${cutAt(text, MAX_SHOWN)}\x1b[0;2m … ${text.length - MAX_SHOWN} more characters`,
      start,
    );
  }

  /** What a line shows, without its colours. */
  shownText(number: number): string {
    const [text] = this.at(number);
    if (text.length <= MAX_SHOWN) return withoutSequences(text);
    return this.segments(number)
      .map((segment) => segment.text)
      .join('');
  }

  /** A line's text without its colours. */
  text(number: number): string {
    return withoutSequences(this.at(number)[0]);
  }

  private at(number: number): [string, Style] {
    const index = number - this.first;
    if (index === this.texts.length) return [this.open, this.openStart];
    return [this.texts[index] ?? '', this.starts[index] ?? PLAIN];
  }

  private add(text: string): void {
    const pieces = text.split('\n');
    const rest = pieces.pop()!;
    for (const piece of pieces) {
      const line = this.open + piece;
      this.texts.push(line);
      this.starts.push(this.openStart);
      this.openStart = styleAfter(line, this.openStart);
      this.open = '';
    }
    this.open += rest;
    if (this.texts.length > this.maxLines + LET_GO) this.letGo();
  }

  private letGo(): void {
    const count = this.texts.length - this.maxLines;
    this.texts = this.texts.slice(count);
    this.starts = this.starts.slice(count);
    this.gone += count;
  }
}

/** The beginning of a line; an escape sequence that would be cut in two is left out. */
function cutAt(text: string, length: number): string {
  const begin = text.lastIndexOf('\x1b', length - 1);
  const isCut = begin !== -1 && text.indexOf('m', begin) >= length;
  return text.slice(0, isCut ? begin : length);
}
