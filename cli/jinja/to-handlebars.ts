import { type Condition, conditionOf, writeBlock } from './conditions.js';
import { type Expression, Unconverted } from './expression.js';
import { type ForNode, type IfNode, parseTemplate, type TemplateNode } from './template.js';
import { argumentOf, MAPS, type Names, type Scope, UNSURE } from './values.js';

/** Something that a person has to look at. */
export interface Finding {
  /** Counted from 1. */
  readonly line: number;
  readonly sentence: string;
}

export interface Converted {
  readonly text: string;
  /** Constructs that were left as they are; the text is no valid template while there are any. */
  readonly unconverted: readonly Finding[];
  /** Small differences in meaning. */
  readonly remarks: readonly Finding[];
}

/** Converts a Jinja template into one of a bundle. Throws Unconverted when its tags do not match. */
export function toHandlebars(source: string): Converted {
  const writer = new Writer();
  const text = writer.write(parseTemplate(source), new Map(), false);
  const byLine = (a: Finding, b: Finding) => a.line - b.line;
  return { text, unconverted: writer.unconverted.sort(byLine), remarks: writer.remarks.sort(byLine) };
}

/** Names to which more are added. */
type OpenNames = Map<string, string | typeof UNSURE>;

class Writer {
  readonly unconverted: Finding[] = [];
  readonly remarks: Finding[] = [];

  write(nodes: readonly TemplateNode[], outer: Names, inLoop: boolean): string {
    const names = new Map(outer);
    let text = '';
    for (const node of nodes) text = append(text, this.writeNode(node, names, inLoop));
    return text;
  }

  private writeNode(node: TemplateNode, names: OpenNames, inLoop: boolean): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'comment':
        return `{{!-- ${node.text} --}}`;
      case 'kept':
        this.unconverted.push({ line: node.line, sentence: `${node.source}: ${node.why}` });
        return node.source;
      default:
        return this.convert(node, names, inLoop);
    }
  }

  private convert(
    node: Exclude<TemplateNode, { kind: 'text' | 'comment' | 'kept' }>,
    names: OpenNames,
    inLoop: boolean,
  ): string {
    const { line } = node;
    const remark = (sentence: string) => this.remarks.push({ line, sentence: `${sentence}.` });
    const scope: Scope = { names, inLoop, remark };
    try {
      if (node.kind === 'output') return print(node.value, scope);
      if (node.kind === 'if') {
        const text = this.writeIf(node, scope);
        for (const name of namesSetIn(node)) names.set(name, UNSURE);
        return text;
      }
      if (node.kind === 'for') return this.writeFor(node, scope);
      names.set(node.name, argumentOf(node.value, scope));
      return '';
    } catch (error) {
      if (!(error instanceof Unconverted)) throw error;
      const what = node.kind === 'output' ? 'the value' : `the ${node.kind}`;
      this.unconverted.push({ line, sentence: `${what} is not converted: ${error.message}` });
      return `{% ${node.kind} of line ${line} %}`;
    }
  }

  private writeIf(node: IfNode, scope: Scope): string {
    const gap = node.ownLines ? '\n' : '';
    const otherwise = node.whenFalse && this.write(node.whenFalse, scope.names, scope.inLoop);
    const [first, ...more] = node.branches.map(({ condition, body }) => ({
      condition: conditionOf(condition, scope),
      whenTrue: this.write(body, scope.names, scope.inLoop),
      gap,
    }));
    let rest: Rest = { whenFalse: otherwise ?? '' };
    for (const branch of more.reverse()) rest = chained(branch, rest);
    return first ? writeBlock(first.condition, { ...first, ...rest }) : '';
  }

  private writeFor(node: ForNode, scope: Scope): string {
    const { path, key, value } = loopOver(node, scope);
    const names = new Map(scope.names);
    if (key !== undefined) names.set(key, key);
    if (value !== undefined) names.set(value, value);
    const inner = this.write(node.body, names, true);
    const body = node.condition
      ? writeBlock(conditionOf(node.condition, { ...scope, names, inLoop: true }), {
          whenTrue: inner,
          whenFalse: '',
          gap: '',
        })
      : inner;
    const whenFalse = node.whenFalse
      ? `{{else}}${this.write(node.whenFalse, scope.names, scope.inLoop)}`
      : '';
    // Block parameters keep the names that the template has; the value comes first, as Handlebars wants it.
    return `{{#each ${path} as |${value ?? 'value'} ${key ?? 'key'}|}}${body}${whenFalse}{{/each}}`;
  }
}

