const ESC = '\x1b';
/** An escape sequence that is not complete after so many characters is none. */
const MAX_CARRIED = 4096;

// Control sequences, strings (titles, links), character sets, single functions.
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences consist of them.
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences consist of them.
const BEGUN = /\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)$/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences consist of them.
const COLOR = /^\x1b\[[\d;]{0,64}m$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is not wanted.
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/**
 * Reduces what a program wrote to a terminal to lines of text and complete colour sequences (`ESC [ ... m`): cursor
 * movements, titles, links and other sequences are dropped, a carriage return ends a line. It keeps at most 4096
 * characters for the next piece, whatever comes.
 */
export class TerminalText {
  private carried = '';

  /** Takes the next piece and answers what is certain so far. */
  push(piece: string): string {
    const text = this.carried + piece;
    const parts: string[] = [];
    let at = 0;
    for (let begin = text.indexOf(ESC); begin !== -1; begin = text.indexOf(ESC, at)) {
      parts.push(plain(text.slice(at, begin)));
      at = endOfSequence(text, begin);
      if (at === -1) {
        this.carried = text.slice(begin);
        return parts.join('');
      }
      const sequence = text.slice(begin, at);
      if (COLOR.test(sequence)) parts.push(sequence);
    }
    // A line feed may follow.
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    this.carried = text.slice(end);
    parts.push(plain(text.slice(at, end)));
    return parts.join('');
  }

  /** What was kept back; a sequence that never ended is dropped. */
  end(): string {
    const rest = this.carried.startsWith(ESC) ? '' : this.carried;
    this.carried = '';
    return plain(rest);
  }
}

/** Where the sequence at this place ends; only its first character is dropped if it is none; -1: not known yet. */
function endOfSequence(text: string, begin: number): number {
  SEQUENCE.lastIndex = begin;
  if (SEQUENCE.test(text)) return SEQUENCE.lastIndex;
  BEGUN.lastIndex = begin;
  return text.length - begin <= MAX_CARRIED && BEGUN.test(text) ? -1 : begin + 1;
}

function plain(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(CONTROLS, '');
}
