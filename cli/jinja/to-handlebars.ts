import { bind, type Names, UNSURE } from './bind.js';
import { type Condition, conditionOf, otherwise, writeBlock } from './conditions.js';
import { type Expression, Unconverted } from './expression.js';
import { isMap, isUsers } from './kinds.js';
import { append, appendAll, literal, NOTHING } from './literal.js';
import { freeName } from './parameters.js';
import { print } from './print.js';
import { type ForNode, type IfNode, parseTemplate, type TemplateNode } from './template.js';
import { argumentOf, type Scope } from './values.js';

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
  const text = writer.write(parseTemplate(source), new Map(), []);
  return { text, unconverted: sorted(writer.unconverted), remarks: sorted(writer.remarks) };
}

/** By line, and what is the same in one line once. */
function sorted(findings: readonly Finding[]): Finding[] {
  const unique = new Map(findings.map((finding) => [`${finding.line} ${finding.sentence}`, finding]));
  return [...unique.values()].sort((a, b) => a.line - b.line);
}

const SORTED =
  'loops go over the entries of a map sorted by name, and not in the order of the configuration.';

/** Names to which more are added. */
type OpenNames = Map<string, Expression | typeof UNSURE>;

class Writer {
  readonly unconverted: Finding[] = [];
  readonly remarks: Finding[] = [];

  write(nodes: readonly TemplateNode[], outer: Names, loops: Scope['loops']): string {
    const names = new Map(outer);
    let text = '';
    for (const node of nodes) text = append(text, this.writeNode(node, names, loops));
    return text;
  }

  private writeNode(node: TemplateNode, names: OpenNames, loops: Scope['loops']): string {
    switch (node.kind) {
      case 'text':
        return literal(node.text);
      case 'comment':
        return `{{!-- ${node.text.replaceAll('}}', '} }')} --}}`;
      case 'lineKept':
        return NOTHING;
      case 'left':
        return node.source;
      case 'kept':
        this.unconverted.push({ line: node.line, sentence: `${node.source}: ${node.why}` });
        return node.source;
      default:
        return this.convert(node, names, loops);
    }
  }

  private convert(
    node: Exclude<TemplateNode, { kind: 'text' | 'comment' | 'lineKept' | 'kept' | 'left' }>,
    names: OpenNames,
    loops: Scope['loops'],
  ): string {
    const { line } = node;
    const remark = (sentence: string) => this.remarks.push({ line, sentence: `${sentence}.` });
    const scope: Scope = { names, loops, remark };
    try {
      if (node.kind === 'output') return printNode(node, scope);
      if (node.kind === 'if') return this.writeIf(node, scope);
      if (node.kind === 'for') {
        if (!this.remarks.some(({ sentence }) => sentence === SORTED))
          this.remarks.push({ line, sentence: SORTED });
        return this.writeFor(node, scope);
      }
      names.set(node.name, bind(node.value, names));
      return '';
    } catch (error) {
      if (!(error instanceof Unconverted)) throw error;
      const what = node.kind === 'output' ? 'the value' : `the ${node.kind}`;
      this.unconverted.push({ line, sentence: `${what} is not converted: ${error.message}` });
      return `{% ${node.kind} of line ${line} %}`;
    } finally {
      if (node.kind === 'if') for (const name of namesSetIn(node)) names.set(name, UNSURE);
    }
  }

  private writeIf(node: IfNode, scope: Scope): string {
    const gap = node.ownLines ? '\n' : '';
    const [first, ...more] = node.branches.map(({ condition, body }) => ({
      condition: conditionOf(bind(condition, scope.names), scope),
      whenTrue: this.write(body, scope.names, scope.loops),
      gap,
    }));
    let rest: Rest = {
      whenFalse: node.whenFalse ? this.write(node.whenFalse, scope.names, scope.loops) : '',
    };
    for (const branch of more.reverse()) rest = chained(branch, rest);
    return first ? writeBlock(first.condition, { ...first, ...rest }) : '';
  }

  private writeFor(node: ForNode, scope: Scope): string {
    const { map, key, value } = loopOver(node, scope);
    const taken = scope.loops.flat();
    // Block parameters keep the names that the template has; the value comes first, as Handlebars wants it.
    const valueName = freeName(value ?? 'value', [...taken, ...(key ? [key] : [])]);
    const keyName = freeName(key ?? 'key', [...taken, valueName]);
    const names = new Map(scope.names);
    names.set('loop', {
      kind: 'loop',
      depth: scope.loops.length + 1,
      filtered: node.condition !== undefined,
    });
    if (key !== undefined) names.set(key, { kind: 'local', path: keyName });
    if (value !== undefined) names.set(value, { kind: 'local', path: valueName });
    const inner: Scope = { ...scope, names, loops: [...scope.loops, [valueName, keyName]] };
    const text = this.write(node.body, names, inner.loops);
    const body = node.condition
      ? writeBlock(conditionOf(bind(node.condition, names), inner), {
          whenTrue: text,
          whenFalse: '',
          gap: '',
        })
      : text;
    const whenFalse = node.whenFalse ? otherwise(this.write(node.whenFalse, scope.names, scope.loops)) : '';
    return appendAll(`{{#each ${map} as |${valueName} ${keyName}|}}`, body, whenFalse, '{{/each}}');
  }
}

function printNode(node: TemplateNode & { kind: 'output' }, scope: Scope): string {
  const value = bind(node.value, scope.names);
  if (node.isScalar && isUsers(value))
    scope.remark('the value is text, also if it looks like a number or a boolean; write int or bool for one');
  return print(value, scope);
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
  const whenFalse = appendAll(gap, writeBlock(condition, { whenTrue, gap, ...rest }), gap);
  if (condition.kind !== 'value') return { whenFalse };
  const last = rest.chain ?? otherwise(rest.whenFalse);
  return { whenFalse, chain: appendAll(`{{else if ${condition.value}}}`, whenTrue, last) };
}

interface Loop {
  /** The path of the map. */
  readonly map: string;
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

function loopOver({ variables, over, condition, whenFalse }: ForNode, scope: Scope): Loop {
  if (condition && whenFalse)
    throw new Unconverted('a loop with a condition cannot have an else in a bundle; write the text out.');
  const [first, second] = variables;
  const { of, part } = entriesOf(bind(over, scope.names));
  if (!isMap(of))
    throw new Unconverted('loops go over maps such as build_env and nothing else; write the text out.');
  const map = argumentOf(of, scope);
  if (second !== undefined && part === 'items') return { map, key: first, value: second };
  if (second === undefined && part === 'keys') return { map, key: first };
  if (second === undefined && part === 'values') return { map, value: first };
  throw new Unconverted(
    'a loop has key and value over map.items(), or one of them over map.keys() or map.values().',
  );
}

/** `map.items()`, `map|items`, `map|dictsort` and their like. */
function entriesOf(over: Expression): { of: Expression; part: string } {
  if (over.kind === 'filter' && over.args.length === 0) {
    const inner = entriesOf(over.of);
    const isSorted = over.name === 'sort' && inner.part !== 'values';
    if (over.name === 'list' || isSorted) return inner;
    if (over.name === 'dictsort' || over.name === 'items') return { of: over.of, part: 'items' };
  }
  if (over.kind !== 'call' || over.of.kind !== 'member') return { of: over, part: 'keys' };
  const { of, key } = over.of;
  return { of, part: key.kind === 'text' ? key.value : '' };
}
