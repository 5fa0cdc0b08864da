import { type Expression, Unconverted } from './expression.js';
import { isMap, kindsOf } from './kinds.js';
import { appendAll } from './literal.js';
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
      return truthOf(expression, scope);
  }
}

function truthOf(expression: Expression, scope: Scope): Condition {
  // The helper `int` gives a text, and a text that is "0" would hold.
  if (kindsOf(expression).has('zero'))
    return negated(equality(expression, { kind: 'number', value: '0' }, scope));
  return { kind: 'value', value: argumentOf(expression, scope) };
}

function negated(condition: Condition): Condition {
  if (condition.kind === 'not') return condition.of;
  if (condition.kind === 'always') return { kind: 'never' };
  if (condition.kind === 'never') return { kind: 'always' };
  return { kind: 'not', of: condition };
}

function equality(left: Expression, right: Expression, scope: Scope): Condition {
  if (isNone(right)) return absence(left, scope);
  if (isNone(left)) return absence(right, scope);
  return { kind: 'value', value: argumentOf({ kind: 'equals', left, right }, scope) };
}

function isNone(expression: Expression): boolean {
  return expression.kind === 'constant' && expression.value === null;
}

/** Whether a value is None, which what is missing is not. */
function absence(of: Expression, scope: Scope): Condition {
  const kinds = kindsOf(of);
  const value = argumentOf(of, scope);
  if (kinds.has('unknown')) throw new Unconverted('it is not known whether this can be none.');
  if (!kinds.has('nothing')) return { kind: 'never' };
  if (kinds.has('text')) scope.remark('an entry that is empty counts as none');
  if (kinds.has('zero') || kinds.has('flag')) throw new Unconverted('0 and false are not none; write an if.');
  return { kind: 'not', of: { kind: 'value', value } };
}

function membership(left: Expression, right: Expression, scope: Scope): Condition {
  if (right.kind === 'list')
    return (
      right.items
        .map((item): Condition => equality(left, item, scope))
        .reduceRight<Condition | undefined>(
          (rest, one) => (rest ? { kind: 'or', left: one, right: rest } : one),
          undefined,
        ) ?? { kind: 'never' }
    );
  if (!isMap(right))
    throw new Unconverted(
      'in looks into a list in brackets or a map such as build_env; a bundle cannot look into a text.',
    );
  scope.remark('an entry that is empty counts as missing');
  const entry: Expression = { kind: 'member', of: right, key: left, dotted: false };
  return { kind: 'value', value: argumentOf(entry, scope) };
}

function tested(of: Expression, name: string, scope: Scope): Condition {
  if (name === 'none') return absence(of, scope);
  if (name !== 'defined' && name !== 'undefined')
    throw new Unconverted(`the test "is ${name}" has no counterpart; compare with == or write it by hand.`);
  const isDefined = definition(of, scope);
  return name === 'defined' ? isDefined : negated(isDefined);
}

function definition(of: Expression, scope: Scope): Condition {
  const kinds = kindsOf(of);
  const value = argumentOf(of, scope);
  if (!kinds.has('missing') && !kinds.has('unknown')) return { kind: 'always' };
  scope.remark('an entry that is empty counts as missing');
  return { kind: 'value', value };
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
      const inner = appendAll(gap, writeBlock(condition.right, { whenTrue, whenFalse, gap }), gap);
      return writeBlock(condition.left, { whenTrue: inner, whenFalse, gap });
    }
    case 'or': {
      const inner = appendAll(gap, writeBlock(condition.right, { whenTrue, whenFalse, gap }), gap);
      return writeBlock(condition.left, { whenTrue, whenFalse: inner, gap });
    }
    case 'value': {
      const middle = chain ?? otherwise(whenFalse);
      return appendAll(`{{#if ${condition.value}}}`, whenTrue, middle, '{{/if}}');
    }
  }
}

function writeNegation(of: Condition, { whenTrue, whenFalse, gap }: BlockTexts): string {
  if (of.kind === 'value' && whenFalse === '')
    return appendAll(`{{#unless ${of.value}}}`, whenTrue, '{{/unless}}');
  return writeBlock(of, { whenTrue: whenFalse, whenFalse: whenTrue, gap });
}

/** The part of a block from `{{else}}` on. */
export function otherwise(text: string): string {
  return text === '' ? '' : appendAll('{{else}}', text);
}
