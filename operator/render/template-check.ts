import { BLOCKS, HELPERS } from './helpers.js';

/** What is wrong with a template, and where. */
export interface TemplateFault {
  readonly line: number;
  readonly sentence: string;
}

// Handlebars' syntax tree, as far as the check reads it.
interface AstNode {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [field: string]: unknown;
}

const LOOP_DATA = new Set(['key', 'index', 'first', 'last', 'root']);
const LITERALS = new Set([
  'StringLiteral',
  'NumberLiteral',
  'BooleanLiteral',
  'UndefinedLiteral',
  'NullLiteral',
]);
const REFUSED: Readonly<Record<string, string>> = {
  PartialStatement: 'partials ({{> name}})',
  PartialBlockStatement: 'partial blocks ({{#> name}})',
  Decorator: 'decorators ({{* name}})',
  DecoratorBlock: 'inline blocks ({{#*inline}})',
};

/**
 * Checks a parsed template against the template language of bundles: blocks only if, unless, each and with; our
 * helpers with their number of arguments; nothing else, because some of Handlebars' other forms print raw keys.
 */
export function checkTemplate(program: unknown): TemplateFault | undefined {
  return checkProgram(program as AstNode);
}

function checkProgram(program: AstNode): TemplateFault | undefined {
  for (const statement of program['body'] as AstNode[]) {
    const fault = checkStatement(statement);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function checkStatement(node: AstNode): TemplateFault | undefined {
  switch (node.type) {
    case 'ContentStatement':
    case 'CommentStatement':
      return undefined;
    case 'MustacheStatement':
      return checkMustache(node);
    case 'BlockStatement':
      return checkBlock(node);
    default:
      return fault(
        node,
        `${REFUSED[node.type] ?? node.type} cannot be used in a bundle; write the text out, or use if, unless, each and with.`,
      );
  }
}

function checkBlock(node: AstNode): TemplateFault | undefined {
  const name = pathName(node['path']);
  if (!BLOCKS.some((block) => block === name)) {
    return fault(
      node,
      `the block {{#${name}}} cannot be used in a bundle; only if, unless, each and with can.`,
    );
  }
  const count = (node['params'] as AstNode[]).length;
  if (count !== 1) return fault(node, `{{#${name}}} needs exactly one argument, but has ${count}.`);
  const inner = checkArguments(node);
  if (inner !== undefined) return inner;
  for (const branch of [node['program'], node['inverse']]) {
    const found = branch === undefined || branch === null ? undefined : checkProgram(branch as AstNode);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkMustache(node: AstNode): TemplateFault | undefined {
  const path = node['path'] as AstNode;
  if (LITERALS.has(path.type))
    return fault(node, 'a literal stands between {{ and }}; write it without the braces.');
  const isCall = (node['params'] as AstNode[]).length > 0 || hasHash(node);
  return isCall || isHelperName(path) ? checkCall(node) : checkExpression(path);
}

function checkCall(node: AstNode): TemplateFault | undefined {
  const name = pathName(node['path']);
  const wanted = Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
  if (wanted === undefined) {
    const hint = BLOCKS.some((block) => block === name)
      ? `it is a block: write {{#${name} ...}}`
      : helperList();
    return fault(node, `there is no helper ${name}; ${hint}.`);
  }
  const count = (node['params'] as AstNode[]).length;
  if (count !== wanted) {
    return fault(
      node,
      `the helper ${name} needs ${wanted} argument${wanted === 1 ? '' : 's'}, but has ${count}.`,
    );
  }
  return checkArguments(node);
}

function checkArguments(node: AstNode): TemplateFault | undefined {
  if (hasHash(node))
    return fault(node, 'arguments with a name (name=value) cannot be used in a bundle; leave them out.');
  for (const param of node['params'] as AstNode[]) {
    const found = checkExpression(param);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkExpression(node: AstNode): TemplateFault | undefined {
  if (node.type === 'SubExpression') return checkCall(node);
  if (LITERALS.has(node.type)) return undefined;
  if (node.type !== 'PathExpression')
    return fault(node, `${node.type} cannot be used in a bundle; name a variable.`);
  const parts = node['parts'] as unknown[];
  if (parts.some((part) => typeof part !== 'string'))
    return fault(node, 'a path with a nested call cannot be used; use lookup.');
  if (node['data'] === true && !LOOP_DATA.has(String(parts[0]))) {
    return fault(
      node,
      `@${String(parts[0])} does not exist; there are @key, @index, @first, @last and @root.`,
    );
  }
  return undefined;
}

function isHelperName(path: AstNode): boolean {
  const parts = path['parts'];
  const simple = path.type === 'PathExpression' && Array.isArray(parts) && parts.length === 1;
  if (
    !simple ||
    path['data'] === true ||
    path['depth'] !== 0 ||
    /^(this\b|\.)/.test(String(path['original']))
  )
    return false;
  const name = String(parts[0]);
  return Object.hasOwn(HELPERS, name) || BLOCKS.some((block) => block === name);
}

function hasHash(node: AstNode): boolean {
  const hash = node['hash'] as { pairs?: unknown[] } | undefined;
  return (hash?.pairs?.length ?? 0) > 0;
}

function pathName(path: unknown): string {
  return String((path as { original?: unknown }).original);
}

function helperList(): string {
  return `there are ${Object.keys(HELPERS).join(', ')}`;
}

function fault(node: AstNode, sentence: string): TemplateFault {
  return { line: node.loc?.start.line ?? 1, sentence };
}
