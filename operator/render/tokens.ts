import { randomBytes } from 'node:crypto';
import type { TemplateVar } from './types.js';

/**
 * Placeholder tokens: what a template prints in the place of a value. `zq`, random hex of this process, the index
 * of the first printing with fixed width, `z`: legal in names, labels and images, and a string to every YAML reader.
 */
export const TOKEN_PREFIX = `zq${randomBytes(6).toString('hex')}`;
const DIGITS = 4;
const MAX_TOKENS = 10 ** DIGITS;
const TOKEN_PATTERN = new RegExp(`${TOKEN_PREFIX}(\\d{${DIGITS}})z`);
const TOKEN_PATTERN_ALL = new RegExp(TOKEN_PATTERN.source, 'g');

/** A value that a template may print or ask about. */
export interface Leaf {
  /** How the template's author calls it: `build_env.PGHOST`. */
  readonly name: string;
  /** Its text, as it will stand in the resource. */
  readonly value: string;
  /** The value with its type, for the self-check. */
  readonly raw: TemplateVar;
  /** Which domain sample values are drawn from; the same as the name outside of the maps. */
  readonly domain: string;
  /** Set on what the helper `shell` derives: the leaf that was quoted. */
  readonly quotedFrom?: Leaf;
}

/** A mistake of a template's author (or of a value), found while rendering; the message is a sentence. */
export class TemplateMistake extends Error {
  /** The variable that the template asked for and that does not exist, like `build_env.PGHOST`. */
  readonly missing?: string;

  constructor(sentence: string, missing?: string) {
    super(sentence);
    if (missing !== undefined) this.missing = missing;
  }
}

interface Printable {
  readonly table: TokenTable;
  readonly leaf?: Leaf;
  readonly mapName?: string;
}

// Values live outside of what Handlebars sees, so no path expression can reach them.
const printables = new WeakMap<object, Printable>();

function print(this: object): string {
  const printable = printables.get(this) as Printable;
  return printable.table.print(this, printable);
}

const OPAQUE: PropertyDescriptorMap = { [Symbol.toPrimitive]: { value: print } };

// Shared by all leaves and itself without a prototype, so that no name finds anything; a constructor, because objects
// from Object.create(null) are several times slower to make.
function Opaque() {}
Opaque.prototype = Object.freeze(Object.create(null, OPAQUE));
const OpaqueLeaf = Opaque as unknown as new () => object;

/** The tokens of one rendering of a bundle, by order of first printing. */
export class TokenTable {
  /** Printed leaves; the position is the index in the token. */
  readonly leaves: Leaf[] = [];
  private readonly indexes = new Map<object, number>();
  private readonly derived = new Map<object, object>();
  private printedMap: string | undefined;

  /** An opaque object that prints as a token. */
  opaque(leaf: Leaf): object {
    const object = Object.freeze(new OpaqueLeaf());
    printables.set(object, { table: this, leaf });
    return object;
  }

  /** A frozen map without a prototype; printing it is a mistake that `assertNoMapPrinted` reports. */
  map(name: string, entries: Iterable<readonly [string, object]>): object {
    const object = Object.create(null, OPAQUE);
    for (const [key, value] of entries) Object.defineProperty(object, key, { value, enumerable: true });
    printables.set(object, { table: this, mapName: name });
    return Object.freeze(object);
  }

  /** The token for the shell-quoted text of an opaque object: one for each, so that equal uses share a token. */
  quoted(object: object, quote: (text: string) => string): object {
    const known = this.derived.get(object);
    if (known !== undefined) return known;
    const leaf = leafOf(object) as Leaf;
    const value = quote(leaf.value);
    const derived = this.opaque({ ...leaf, name: `shell ${leaf.name}`, value, raw: value, quotedFrom: leaf });
    this.derived.set(object, derived);
    return derived;
  }

  /** What an opaque object prints: its token, or nothing for an empty text outside of the environment. */
  print(object: object, printable: Printable): string {
    const { leaf, mapName } = printable;
    if (leaf === undefined) {
      this.printedMap ??= mapName ?? 'a map';
      return this.printedMap;
    }
    if (leaf.value === '' && !isEnvironment(leaf)) return '';
    const index = this.indexes.get(object) ?? this.indexes.size;
    if (index === this.leaves.length) this.add(object, leaf);
    return tokenText(index);
  }

  /** Throws TemplateMistake when the text just rendered printed a whole map. */
  assertNoMapPrinted(): void {
    if (this.printedMap === undefined) return;
    throw new TemplateMistake(
      `it prints ${this.printedMap}, which is a map; print one of its entries, or use {{#each ${this.printedMap}}}.`,
    );
  }

  private add(object: object, leaf: Leaf): void {
    if (this.leaves.length >= MAX_TOKENS) {
      throw new TemplateMistake(`it prints more than ${MAX_TOKENS} different values; print fewer.`);
    }
    this.indexes.set(object, this.leaves.length);
    this.leaves.push(leaf);
  }
}

function isEnvironment(leaf: Leaf): boolean {
  return leaf.domain.startsWith('build_env') || leaf.domain.startsWith('build_secret_env');
}

function tokenText(index: number): string {
  return `${TOKEN_PREFIX}${String(index).padStart(DIGITS, '0')}z`;
}

/** The leaf behind an opaque object, undefined for anything else. */
export function leafOf(value: unknown): Leaf | undefined {
  return isObject(value) ? printables.get(value)?.leaf : undefined;
}

/** The table an opaque object belongs to, undefined for anything else. */
export function tableOf(value: unknown): TokenTable | undefined {
  return isObject(value) ? printables.get(value)?.table : undefined;
}

/** The name of a map handed to templates, undefined for anything else. */
export function mapNameOf(value: unknown): string | undefined {
  return isObject(value) ? printables.get(value)?.mapName : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A text cut at its tokens: literal, index, literal, index, ..., literal; undefined when it has no token. */
export type Pieces = readonly (string | number)[];

/** Cuts a text at its tokens; a literal that still has the prefix is left for the caller to refuse. */
export function cut(text: string): Pieces | undefined {
  if (!text.includes(TOKEN_PREFIX)) return undefined;
  return text.split(TOKEN_PATTERN).map((piece, position) => (position % 2 === 1 ? Number(piece) : piece));
}

/** Turns tokens back into what the author wrote, for messages. */
export function nameTokens(text: string, leaves: readonly Leaf[]): string {
  return text.replace(
    TOKEN_PATTERN_ALL,
    (_token, index) => `{{${leaves[Number(index)]?.name ?? 'a value'}}}`,
  );
}

/** Puts values in the place of tokens in one text. */
export function fillTokens(text: string, values: readonly string[]): string {
  return text.replace(TOKEN_PATTERN_ALL, (token, index) => values[Number(index)] ?? token);
}

/** The index of the token that a text consists of, undefined when it is anything else. */
export function onlyToken(text: string): number | undefined {
  const pieces = cut(text);
  if (pieces?.length !== 3 || pieces[0] !== '' || pieces[2] !== '') return undefined;
  return pieces[1] as number;
}
