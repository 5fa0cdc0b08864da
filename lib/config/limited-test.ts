import { createContext, Script } from 'node:vm';

/** So much of the processor's time one match may take, milliseconds; a usual one takes a thousandth of one. */
const LIMIT_MS = 50;
/** A process that was not given the processor is asked again, but not for ever. */
const MAX_TRIES = 20;
/** Ways to match, counted too high rather than too low, that are all tried in a few milliseconds. */
const FEW_WAYS = 2 ** 20;
/** Longer texts are not tested; see `matchRule`. */
const LONGEST_TEXT = 256;
const REMEMBERED_TEXTS = 1_000;

/** A class or an escape is one thing; a group begins, ends, has alternatives; something is repeated. */
const PART =
  /\\[pPu]\{[^}]*\}|\\.|\[(?:\\.|[^\\\]])*\]|(?<open>\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?)|(?<close>\))|(?<or>\|)|(?<repeat>[*+?]|\{(?<least>\d+)(?<range>,(?<most>\d*))?\})\??|./gsu;

const sandbox: { pattern: RegExp; text: string } = { pattern: /./, text: '' };
const context = createContext(sandbox);
const script = new Script('pattern.test(text)');

interface Remembered {
  readonly isQuick: boolean;
  /** By text, oldest first; of patterns that are not quick. */
  readonly answers: Map<string, boolean | undefined>;
}

const remembered = new WeakMap<RegExp, Remembered>();

/**
 * Whether a pattern, which has no state, matches a text of at most 255 characters; undefined when that takes too long
 * to find out. Some patterns try a number of ways that doubles with each character, and nothing else would run
 * meanwhile. Patterns that cannot do so are tested at once, the others with a time limit, and each text once: only then
 * `onTooLong` may be called.
 */
export function testWithin(pattern: RegExp, text: string, onTooLong: () => void): boolean | undefined {
  const { isQuick, answers } = recall(pattern);
  if (isQuick) return pattern.test(text);
  if (answers.has(text)) return answers.get(text);
  const answer = testLimited(pattern, text);
  const [oldest] = answers.keys();
  if (answers.size >= REMEMBERED_TEXTS && oldest !== undefined) answers.delete(oldest);
  answers.set(text, answer);
  if (answer === undefined) onTooLong();
  return answer;
}

function recall(pattern: RegExp): Remembered {
  let known = remembered.get(pattern);
  if (known === undefined) {
    known = { isQuick: waysToMatch(pattern.source) <= FEW_WAYS, answers: new Map() };
    remembered.set(pattern, known);
  }
  return known;
}

function testLimited(pattern: RegExp, text: string): boolean | undefined {
  sandbox.pattern = pattern;
  sandbox.text = text;
  const before = process.cpuUsage();
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      return script.runInContext(context, { timeout: LIMIT_MS });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    }
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 >= LIMIT_MS / 2) return undefined;
  }
  return undefined;
}

/**
 * At most so many ways a backtracking search tries for a short text: the product of what each repetition and each
 * choice allows. Infinite when a group is repeated, for then they multiply with each turn.
 */
export function waysToMatch(source: string): number {
  let ways = 1;
  let alternatives = 1;
  const outer: number[] = [];
  let isAfterGroup = false;
  for (const { groups = {} } of source.matchAll(PART)) {
    if (groups['open'] !== undefined) {
      outer.push(alternatives);
      alternatives = 1;
    }
    if (groups['close'] !== undefined) {
      ways *= alternatives;
      alternatives = outer.pop() ?? 1;
    }
    if (groups['or'] !== undefined) alternatives++;
    if (groups['repeat'] !== undefined) {
      if (isAfterGroup && groups['repeat'] !== '?') return Number.POSITIVE_INFINITY;
      ways *= turnsOf(groups);
    }
    isAfterGroup = groups['close'] !== undefined;
  }
  return ways * alternatives;
}

/** Numbers of turns that a repetition can make. */
function turnsOf({ repeat, least, range, most }: Record<string, string | undefined>): number {
  if (repeat === '?') return 2;
  if (least === undefined) return LONGEST_TEXT;
  if (range === undefined) return 1;
  return most ? Math.min(Number(most) - Number(least) + 1, LONGEST_TEXT) : LONGEST_TEXT;
}
