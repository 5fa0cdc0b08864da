/** A Jinja template cut at its delimiters. */
export interface Piece {
  /** `raw` is the text of a raw block. */
  readonly kind: 'text' | 'raw' | 'output' | 'tag' | 'comment';
  /** What stands between the delimiters, trimmed; of a text the text, after `-` has taken its share. */
  readonly text: string;
  /** As it stands in the template. */
  readonly source: string;
  /** Counted from 1. */
  readonly line: number;
  /**
   * Whether the piece, and each tag of its block, has a line for itself. Its indentation is not kept: Handlebars leaves
   * that of the end of a chain of more than one `else if` in its output.
   */
  readonly ownLine: boolean;
  /** Whether the tag has a line for itself, which Handlebars must not take away, as its block has others in a line. */
  readonly keepsLine: boolean;
}

interface RawPiece extends Piece {
  readonly trimsBefore: boolean;
  readonly trimsAfter: boolean;
}

// Raw blocks first: delimiters mean nothing in them.
const DELIMITED =
  /\{%([-+]?)\s*raw\s*(-?)%\}([\s\S]*?)\{%([-+]?)\s*endraw\s*([-+]?)%\}|\{%([-+]?)([\s\S]*?)([-+]?)%\}|\{\{([-+]?)([\s\S]*?)([-+]?)\}\}|\{#([-+]?)([\s\S]*?)([-+]?)#\}/g;

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
  const settled = settleLines(pieces);
  return settled.map((piece, index) => trimmed(piece, settled[index - 1], settled[index + 1]));
}

function pushText(pieces: RawPiece[], source: string, from: number, to: number): void {
  if (from === to) return;
  const text = source.slice(from, to);
  pieces.push({ ...plain('text', text, text, lineAt(source, from)), trimsBefore: false, trimsAfter: false });
}

function plain(kind: Piece['kind'], text: string, source: string, line: number): Piece {
  return { kind, text, source, line, ownLine: false, keepsLine: false };
}

function delimited(source: string, match: RegExpExecArray): RawPiece {
  const line = lineAt(source, match.index);
  const [whole, rawBefore, rawStart, raw, rawEnd, rawAfter, ...others] = match;
  if (raw !== undefined) {
    const start = rawStart === '-' ? raw.trimStart() : raw;
    const text = rawEnd === '-' ? start.trimEnd() : start;
    return {
      ...plain('raw', text, whole, line),
      trimsBefore: rawBefore === '-',
      trimsAfter: rawAfter === '-',
    };
  }
  const [tagStart, tag, tagEnd, outStart, output, outEnd, noteStart, note, noteEnd] = others;
  const kind = tag !== undefined ? 'tag' : output !== undefined ? 'output' : 'comment';
  const trimsAfter = (tagEnd ?? outEnd ?? noteEnd) === '-';
  return {
    ...plain(kind, (tag ?? output ?? note ?? '').trim(), whole, line),
    ownLine: kind !== 'output' && !trimsAfter && isAlone(source, match.index, whole.length),
    trimsBefore: (tagStart ?? outStart ?? noteStart) === '-',
    trimsAfter,
  };
}

/**
 * Tags of one block have lines of their own together or not at all. One whose line begins or ends with nothing, because
 * `-` of its neighbour takes that white space away, has none; and then its own `-` does the same to others.
 */
function settleLines(pieces: readonly RawPiece[]): RawPiece[] {
  const settled = [...pieces];
  const blocks = blocksOf(pieces);
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const block of blocks) {
      if (block.every((index) => keepsOwnLine(settled, index))) continue;
      for (const index of block) {
        const piece = settled[index] as RawPiece;
        hasChanged ||= piece.ownLine;
        settled[index] = { ...piece, ownLine: false, keepsLine: piece.ownLine || piece.keepsLine };
      }
    }
  }
  return settled.map((piece, index) => ({
    ...piece,
    keepsLine: piece.keepsLine || isTrimmedAtEnd(settled, index) || hidesLine(settled, index),
  }));
}

/** At its very end Handlebars takes a template for a line that ends. */
function isTrimmedAtEnd(pieces: readonly RawPiece[], index: number): boolean {
  const { kind, trimsAfter } = pieces[index] as RawPiece;
  return kind === 'tag' && trimsAfter && pieces.slice(index + 1).every(isBlank);
}

/** What is set leaves nothing, and so a tag beside it would seem to have the line for itself. */
function hidesLine(pieces: readonly RawPiece[], index: number): boolean {
  if (pieces[index]?.kind !== 'tag' || pieces[index]?.ownLine || !/^set\b/.test(pieces[index].text))
    return false;
  return [-1, 1].some((step) => {
    const beside = pieces[index + step];
    return (isBlank(beside) ? pieces[index + 2 * step] : beside)?.kind === 'tag';
  });
}

function keepsOwnLine(pieces: readonly RawPiece[], index: number): boolean {
  const [beforeText, text, next] = [pieces[index - 1], pieces[index + 1], pieces[index + 2]];
  const beginsLine = !(isBlank(beforeText) && pieces[index - 2]?.trimsAfter);
  const endsLine = !(isBlank(text) && next?.trimsBefore && !next.ownLine);
  return pieces[index]?.ownLine === true && beginsLine && endsLine;
}

function isBlank(piece: RawPiece | undefined): boolean {
  return piece?.kind === 'text' && piece.text.trim() === '';
}

/** The places of the tags of each `if` and `for`, and each other tag and comment for itself. */
function blocksOf(pieces: readonly Piece[]): number[][] {
  const open: number[][] = [];
  const found: number[][] = [];
  pieces.forEach(({ kind, text }, index) => {
    const word = kind === 'tag' ? /^\w*/.exec(text)?.[0] : undefined;
    if (word === 'if' || word === 'for') open.push([index]);
    else if (word === 'elif' || word === 'else') open.at(-1)?.push(index);
    else if (word === 'endif' || word === 'endfor') found.push([...(open.pop() ?? []), index]);
    else if (kind === 'tag' || kind === 'comment') found.push([index]);
  });
  return found;
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
  if (after?.trimsBefore && !after.ownLine) text = text.trimEnd();
  if (after?.ownLine && after.trimsBefore) text = text.replace(/\s*\n[ \t]*$/, '\n');
  if (after?.ownLine) text = text.replace(/[ \t]+$/, '');
  return { ...rest, text };
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}
