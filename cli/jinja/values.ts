import { type Expression, Unconverted } from './expression.js';

/** Paths and literals of Handlebars by the names of the Jinja template. */
export type Names = ReadonlyMap<string, string | typeof UNSURE>;

/** What names mean at a place of a template. */
export interface Scope {
  /** By `set` and by loops: the Handlebars path or literal of each. */
  readonly names: Names;
  /** Within a loop, where other names have to begin at the root. */
  readonly inLoop: boolean;
  /** Takes a remark about a small difference. */
  readonly remark: (sentence: string) => void;
}

const CONTEXT = [
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

/** Stands for a name that was set within an `if`: a template of a bundle cannot tell which value it has after it. */
export const UNSURE = Symbol('set within an if');

/** The maps that a loop can go over. */
export const MAPS = ['build_env', 'build_secret_env', 'build_template_vars'];

// Their work is done by our renderer, or is none: values never meet YAML.
const TRANSPARENT = new Set(['string', 'e', 'escape', 'safe', 'forceescape']);

/** An expression as an argument in Handlebars: a path, a literal or a call in parentheses. Throws Unconverted. */
export function argumentOf(expression: Expression, scope: Scope): string {
  switch (expression.kind) {
    case 'text':
      return quoted(expression.value);
    case 'number':
      return expression.value;
    case 'constant':
      return expression.value === null ? '""' : String(expression.value);
    case 'name':
      return pathOf(expression.name, scope);
    case 'member':
      return memberOf(expression.of, expression.key, scope);
    case 'call':
      return callOf(expression.of, expression.args, scope);
    case 'filter':
      return filtered(expression, scope);
    case 'equals':
      return `(eq ${argumentOf(expression.left, scope)} ${argumentOf(expression.right, scope)})`;
    case 'or':
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

function pathOf(name: string, { names, inLoop }: Scope): string {
  const known = names.get(name);
  if (known === UNSURE)
    throw new Unconverted(`"${name}" was set within an if; write what depends on it into that if.`);
  if (known !== undefined) return known;
  if (!CONTEXT.includes(name))
    throw new Unconverted(`runboat gives templates no "${name}"; there are ${CONTEXT.join(', ')}.`);
  return inLoop ? `@root.${name}` : name;
}

function memberOf(of: Expression, key: Expression, scope: Scope): string {
  if (of.kind === 'name' && of.name === 'loop' && key.kind === 'text') return loopVariable(key.value);
  // The Python runboat's mode is an enumeration.
  if (of.kind === 'name' && of.name === 'mode') return pathOf('mode', scope);
  const map = argumentOf(of, scope);
  if (key.kind !== 'text') return `(lookup ${map} ${argumentOf(key, scope)})`;
  if (/^[A-Za-z_]\w*$/.test(key.value)) return `${map}.${key.value}`;
  if (/^[^[\]]+$/.test(key.value)) return `${map}.[${key.value}]`;
  throw new Unconverted(`"${key.value}" cannot be the name of an entry.`);
}

const LOOP_VARIABLES: Readonly<Record<string, string>> = {
  index0: '@index',
  first: '@first',
  last: '@last',
};

function loopVariable(name: string): string {
  const variable = LOOP_VARIABLES[name];
  if (variable !== undefined) return variable;
  throw new Unconverted(`loop.${name} has no counterpart; there are loop.index0, loop.first and loop.last.`);
}

function callOf(of: Expression, args: readonly Expression[], scope: Scope): string {
  if (of.kind !== 'member' || of.key.kind !== 'text')
    throw new Unconverted('functions cannot be called in a bundle; compute the value in templateVars.');
  const [key, fallback] = args;
  if (of.key.value !== 'get' || !key)
    throw new Unconverted(
      `.${of.key.value}() cannot be used in a bundle; write the value as it shall be in templateVars.`,
    );
  const found = `(lookup ${argumentOf(of.of, scope)} ${argumentOf(key, scope)})`;
  return fallback === undefined ? found : `(default ${found} ${argumentOf(fallback, scope)})`;
}

function filtered(expression: Expression & { kind: 'filter' }, scope: Scope): string {
  const { of, name, args } = expression;
  if (TRANSPARENT.has(name)) return argumentOf(of, scope);
  if (name === 'int') return `(int ${argumentOf(of, scope)})`;
  if (name !== 'default' && name !== 'd')
    throw new Unconverted(
      `the filter ${name} has no counterpart; write the value as it shall be in templateVars.`,
    );
  const [fallback, alsoEmpty] = args;
  const always = alsoEmpty?.kind === 'constant' && alsoEmpty.value === true;
  if (!always) scope.remark('default stands in for an empty value too, not only for a missing one');
  return `(default ${argumentOf(of, scope)} ${fallback ? argumentOf(fallback, scope) : '""'})`;
}
