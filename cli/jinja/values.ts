import type { Names } from './bind.js';
import { type Expression, Unconverted } from './expression.js';
import { defaultOf, isMap, kindsOf } from './kinds.js';

/** What names mean at a place of a template. */
export interface Scope {
  readonly names: Names;
  /** The block parameters of the loops around; within a loop other names have to begin at the root. */
  readonly loops: readonly (readonly string[])[];
  /** Takes a remark about a small difference. */
  readonly remark: (sentence: string) => void;
}

export const CONTEXT = [
  'mode',
  'namespace',
  'build_name',
  'build_slug',
  'build_domain',
  'database_prefix',
  'commit_info',
  'image_name',
  'image_tag',
  'image_digest',
  'build_env',
  'build_secret_env',
  'build_template_vars',
];

/** A bound expression as an argument in Handlebars: a path, a literal or a call in parentheses. Throws Unconverted. */
export function argumentOf(expression: Expression, scope: Scope): string {
  switch (expression.kind) {
    case 'text':
      return quoted(expression.value);
    case 'number':
      return numeral(expression.value);
    case 'constant':
      return expression.value === null ? '""' : String(expression.value);
    case 'name':
      return pathOf(expression.name, scope);
    case 'local':
      return expression.path;
    case 'member':
      return memberOf(expression, scope);
    case 'call':
      return callOf(expression.of, expression.args, scope);
    case 'filter':
      return filtered(expression, scope);
    case 'equals':
      return equal(expression.left, expression.right, scope);
    case 'or':
      assertEmptyIsFalse(expression.left);
      return `(default ${argumentOf(expression.left, scope)} ${argumentOf(expression.right, scope)})`;
    default:
      throw new Unconverted('the expression is too complex for a bundle; compute it in templateVars.');
  }
}

function quoted(text: string): string {
  const quote = text.includes('"') ? "'" : '"';
  if (text.includes(quote) || text.includes('\\'))
    throw new Unconverted('a text with both kinds of quotes, or a backslash, cannot be written in a bundle.');
  return `${quote}${text}${quote}`;
}

/** Throws Unconverted for a number that Jinja would print in another way than it is written. */
export function numeral(text: string): string {
  if (String(Number(text)) === text && Number.isSafeInteger(Number(text))) return text;
  throw new Unconverted(`the number ${text} is not a plain whole one; write it by hand.`);
}

function pathOf(name: string, { loops }: Scope): string {
  if (!CONTEXT.includes(name))
    throw new Unconverted(`runboat gives templates no "${name}"; there are ${CONTEXT.join(', ')}.`);
  return loops.length > 0 ? `@root.${name}` : name;
}

// What `of.name` is for every dictionary of Python, whatever its entries.
const METHODS = new Set('clear copy fromkeys get items keys pop popitem setdefault update values'.split(' '));
// Words that mean something else between the dots of a path.
const RESERVED = new Set(['this', 'true', 'false', 'null', 'undefined', 'as', 'else']);

function memberOf({ of, key, dotted }: Expression & { kind: 'member' }, scope: Scope): string {
  if (of.kind === 'loop') return loopVariable(of, key, scope);
  if (of.kind === 'name' && of.name === 'mode') return modeOf(key, scope);
  const isCommit = of.kind === 'name' && of.name === 'commit_info';
  if (!isCommit && !isMap(of))
    throw new Unconverted('only maps such as build_env have entries; compute the value in templateVars.');
  if (isCommit && kindsOf({ kind: 'member', of, key, dotted }).has('unknown'))
    throw new Unconverted('commit_info has repo, target_branch, pr and git_commit, and nothing else.');
  const map = argumentOf(of, scope);
  if (key.kind !== 'text') return `(lookup ${map} ${textKey(key, scope)})`;
  if (dotted && METHODS.has(key.value))
    throw new Unconverted(`.${key.value} is a method; write ["${key.value}"] for the entry of that name.`);
  if (/^[A-Za-z_]\w*$/.test(key.value) && !RESERVED.has(key.value)) return `${map}.${key.value}`;
  if (/^[^[\]\\]+$/.test(key.value)) return `${map}.[${key.value}]`;
  throw new Unconverted(`"${key.value}" cannot be the name of an entry.`);
}

function textKey(key: Expression, scope: Scope): string {
  const kinds = kindsOf(key);
  if (kinds.has('text') && !kinds.has('number') && !kinds.has('flag')) return argumentOf(key, scope);
  throw new Unconverted('the names of entries are texts; write it in quotes.');
}

