import { conditionOf, writeBlock } from './conditions.js';
import { type Expression, Unconverted } from './expression.js';
import { isMap, kindsOf } from './kinds.js';
import { appendAll, literal } from './literal.js';
import { argumentOf, numeral, type Scope } from './values.js';

/** A bound expression as the text that prints it. Throws Unconverted. */
export function print(expression: Expression, scope: Scope): string {
  switch (expression.kind) {
    case 'text':
      return literal(expression.value);
    case 'number':
      return numeral(expression.value);
    case 'constant':
      return expression.value === null ? 'None' : flagText(expression.value);
    case 'join':
      return appendAll(...expression.parts.map((part) => print(part, scope)));
    case 'plus':
      return printSum(expression, scope);
    case 'choice':
      return printChoice(expression, scope);
    default:
      return isFlag(expression) ? printFlag(expression, scope) : printValue(expression, scope);
  }
}

function printSum({ left, right }: Expression & { kind: 'plus' }, scope: Scope): string {
  if (!isText(left) && !isText(right))
    throw new Unconverted('+ adds numbers, which a bundle cannot; join texts with ~.');
  return appendAll(print(left, scope), print(right, scope));
}

function isText(expression: Expression): boolean {
  if (expression.kind === 'plus') return isText(expression.left) || isText(expression.right);
  return [...kindsOf(expression)].every((kind) => kind === 'text' || kind === 'missing');
}

function flagText(value: boolean): string {
  return value ? 'True' : 'False';
}

function isFlag(expression: Expression): boolean {
  return [...kindsOf(expression)].every((kind) => kind === 'flag');
}

function printFlag(expression: Expression, scope: Scope): string {
  const texts = { whenTrue: flagText(true), whenFalse: flagText(false), gap: '' };
  return writeBlock(conditionOf(expression, scope), texts);
}

function printValue(expression: Expression, scope: Scope): string {
  const kinds = kindsOf(expression);
  if (kinds.has('map') || kinds.has('list') || kinds.has('flag'))
    throw new Unconverted('maps, lists, true and false are printed as Python writes them; print texts.');
  if (expression.kind === 'name' && expression.name === 'mode')
    scope.remark('mode is printed as initialize, where the Python runboat prints DeploymentMode.initialize');
  if (kinds.has('nothing')) scope.remark('what is none is printed as nothing, where Jinja prints None');
  const value = argumentOf(expression, scope);
  if (expression.kind === 'member' && isMap(expression.of) && !value.startsWith('('))
    scope.remark(
      `a build without ${value.replace('@root.', '')} is refused, where Jinja prints nothing; write a default`,
    );
  return mustache(value);
}

function printChoice(expression: Expression & { kind: 'choice' }, scope: Scope): string {
  const { condition, whenTrue, whenFalse } = expression;
  if (printsItself(expression)) return mustache(argumentOf(withoutMissing(condition), scope));
  return writeBlock(conditionOf(condition, scope), {
    whenTrue: print(whenTrue, scope),
    whenFalse: whenFalse ? print(whenFalse, scope) : '',
    gap: '',
  });
}

/** `x if x else ""`: what is empty prints nothing anyway. */
function printsItself({ condition, whenTrue, whenFalse }: Expression & { kind: 'choice' }): boolean {
  const isEmpty = whenFalse === undefined || (whenFalse.kind === 'text' && whenFalse.value === '');
  const kinds = kindsOf(condition);
  const isPlain = !kinds.has('zero') && !kinds.has('flag') && !kinds.has('map') && !kinds.has('list');
  return isEmpty && isPlain && JSON.stringify(condition) === JSON.stringify(whenTrue);
}

function withoutMissing(of: Expression): Expression {
  if (!kindsOf(of).has('missing')) return of;
  return { kind: 'or', left: of, right: { kind: 'text', value: '' } };
}

/** A call needs no parentheses between the braces, a literal no braces. */
function mustache(value: string): string {
  if (/^["']/.test(value)) return literal(value.slice(1, -1));
  if (/^\d/.test(value)) return value;
  return value.startsWith('(') ? `{{${value.slice(1, -1)}}}` : `{{${value}}}`;
}
