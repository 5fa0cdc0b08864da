import { type Expression, parseExpression, Unconverted } from './expression.js';
import { type Piece, splitTemplate } from './pieces.js';

export interface Branch {
  readonly condition: Expression;
  readonly body: readonly TemplateNode[];
}

export interface IfNode {
  readonly kind: 'if';
  readonly branches: readonly Branch[];
  readonly whenFalse: readonly TemplateNode[] | undefined;
  /** Whether all its tags have lines of their own. */
  readonly ownLines: boolean;
  readonly line: number;
}

export interface ForNode {
  readonly kind: 'for';
  /** One variable, or key and value. */
  readonly variables: readonly string[];
  readonly over: Expression;
  readonly condition: Expression | undefined;
  readonly body: readonly TemplateNode[];
  readonly whenFalse: readonly TemplateNode[] | undefined;
  readonly line: number;
}

/** A Jinja template as a tree. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  | { readonly kind: 'comment'; readonly text: string }
  /** Keeps the end of a line that has only a tag, which Handlebars would take away. */
  | { readonly kind: 'lineKept' }
  | {
      readonly kind: 'output';
      readonly value: Expression;
      /** Whether it is a whole value of YAML, without quotes. */
      readonly isScalar: boolean;
      readonly line: number;
    }
  | { readonly kind: 'set'; readonly name: string; readonly value: Expression; readonly line: number }
  | IfNode
  | ForNode
  /** What cannot be converted, kept as it stands. */
  | { readonly kind: 'kept'; readonly source: string; readonly line: number; readonly why: string }
  /** The same, told already. */
  | { readonly kind: 'left'; readonly source: string; readonly line: number };

/** Parses a template. Throws Unconverted, with `line N:`, when its tags do not match. */
export function parseTemplate(source: string): TemplateNode[] {
  return new Reader(splitTemplate(source)).readUntil([]);
}

interface Tag {
  readonly word: string;
  readonly rest: string;
  readonly piece: Piece;
}

class Reader {
  private at = 0;
  constructor(private readonly pieces: readonly Piece[]) {}

  /** Reads up to a tag that begins with one of these words, which stays to be read. */
  readUntil(words: readonly string[], opened?: Piece): TemplateNode[] {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const piece = this.pieces[this.at];
      if (!piece) {
        if (!opened) return nodes;
        throw new Unconverted(`line ${opened.line}: ${opened.source} is never closed.`);
      }
      if (piece.kind === 'tag' && words.includes(tagOf(piece).word)) return nodes;
      this.at++;
      nodes.push(...this.read(piece));
    }
  }

  private read(piece: Piece): TemplateNode[] {
    const { kind, text, line } = piece;
    if (kind === 'raw') return [{ kind: 'text', text, line }];
    if (kind === 'text') {
      const open = /\{[{%#]/.exec(text)?.[0];
      return [open ? kept(piece, `${open} is never closed; correct it.`) : { kind, text, line }];
    }
    if (kind === 'comment') return [{ kind, text }];
    if (kind === 'output') {
      const isScalar = standsAlone(this.pieces[this.at - 2], this.pieces[this.at]);
      return [attempt(piece, () => ({ kind, value: parseExpression(text), isScalar, line }))];
    }
    return this.readTag(tagOf(piece));
  }

  private readTag(tag: Tag): TemplateNode[] {
    switch (tag.word) {
      case 'if':
        return this.readIf(tag);
      case 'for':
        return this.readFor(tag);
      case 'set':
        return [attempt(tag.piece, () => parseSet(tag)), ...lineKept(tag)];
      case 'elif':
      case 'else':
      case 'endif':
      case 'endfor':
        throw new Unconverted(`line ${tag.piece.line}: ${tag.piece.source} has no beginning.`);
      default:
        return [kept(tag.piece, `{% ${tag.word} %} cannot be used in a bundle; write its text out.`)];
    }
  }

  private readIf(opening: Tag): TemplateNode[] {
    const parts: { tag: Tag; body: TemplateNode[] }[] = [];
    let tag = opening;
    while (tag.word !== 'endif') {
      const body = this.readUntil(['elif', 'else', 'endif'], opening.piece);
      parts.push({ tag, body: [...lineKept(tag), ...body] });
      tag = this.take();
    }
    const closing = tag.piece;
    const own = [...parts.map((part) => part.tag.piece), closing];
    try {
      const ownLines = own.every(({ ownLine }) => ownLine);
      const branches = parts
        .filter((part) => part.tag.word !== 'else')
        .map(({ tag: { rest }, body }) => ({ condition: parseExpression(rest), body }));
      const whenFalse = parts.find((part) => part.tag.word === 'else')?.body;
      return [{ kind: 'if', branches, whenFalse, ownLines, line: opening.piece.line }, ...lineKept(tag)];
    } catch (error) {
      return keptBlock(parts, closing, error);
    }
  }

  private readFor(opening: Tag): TemplateNode[] {
    const body = [...lineKept(opening), ...this.readUntil(['else', 'endfor'], opening.piece)];
    const parts = [{ tag: opening, body }];
    let closing = this.take();
    if (closing.word === 'else') {
      const otherwise = [...lineKept(closing), ...this.readUntil(['endfor'], opening.piece)];
      parts.push({ tag: closing, body: otherwise });
      closing = this.take();
    }
    try {
      return [{ ...parseFor(opening), body, whenFalse: parts[1]?.body }, ...lineKept(closing)];
    } catch (error) {
      return keptBlock(parts, closing.piece, error);
    }
  }

  private take(): Tag {
    return tagOf(this.pieces[this.at++] as Piece);
  }
}

/** Whether what stands between two pieces is all that follows a key or a dash of YAML. */
function standsAlone(before: Piece | undefined, after: Piece | undefined): boolean {
  if (before?.kind !== 'text' || !/[:-][ \t]+$/.test(before.text)) return false;
  return after === undefined || (after.kind === 'text' && /^[ \t]*(?:\r?\n|$|[,}\]])/.test(after.text));
}