/** The Python runboat's mode is an enumeration. */
function modeOf(key: Expression, scope: Scope): string {
  if (key.kind === 'text' && (key.value === 'value' || key.value === 'name')) return pathOf('mode', scope);
  throw new Unconverted('of mode there is only its value; compare it with ==.');
}

const LOOP_VARIABLES: Readonly<Record<string, string>> = {
  index0: '@index',
  first: '@first',
  last: '@last',
};

function loopVariable(loop: Expression & { kind: 'loop' }, key: Expression, { loops }: Scope): string {
  const variable = key.kind === 'text' ? LOOP_VARIABLES[key.value] : undefined;
  if (variable === undefined || key.kind !== 'text')
    throw new Unconverted(
      `loop.${key.kind === 'text' ? key.value : '...'} has no counterpart; there are loop.index0, loop.first and loop.last.`,
    );
  if (loop.filtered)
    throw new Unconverted(`loop.${key.value} would count what the condition of the loop leaves out, too.`);
  if (loop.depth !== loops.length)
    throw new Unconverted(`loop.${key.value} of an outer loop cannot be used within an inner one.`);
  return variable;
}

function callOf(of: Expression, args: readonly Expression[], scope: Scope): string {
  if (of.kind !== 'member' || of.key.kind !== 'text')
    throw new Unconverted('functions cannot be called in a bundle; compute the value in templateVars.');
  const [key, fallback] = args;
  if (of.key.value !== 'get' || !key || !isMap(of.of))
    throw new Unconverted(
      `.${of.key.value}() cannot be used in a bundle; write the value as it shall be in templateVars.`,
    );
  const found = `(lookup ${argumentOf(of.of, scope)} ${textKey(key, scope)})`;
  if (fallback === undefined) return found;
  scope.remark(EMPTY_TOO);
  return `(default ${found} ${argumentOf(fallback, scope)})`;
}

const EMPTY_TOO = 'the default stands in for an empty value too, not only for a missing one';

function filtered(expression: Expression & { kind: 'filter' }, scope: Scope): string {
  const { of, name, args } = expression;
  const fallback = defaultOf(name, args);
  if (fallback) return defaulted(of, fallback, scope);
  if (args.length > 0) throw new Unconverted(`the filter ${name} cannot have arguments in a bundle.`);
  switch (name) {
    // Values never meet YAML, and Jinja does nothing here either.
    case 'string':
    case 'safe':
      return argumentOf(of, scope);
    case 'e':
    case 'escape':
    case 'forceescape':
      scope.remark('nothing is escaped for HTML');
      return argumentOf(of, scope);
    case 'int':
      scope.remark('what is no whole number is refused, and not taken for 0');
      return `(int ${argumentOf(of, scope)})`;
    default:
      throw new Unconverted(
        `the filter ${name} has no counterpart; write the value as it shall be in templateVars.`,
      );
  }
}

function defaulted(
  of: Expression,
  { value, alsoEmpty }: { value: Expression; alsoEmpty: boolean },
  scope: Scope,
): string {
  if (alsoEmpty) assertEmptyIsFalse(of);
  else if (!kindsOf(of).has('missing') && !kindsOf(of).has('unknown')) return argumentOf(of, scope);
  else scope.remark(EMPTY_TOO);
  return `(default ${argumentOf(of, scope)} ${argumentOf(value, scope)})`;
}

/** The helper `default` replaces what is empty, but not 0 and false. */
function assertEmptyIsFalse(expression: Expression): void {
  const kinds = kindsOf(expression);
  if (kinds.has('zero') || kinds.has('flag') || kinds.has('map'))
    throw new Unconverted('a default takes the place of empty texts only, not of 0 and false; write an if.');
}

/** The helper `eq` compares as text, Jinja by type: only what has one type can be compared. */
function equal(left: Expression, right: Expression, scope: Scope): string {
  const kinds = new Set([...kindsOf(left), ...kindsOf(right)]);
  const mayBeAbsent = kinds.delete('missing') || kinds.delete('nothing');
  for (const kind of ['missing', 'nothing', 'zero'] as const) kinds.delete(kind);
  const [only] = kinds;
  if (kinds.size !== 1 || only === 'map' || only === 'list' || only === 'unknown')
    throw new Unconverted(
      'it compares things of different types, which are never equal in Jinja; compare texts with texts in quotes.',
    );
  if (mayBeAbsent && only === 'text' && !isFilled(left) && !isFilled(right))
    scope.remark('an entry that is missing counts as empty');
  return `(eq ${argumentOf(left, scope)} ${argumentOf(right, scope)})`;
}

function isFilled(expression: Expression): boolean {
  return expression.kind === 'text' && expression.value !== '';
}
