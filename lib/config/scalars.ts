const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const DURATION =
  /^(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m)?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+)ms)?$/;

const TRUE = new Set(['true', '1', 'yes', 'on', 't', 'y']);
const FALSE = new Set(['false', '0', 'no', 'off', 'f', 'n']);

/**
 * Milliseconds of a duration such as `30m`, `72h`, `500ms` or `1h30m`: each unit at most once, the largest
 * first. `0` needs no unit. Undefined when the text is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const groups = text === '' ? undefined : DURATION.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const parts = Object.entries(UNITS).map(([unit, size]) => Number(groups[unit] ?? 0) * size);
  const total = Math.round(parts.reduce((sum, part) => sum + part, 0));
  return Number.isSafeInteger(total) ? total : undefined;
}

/** The boolean that an environment variable says, in any case: true/false, 1/0, yes/no, on/off, t/f, y/n. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : undefined;
}

/** The whole number that an environment variable says; undefined when it says none. */
export function parseInteger(text: string): number | undefined {
  return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** The items of `a, b,c`, or of a JSON list of texts; undefined when it is neither. */
export function parseList(text: string): string[] | undefined {
  if (text.trimStart().startsWith('[')) return parseJsonList(text);
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parseJsonList(text: string): string[] | undefined {
  const result = parseJson(text);
  if ('error' in result || !Array.isArray(result.parsed.value)) return undefined;
  const items: unknown[] = result.parsed.value;
  return items.every((item) => typeof item === 'string') ? items : undefined;
}

/**
 * A document twice: with its values, and with each scalar as the text that was written, because a number's
 * text (`16.0`) is lost once it is a number.
 */
export interface Parsed {
  readonly value: unknown;
  readonly text: unknown;
}

const JSON_SCALAR = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false/g;

/** Parses JSON. The error is a sentence without any of the text, which may hold secrets. */
export function parseJson(source: string): { parsed: Parsed } | { error: string } {
  try {
    const value: unknown = JSON.parse(source);
    const quoted = source.replace(JSON_SCALAR, (scalar) => (scalar.startsWith('"') ? scalar : `"${scalar}"`));
    return { parsed: { value, text: JSON.parse(quoted) } };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const position = /at position (\d+)/.exec(error.message)?.[1];
    const where = position === undefined ? '' : ` (look at character ${Number(position) + 1})`;
    return { error: `is not valid JSON${where}` };
  }
}
