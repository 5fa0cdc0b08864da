import Handlebars from 'handlebars';
import {
  type Leaf,
  leafOf,
  mapNameOf,
  TemplateMistake,
  TOKEN_PREFIX,
  type TokenTable,
  tableOf,
} from './tokens.js';

// What Handlebars hands to a helper as its last argument, as far as it is used here.
interface BlockOptions {
  readonly fn: (context: unknown, options?: { data?: unknown; blockParams?: unknown[] }) => string;
  readonly inverse: (context: unknown) => string;
  readonly data: Record<string, unknown>;
}

/** The only blocks of the template language, each with one argument. */
export const BLOCKS = ['if', 'unless', 'each', 'with'] as const;

/** The only other helpers, with their number of arguments. */
export const HELPERS: Readonly<Record<string, number>> = {
  eq: 2,
  default: 2,
  lookup: 2,
  int: 1,
  bool: 1,
  word: 1,
  shell: 1,
};

/** Registers our helpers on a Handlebars instance; they look at the real values behind tokens. */
export function registerHelpers(handlebars: typeof Handlebars): void {
  handlebars.registerHelper({
    if: ifHelper,
    unless: unlessHelper,
    each: eachHelper,
    with: withHelper,
    eq: (a: unknown, b: unknown) => textOf(a, 'eq') === textOf(b, 'eq'),
    default: (value: unknown, fallback: unknown) => (isEmpty(value) ? fallback : value),
    lookup: lookupHelper,
    int: intHelper,
    bool: boolHelper,
    word: wordHelper,
    shell: shellHelper,
  });
}

function ifHelper(this: unknown, condition: unknown, options: BlockOptions): string {
  return isTruthy(condition) ? options.fn(this) : options.inverse(this);
}

function unlessHelper(this: unknown, condition: unknown, options: BlockOptions): string {
  return isTruthy(condition) ? options.inverse(this) : options.fn(this);
}

function withHelper(this: unknown, value: unknown, options: BlockOptions): string {
  if (!isTruthy(value)) return options.inverse(this);
  return options.fn(value, { data: options.data, blockParams: [value] });
}

function eachHelper(this: unknown, map: unknown, options: BlockOptions): string {
  if (isEmpty(map)) return options.inverse(this);
  const name = mapNameOf(map);
  const table = tableOf(map);
  if (name === undefined || table === undefined) {
    throw new TemplateMistake(`{{#each}} needs a map such as build_env, not ${describe(map)}.`);
  }
  // Built in sorted order, and integer-like keys come first in every JavaScript object: sorting again keeps one order.
  const keys = Object.keys(map as object).sort();
  return keys.length === 0 ? options.inverse(this) : eachEntry(map as object, keys, options, { name, table });
}

function eachEntry(
  map: object,
  keys: readonly string[],
  options: BlockOptions,
  of: { name: string; table: TokenTable },
): string {
  const tokens = keyTokens(map, keys, of);
  let text = '';
  keys.forEach((key, index) => {
    const value = (map as Record<string, unknown>)[key];
    const data = Handlebars.createFrame(options.data);
    Object.assign(data, { key: tokens.get(key), index, first: index === 0, last: index === keys.length - 1 });
    text += options.fn(value, { data, blockParams: [value, tokens.get(key)] });
  });
  return text;
}

// One token for each map and key, so that the same key printed by two loops is one value of the shape.
const knownKeyTokens = new WeakMap<object, Map<string, object>>();

function keyTokens(
  map: object,
  keys: readonly string[],
  of: { name: string; table: TokenTable },
): Map<string, object> {
  const known = knownKeyTokens.get(map);
  if (known !== undefined) return known;
  const domain = `${of.name} key`;
  const tokens = new Map(
    keys.map((key) => [
      key,
      of.table.opaque({ name: `${of.name} key ${key}`, value: key, raw: key, domain }),
    ]),
  );
  knownKeyTokens.set(map, tokens);
  return tokens;
}

function lookupHelper(map: unknown, key: unknown): unknown {
  if (mapNameOf(map) === undefined)
    throw new TemplateMistake(`lookup needs a map such as build_env, not ${describe(map)}.`);
  const text = textOf(key, 'lookup');
  return Object.hasOwn(map as object, text) ? (map as Record<string, unknown>)[text] : undefined;
}

// The next three insert literal text, so what they let through must be harmless anywhere in YAML and in a path.
function intHelper(value: unknown): string {
  const text = literalText(value, 'int');
  const number = Number(text);
  if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new TemplateMistake(
      `${describe(value)} is printed with int, but it is not a whole number; correct the value.`,
    );
  }
  return String(number === 0 ? 0 : number);
}

function boolHelper(value: unknown): string {
  const text = literalText(value, 'bool').toLowerCase();
  if (text !== 'true' && text !== 'false') {
    throw new TemplateMistake(
      `${describe(value)} is printed with bool, but it is not true or false; correct the value.`,
    );
  }
  return text;
}

function wordHelper(value: unknown): string {
  const text = literalText(value, 'word');
  if (!/^[A-Za-z0-9._-]+$/.test(text) || text.includes('..') || text.includes(TOKEN_PREFIX)) {
    throw new TemplateMistake(
      `${describe(value)} is printed with word, but it is not one: use only letters, digits, ".", "_" and "-", and no "..".`,
    );
  }
  return text;
}

/** Quotes a text for POSIX sh; a NUL, which no shell can hold, is dropped by the shell itself. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function shellHelper(value: unknown): unknown {
  if (leafOf(value) === undefined) return quoteForShell(textOf(value, 'shell'));
  return (tableOf(value) as TokenTable).quoted(value as object, quoteForShell);
}

// Literal text is written to files that kustomize reads and may quote in an error: never a secret.
function literalText(value: unknown, helper: string): string {
  const leaf = leafOf(value);
  if (leaf?.name.startsWith('build_secret_env')) {
    throw new TemplateMistake(
      `${leaf.name} is a secret and cannot be printed with ${helper}; give it in env instead.`,
    );
  }
  return textOf(value, helper);
}

function textOf(value: unknown, helper: string): string {
  const leaf = leafOf(value);
  if (leaf !== undefined) return leaf.value;
  if (mapNameOf(value) !== undefined) {
    throw new TemplateMistake(
      `${helper} needs a single value, but ${mapNameOf(value)} is a map; name one of its entries.`,
    );
  }
  return value === undefined || value === null ? '' : String(value);
}

function isTruthy(value: unknown): boolean {
  const leaf = leafOf(value);
  if (leaf !== undefined) return isTruthyRaw(leaf);
  if (mapNameOf(value) !== undefined) return Object.keys(value as object).length > 0;
  return Boolean(value);
}

function isTruthyRaw(leaf: Leaf): boolean {
  return Boolean(leaf.raw);
}

function isEmpty(value: unknown): boolean {
  const leaf = leafOf(value);
  return leaf === undefined ? value === undefined || value === null || value === '' : leaf.value === '';
}

function describe(value: unknown): string {
  const name = leafOf(value)?.name ?? mapNameOf(value);
  if (name !== undefined) return name;
  return value === undefined || value === null
    ? 'a variable that does not exist'
    : JSON.stringify(String(value));
}