/** Names that hold on after an `if`; those that a loop sets end with it. */
function namesSetIn({ branches, whenFalse = [] }: IfNode): string[] {
  return [...branches.flatMap(({ body }) => body), ...whenFalse].flatMap((node) => {
    if (node.kind === 'set') return [node.name];
    return node.kind === 'if' ? namesSetIn(node) : [];
  });
}

/** What follows a branch: a text, and the same as links of a chain where it has that form. */
interface Rest {
  readonly whenFalse: string;
  readonly chain?: string;
}

/** `{{else if}}` where the condition allows it, else a block within `{{else}}`. */
function chained(branch: { condition: Condition; whenTrue: string; gap: string }, rest: Rest): Rest {
  const { condition, whenTrue, gap } = branch;
  const whenFalse = gap + writeBlock(condition, { whenTrue, gap, ...rest }) + gap;
  if (condition.kind !== 'value') return { whenFalse };
  const last = rest.whenFalse === '' ? '' : `{{else}}${rest.whenFalse}`;
  return { whenFalse, chain: `{{else if ${condition.value}}}${whenTrue}${rest.chain ?? last}` };
}

interface Loop {
  readonly path: string;
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

function loopOver({ variables, over }: ForNode, scope: Scope): Loop {
  const [first, second] = variables;
  const { map, part } = mapOf(over);
  const path = argumentOf(map, scope);
  if (!MAPS.some((name) => path === name || path === `@root.${name}`))
    throw new Unconverted(`loops go over ${MAPS.join(', ')} and nothing else; write the text out.`);
  if (second !== undefined && part === 'items') return { path, key: first, value: second };
  if (second === undefined && part === 'keys') return { path, key: first };
  if (second === undefined && part === 'values') return { path, value: first };
  throw new Unconverted(
    'a loop has key and value over map.items(), or one of them over map.keys() or map.values().',
  );
}

/** `map.items()`, `map|items`, `map|dictsort` and their like; entries come sorted by key in any case. */
function mapOf(over: Expression): { map: Expression; part: string } {
  if (over.kind === 'filter' && over.name === 'dictsort') return { map: over.of, part: 'items' };
  if (over.kind === 'filter' && over.name === 'items') return { map: over.of, part: 'items' };
  if (over.kind === 'filter' && over.name === 'sort') return mapOf(over.of);
  if (over.kind !== 'call' || over.of.kind !== 'member') return { map: over, part: 'keys' };
  const { of, key } = over.of;
  return { map: of, part: key.kind === 'text' ? key.value : '' };
}

/** An expression as the text that prints it. */
function print(expression: Expression, scope: Scope): string {
  switch (expression.kind) {
    case 'text':
      if (expression.value.includes('{{'))
        throw new Unconverted('a text with {{ in it has to be written by hand.');
      return expression.value;
    case 'number':
      return expression.value;
    case 'join':
      return expression.parts.reduce((text, part) => append(text, print(part, scope)), '');
    case 'choice':
      return printChoice(expression, scope);
    default:
      return mustache(argumentOf(expression, scope));
  }
}

function printChoice(expression: Expression & { kind: 'choice' }, scope: Scope): string {
  const { condition, whenTrue, whenFalse } = expression;
  if (printsItself(expression)) return print(condition, scope);
  return writeBlock(conditionOf(condition, scope), {
    whenTrue: print(whenTrue, scope),
    whenFalse: whenFalse ? print(whenFalse, scope) : '',
    gap: '',
  });
}

/** `x if x else ""`: what is empty prints nothing anyway. */
function printsItself({ condition, whenTrue, whenFalse }: Expression & { kind: 'choice' }): boolean {
  const isEmpty = whenFalse === undefined || (whenFalse.kind === 'text' && whenFalse.value === '');
  return isEmpty && JSON.stringify(condition) === JSON.stringify(whenTrue);
}

/** A call needs no parentheses between the braces; a literal no braces. */
function mustache(value: string): string {
  if (/^["']/.test(value)) return value.slice(1, -1);
  return value.startsWith('(') ? `{{${value.slice(1, -1)}}}` : `{{${value}}}`;
}

/** A backslash right before `{{` would make Handlebars print the braces; a second one makes it print the first. */
function append(text: string, next: string): string {
  return text.endsWith('\\') && next.startsWith('{{') ? `${text}\\${next}` : text + next;
}
