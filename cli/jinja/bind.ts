import { type Expression, Unconverted } from './expression.js';

/** Stands for a name that was set within an `if`: a template of a bundle cannot tell which value it has after it. */
export const UNSURE = Symbol('set within an if');

/** What names mean that a template has given itself: by `set` and by loops. All names in them are bound. */
export type Names = ReadonlyMap<string, Expression | typeof UNSURE>;

/**
 * An expression with what its names mean here in their place, so that it means the same wherever it is used later.
 * Names that the template has not given itself stay. Throws Unconverted.
 */
export function bind(expression: Expression, names: Names): Expression {
  if (expression.kind === 'name') return meaningOf(expression, names);
  const fields = Object.entries(expression).map(([field, value]) => [field, bindField(value, names)]);
  return Object.fromEntries(fields) as Expression;
}

function bindField(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return value.map((item) => bindField(item, names));
  return typeof value === 'object' && value !== null ? bind(value as Expression, names) : value;
}

function meaningOf(expression: Expression & { kind: 'name' }, names: Names): Expression {
  const meaning = names.get(expression.name);
  if (meaning === UNSURE)
    throw new Unconverted(
      `"${expression.name}" was set within an if; write what depends on it into that if.`,
    );
  return meaning ?? expression;
}
