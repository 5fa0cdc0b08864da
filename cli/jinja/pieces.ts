/** A Jinja template cut at its delimiters. */
export interface Piece {
  readonly kind: 'text' | 'output' | 'tag' | 'comment';
  /** What stands between the delimiters, trimmed; of a text the text, after `-` has taken its share. */
  readonly text: string;
  /** As it stands in the template. */
  readonly source: string;
  /** Counted from 1. */
  readonly line: number;
  /**
   * Whether the piece has a line for itself. Its indentation is not kept: Handlebars leaves that of the end of a
   * chain of more than one `else if` in its output.
   */
  readonly ownLine: boolean;
}

interface RawPiece extends Piece {
  readonly trimsBefore: boolean;
  readonly trimsAfter: boolean;
}

// Raw blocks first: delimiters mean nothing in them.
const DELIMITED =
  /\{%[-+]?\s*raw\s*-?%\}([\s\S]*?)\{%-?\s*endraw\s*[-+]?%\}|\{%([-+]?)([\s\S]*?)(-?)%\}|\{\{([-+]?)([\s\S]*?)(-?)\}\}|\{#([-+]?)([\s\S]*?)(-?)#\}/g;

/**
 * Cuts a template into texts and what is delimited. `-` at a delimiter takes the white space beside it away, as
 * in Jinja, but not from a tag on a line of its own: Handlebars takes such a line away by itself.
 */
export function splitTemplate(source: string): Piece[] {
  const pieces: RawPiece[] = [];
  let end = 0;
  for (const match of source.matchAll(DELIMITED)) {
    pushText(pieces, source, end, match.index);
    pieces.push(delimited(source, match));
    end = match.index + match[0].length;
  }
  pushText(pieces, source, end, source.length);
  return pieces.map((piece, index) => trimmed(piece, pieces[index - 1], pieces[index + 1]));
}

function pushText(pieces: RawPiece[], source: string, from: number, to: number): void {
  if (from === to) return;
  const text = source.slice(from, to);
  pieces.push({
    kind: 'text',
    text,
    source: text,
    line: lineAt(source, from),
    ownLine: false,
    trimsBefore: false,
    trimsAfter: false,
  });
}

function delimited(source: string, match: RegExpExecArray): RawPiece {
  const [whole, raw, tagStart, tag, tagEnd, outStart, output, outEnd, noteStart, note, noteEnd] = match;
  const common = { source: whole, line: lineAt(source, match.index) };
  if (raw !== undefined)
    return { ...common, kind: 'text', text: raw, ownLine: false, trimsBefore: false, trimsAfter: false };
  const kind = tag !== undefined ? 'tag' : output !== undefined ? 'output' : 'comment';
  const trimsBefore = (tagStart ?? outStart ?? noteStart) === '-';
  const trimsAfter = (tagEnd ?? outEnd ?? noteEnd) === '-';
  const ownLine = kind !== 'output' && !trimsAfter && isAlone(source, match.index, whole.length);
  return {
    ...common,
    kind,
    text: (tag ?? output ?? note ?? '').trim(),
    ownLine,
    trimsBefore: trimsBefore && !ownLine,
    trimsAfter,
  };
}

function isAlone(source: string, start: number, length: number): boolean {
  const before = source.slice(source.lastIndexOf('\n', start - 1) + 1, start);
  return /^[ \t]*$/.test(before) && /^[ \t]*(?=\r?\n|$)/.test(source.slice(start + length));
}

function trimmed(piece: RawPiece, before: RawPiece | undefined, after: RawPiece | undefined): Piece {
  const { trimsBefore: _before, trimsAfter: _after, ...rest } = piece;
  if (piece.kind !== 'text') return rest;
  let { text } = piece;
  if (before?.trimsAfter) text = text.trimStart();
  if (after?.trimsBefore) text = text.trimEnd();
  if (after?.ownLine) text = text.replace(/[ \t]+$/, '');
  return { ...rest, text };
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}
