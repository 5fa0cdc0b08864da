import { parseJson } from './scalars.js';

/** What a `.env` file says. */
export interface EnvFile {
  readonly variables: Readonly<Record<string, string>>;
  /** What cannot be read, by the number of its line, from 1. No message holds any of the text. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

interface Reader {
  readonly text: string;
  at: number;
}

const BLANK_OR_COMMENT = /\s*(?:#[^\r\n]*)?(?:\r\n|\n|\r|$)/y;
const NAME = /\s*(?:export[^\S\r\n]+)?(?:'([^'\r\n]+)'|([^=#\s'"]+))[^\S\r\n]*/y;
const EQUALS = /=([^\S\r\n]*)/y;
const SINGLE_QUOTED = /'((?:\\.|[^'\\])*)'/sy;
const DOUBLE_QUOTED = /"((?:\\.|[^"\\])*)"/sy;
const PLAIN = /[^\r\n]*/y;
const END = /[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|$)/y;
const REST_OF_LINE = /[^\r\n]*(?:\r\n|\n|\r|$)/y;
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/**
 * Reads a `.env` file as python-dotenv does, by which existing ones are read: comments, `export`, single and double
 * quotes over several lines, `${NAME}` and `${NAME:-default}` outside of single quotes, looked up in the environment
 * first and then in the lines above. A name without `=` sets nothing. The last of several lines for a name counts.
 */
export function parseEnvFile(text: string, environment: NodeJS.ProcessEnv): EnvFile {
  const reader: Reader = { text: text.replace(/^\uFEFF/, ''), at: 0 };
  const variables: Record<string, string> = {};
  const problems: { line: number; message: string }[] = [];
  const lookUp = (name: string) => environment[name] ?? variables[name];
  while (reader.at < reader.text.length) {
    if (take(reader, BLANK_OR_COMMENT)) continue;
    const begin = reader.at;
    const line = lineOf(reader.text, begin);
    const message = readLine(reader, (name, value) => {
      variables[name] = value(lookUp);
    });
    if (message === undefined) continue;
    problems.push({ line, message });
    reader.at = begin;
    take(reader, /\s*/y);
    take(reader, REST_OF_LINE);
  }
  return { variables, problems };
}

type LookUp = (name: string) => string | undefined;
type Value = (lookUp: LookUp) => string;

/** Reads one assignment and hands it on; what is wrong instead. */
function readLine(reader: Reader, set: (name: string, value: Value) => void): string | undefined {
  const name = take(reader, NAME);
  if (!name) return 'is no `NAME=value`';
  const equals = take(reader, EQUALS);
  const value = equals && readValue(reader, equals[1] !== '');
  if (equals && value === undefined) return 'begins with a quote that has no end';
  if (!take(reader, END)) return equals ? 'has more after the closing quote' : 'is no `NAME=value`';
  if (value) set(name[1] ?? name[2] ?? '', value);
  return undefined;
}

/** Undefined when a quote is not closed. */
function readValue(reader: Reader, isAfterSpace: boolean): Value | undefined {
  const first = reader.text[reader.at];
  if (first === "'") {
    const quoted = take(reader, SINGLE_QUOTED);
    return quoted && (() => singleQuoted(quoted[1] ?? ''));
  }
  if (first === '"') {
    const quoted = take(reader, DOUBLE_QUOTED);
    return quoted && ((lookUp) => expand(doubleQuoted(quoted[1] ?? ''), lookUp));
  }
  const plain = take(reader, PLAIN)?.[0] ?? '';
  const isComment = isAfterSpace && plain.startsWith('#');
  return (lookUp) => (isComment ? '' : expand(plain.replace(/\s+#.*$/, '').trimEnd(), lookUp));
}

/**
 * python-dotenv halves backslashes here, shells and Docker Compose do not. JSON tells which was meant: `"\\d"` is
 * JSON only as it stands.
 */
function singleQuoted(text: string): string {
  const asItStands = text.replaceAll("\\'", "'");
  const halved = text.replace(/\\([\\'])/g, '$1');
  return halved !== asItStands && isJson(asItStands) && !isJson(halved) ? asItStands : halved;
}

function isJson(text: string): boolean {
  return 'parsed' in parseJson(text);
}

function doubleQuoted(text: string): string {
  return text.replace(/\\(.)/gs, (pair, letter: string) => ESCAPES[letter] ?? pair);
}

function expand(text: string, lookUp: LookUp): string {
  return text.replace(REFERENCE, (_reference, name: string, otherwise = '') => lookUp(name) ?? otherwise);
}

function take(reader: Reader, expression: RegExp): RegExpExecArray | undefined {
  expression.lastIndex = reader.at;
  const found = expression.exec(reader.text);
  if (found === null) return undefined;
  reader.at = expression.lastIndex;
  return found;
}

function lineOf(text: string, at: number): number {
  const skipped = /\s*/y;
  skipped.lastIndex = at;
  skipped.exec(text);
  return text.slice(0, skipped.lastIndex).split(/\r\n|\n|\r/).length;
}