function lineKept({ piece }: Tag): TemplateNode[] {
  return piece.keepsLine ? [{ kind: 'lineKept' }] : [];
}

function tagOf(piece: Piece): Tag {
  const [, word = '', rest = ''] = /^(\w*)\s*([\s\S]*)$/.exec(piece.text) ?? [];
  return { word, rest, piece };
}

function parseSet({ rest, piece }: Tag): TemplateNode {
  const match = /^([A-Za-z_]\w*)\s*=(?!=)\s*([\s\S]+)$/.exec(rest);
  if (!match) throw new Unconverted('only {% set name = value %} can be converted; write the text out.');
  const [, name = '', value = ''] = match;
  return { kind: 'set', name, value: parseExpression(value), line: piece.line };
}

function parseFor({ rest, piece }: Tag): Omit<ForNode, 'body' | 'whenFalse'> {
  const match = /^([A-Za-z_]\w*)(?:\s*,\s*([A-Za-z_]\w*))?\s+in\s+([\s\S]+?)(?:\s+if\s+([\s\S]+))?$/.exec(
    rest,
  );
  if (!match) throw new Unconverted('only loops over a map can be converted; write the text out.');
  const [, first = '', second, over = '', condition] = match;
  return {
    kind: 'for',
    variables: second === undefined ? [first] : [first, second],
    over: parseExpression(over),
    condition: condition === undefined ? undefined : parseExpression(condition),
    line: piece.line,
  };
}

function attempt(piece: Piece, convert: () => TemplateNode): TemplateNode {
  try {
    return convert();
  } catch (error) {
    if (error instanceof Unconverted) return kept(piece, error.message);
    throw error;
  }
}

function kept({ source, line }: Piece, why: string): TemplateNode {
  return { kind: 'kept', source, line, why };
}

/** The tags stay, what stands between them is converted all the same. */
function keptBlock(
  parts: readonly { tag: Tag; body: readonly TemplateNode[] }[],
  closing: Piece,
  error: unknown,
): TemplateNode[] {
  if (!(error instanceof Unconverted)) throw error;
  const nodes = parts.flatMap(({ tag, body }, index) => [
    index === 0 ? kept(tag.piece, error.message) : keptQuietly(tag.piece),
    ...body,
  ]);
  return [...nodes, keptQuietly(closing)];
}

/** Told already with the beginning of its block. */
function keptQuietly({ source, line }: Piece): TemplateNode {
  return { kind: 'left', source, line };
}
