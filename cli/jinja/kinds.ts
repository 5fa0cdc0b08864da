import type { Expression } from './expression.js';

/** What an expression can be in Jinja. A number that can be 0 is `zero` too; `nothing` is None. */
export type Kind = 'text' | 'number' | 'zero' | 'flag' | 'nothing' | 'missing' | 'map' | 'list' | 'unknown';

/** The maps with names of a user's choice. The Python runboat holds nothing but texts in them. */
export const MAPS = ['build_env', 'build_secret_env', 'build_template_vars'];

/** What the Python runboat tells of a commit. */
const COMMIT: Readonly<Record<string, readonly Kind[]>> = {
  repo: ['text'],
  target_branch: ['text'],
  pr: ['number', 'nothing'],
  git_commit: ['text'],
};

/** All that a bound expression can be. */
export function kindsOf(expression: Expression): ReadonlySet<Kind> {
  return new Set(listKinds(expression));
}

function listKinds(expression: Expression): readonly Kind[] {
  switch (expression.kind) {
    case 'text':
    case 'local':
    case 'join':
    case 'plus':
      return ['text'];
    case 'number':
      return Number(expression.value) === 0 ? ['number', 'zero'] : ['number'];
    case 'constant':
      return [expression.value === null ? 'nothing' : 'flag'];
    case 'equals':
    case 'in':
    case 'test':
    case 'not':
      return ['flag'];
    case 'list':
      return ['list'];
    case 'name':
      return [isMap(expression) || expression.name === 'commit_info' ? 'map' : 'text'];
    case 'member':
      return kindsOfMember(expression);
    case 'call':
      return kindsOfCall(expression);
    case 'filter':
      return kindsOfFilter(expression);
    case 'and':
    case 'or':
      return [...listKinds(expression.left), ...listKinds(expression.right)];
    case 'choice':
      return [
        ...listKinds(expression.whenTrue),
        ...(expression.whenFalse ? listKinds(expression.whenFalse) : ['missing' as const]),
      ];
    case 'keyword':
    case 'loop':
      return ['unknown'];
  }
}

/** Whether it is one of the maps with names of a user's choice. */
export function isMap(expression: Expression): boolean {
  return expression.kind === 'name' && MAPS.includes(expression.name);
}

/** Whether it prints what a user has written into one of the maps, as text. */
export function isUsers(expression: Expression): boolean {
  switch (expression.kind) {
    case 'local':
      return true;
    case 'member':
      return isMap(expression.of);
    case 'call':
      return expression.of.kind === 'member' && isMap(expression.of.of);
    case 'filter':
      return expression.name !== 'int' && isUsers(expression.of);
    case 'or':
      return isUsers(expression.left) || isUsers(expression.right);
    case 'choice':
      return isUsers(expression.whenTrue);
    default:
      return false;
  }
}

function kindsOfMember({ of, key }: Expression & { kind: 'member' }): readonly Kind[] {
  if (of.kind === 'loop')
    return key.kind === 'text' && key.value === 'index0' ? ['number', 'zero'] : ['flag'];
  if (isMap(of)) return ['text', 'missing'];
  if (of.kind !== 'name') return ['unknown'];
  if (of.name === 'mode') return ['text'];
  const known = of.name === 'commit_info' && key.kind === 'text' ? COMMIT[key.value] : undefined;
  return known ?? ['unknown'];
}

function kindsOfCall({ of, args }: Expression & { kind: 'call' }): readonly Kind[] {
  if (of.kind !== 'member' || !isMap(of.of)) return ['unknown'];
  const fallback = args[1];
  return ['text', ...(fallback ? listKinds(fallback) : ['nothing' as const])];
}

function kindsOfFilter({ of, name, args }: Expression & { kind: 'filter' }): readonly Kind[] {
  if (name === 'int') return ['number', 'zero'];
  const fallback = defaultOf(name, args);
  if (fallback === undefined) return ['text'];
  const gone: Kind[] = fallback.alsoEmpty ? ['missing', 'nothing'] : ['missing'];
  return [...listKinds(of).filter((kind) => !gone.includes(kind)), ...listKinds(fallback.value)];
}

export interface Fallback {
  readonly value: Expression;
  /** Stands in for all that is empty, not only for what is missing. */
  readonly alsoEmpty: boolean;
}

/** What the filter `default` has for its arguments; undefined for other filters. */
export function defaultOf(name: string, args: readonly Expression[]): Fallback | undefined {
  if (name !== 'default' && name !== 'd') return undefined;
  const named = (wanted: string) =>
    args.find((arg) => arg.kind === 'keyword' && arg.name === wanted) as
      | (Expression & { kind: 'keyword' })
      | undefined;
  const [first, second] = args.filter(({ kind }) => kind !== 'keyword');
  const always = second ?? named('boolean')?.value;
  return {
    value: first ?? named('default_value')?.value ?? { kind: 'text', value: '' },
    alsoEmpty: always?.kind === 'constant' && always.value === true,
  };
}
