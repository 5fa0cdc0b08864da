/** A regular expression's parts: an escape, the beginning of a named group, one character. */
const PART = /\\(?<escaped>.)|\(\?P(?=<)|./gsu;
/** Letters and digits have a meaning after a backslash; these have none and need it. */
const KEPT_ESCAPE = /[A-Za-z0-9^$\\.*+?()[\]{}|/]/;

/**
 * Compiles a regular expression as existing configurations write it (Python's): `\A`, `\Z`, `(?P<n>` and
 * needless escapes of punctuation are translated, then flag `u` refuses what is unknown. The result is
 * anchored at the start. Throws SyntaxError.
 */
export function compilePattern(source: string, options: { ignoreCase: boolean }): RegExp {
  const flags = options.ignoreCase ? 'iu' : 'u';
  const translated = translatePattern(source);
  // Alone first: `a)|(b` would be valid inside the group that anchors all alternatives.
  new RegExp(translated, flags);
  return new RegExp(`^(?:${translated})`, flags);
}

/** `\A` to `^`, `\Z` to `$`, `(?P<n>` to `(?<n>`, punctuation that needs no escape without its backslash. */
export function translatePattern(source: string): string {
  let inClass = false;
  return source.replace(PART, (part, escaped: string | undefined) => {
    if (escaped !== undefined) return translateEscape(escaped, inClass);
    if (part === '[') inClass = true;
    if (part === ']') inClass = false;
    if (part !== '(?P') return part;
    return inClass ? part : '(?';
  });
}

/** A class gives `-` a meaning, and has no anchors. */
function translateEscape(escaped: string, inClass: boolean): string {
  if (escaped === 'A' && !inClass) return '^';
  if (escaped === 'Z' && !inClass) return '$';
  if (KEPT_ESCAPE.test(escaped) || (inClass && escaped === '-')) return `\\${escaped}`;
  // By its number, so that it is never read together with its neighbours (`{1\,2}` is no repetition).
  return `\\u{${escaped.codePointAt(0)!.toString(16)}}`;
}

/** Why a regular expression was refused, without the expression itself. */
export function patternReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.slice(message.lastIndexOf(': ') + 2);
}
