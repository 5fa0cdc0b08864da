import { type Expression, Unconverted } from './expression.js';
import { argumentOf, type Scope } from './values.js';

/** A condition in the few forms that blocks of Handlebars know. */
export type Condition =
  | { readonly kind: 'always' | 'never' }
  /** A path or call that is looked at by `if`. */
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition };

/** Throws Unconverted. */
export function conditionOf(expression: Expression, scope: Scope): Condition {
  switch (expression.kind) {
    case 'constant':
      return { kind: expression.value === true ? 'always' : 'never' };
    case 'not':
      return negated(conditionOf(expression.of, scope));
    case 'and':
    case 'or':
      return {
        kind: expression.kind,
        left: conditionOf(expression.left, scope),
        right: conditionOf(expression.right, scope),
      };
    case 'equals':
      return equality(expression.left, expression.right, scope);
    case 'in':
      return membership(expression.left, expression.right, scope);
    case 'test':
      return tested(expression.of, expression.name, scope);
    default:
      return { kind: 'value', value: argumentOf(expression, scope) };
  }
}

function negated(condition: Condition): Condition {
  if (condition.kind === 'not') return condition.of;
  if (condition.kind === 'always') return { kind: 'never' };
  if (condition.kind === 'never') return { kind: 'always' };
  return { kind: 'not', of: condition };
}

function equality(left: Expression, right: Expression, scope: Scope): Condition {
  if (right.kind === 'constant' && right.value === null) return negated(conditionOf(left, scope));
  return { kind: 'value', value: argumentOf({ kind: 'equals', left, right }, scope) };
}

function membership(left: Expression, right: Expression, scope: Scope): Condition {
  if (right.kind !== 'list') {
    scope.remark('an entry that is empty counts as missing');
    return { kind: 'value', value: `(lookup ${argumentOf(right, scope)} ${argumentOf(left, scope)})` };
  }
  return (
    right.items
      .map((item): Condition => equality(left, item, scope))
      .reduceRight<Condition | undefined>(
        (rest, one) => (rest ? { kind: 'or', left: one, right: rest } : one),
        undefined,
      ) ?? { kind: 'never' }
  );
}

function tested(of: Expression, name: string, scope: Scope): Condition {
  const present: Condition = { kind: 'value', value: argumentOf(of, scope) };
  if (name === 'none') return negated(present);
  if (name !== 'defined' && name !== 'undefined')
    throw new Unconverted(`the test "is ${name}" has no counterpart; compare with == or write it by hand.`);
  scope.remark('an entry that is empty counts as missing');
  return name === 'defined' ? present : negated(present);
}

/** The texts of a block: what stands when the condition holds, and else; `gap` parts tags that follow each other. */
export interface BlockTexts {
  readonly whenTrue: string;
  readonly whenFalse: string;
  readonly gap: string;
  /** `{{else if}}` and what follows, which says the same as `whenFalse`. */
  readonly chain?: string;
}

/** Writes a condition as blocks; a text stands twice where Handlebars has no `and` and `or`. */
export function writeBlock(condition: Condition, { whenTrue, whenFalse, gap, chain }: BlockTexts): string {
  switch (condition.kind) {
    case 'always':
      return whenTrue;
    case 'never':
      return whenFalse;
    case 'not':
      return writeNegation(condition.of, { whenTrue, whenFalse, gap });
    case 'and': {
      const inner = gap + writeBlock(condition.right, { whenTrue, whenFalse, gap }) + gap;
      return writeBlock(condition.left, { whenTrue: inner, whenFalse, gap });
    }
    case 'or': {
      const inner = gap + writeBlock(condition.right, { whenTrue, whenFalse, gap }) + gap;
      return writeBlock(condition.left, { whenTrue, whenFalse: inner, gap });
    }
    case 'value': {
      const middle = chain ?? (whenFalse === '' ? '' : `{{else}}${whenFalse}`);
      return `{{#if ${condition.value}}}${whenTrue}${middle}{{/if}}`;
    }
  }
}

function writeNegation(of: Condition, { whenTrue, whenFalse, gap }: BlockTexts): string {
  if (of.kind === 'value' && whenFalse === '') return `{{#unless ${of.value}}}${whenTrue}{{/unless}}`;
  return writeBlock(of, { whenTrue: whenFalse, whenFalse: whenTrue, gap });
}
