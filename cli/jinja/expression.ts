/** An expression of Jinja, as far as it can be written in a bundle. */
export type Expression =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'constant'; readonly value: boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'name'; readonly name: string }
  /** `dotted` is `of.key`, where Jinja looks for a method first. */
  | {
      readonly kind: 'member';
      readonly of: Expression;
      readonly key: Expression;
      readonly dotted: boolean;
    }
  | { readonly kind: 'call'; readonly of: Expression; readonly args: readonly Expression[] }
  /** An argument with a name, as in `default("x", boolean=true)`. */
  | { readonly kind: 'keyword'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'filter'; readonly of: Expression; readonly name: string; readonly args: Expression[] }
  | { readonly kind: 'test'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'not'; readonly of: Expression }
  | {
      readonly kind: 'and' | 'or' | 'equals' | 'in';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'plus'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'join'; readonly parts: readonly Expression[] }
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression | undefined;
    }
  /** A variable of a loop, as the block parameter that stands for it. */
  | { readonly kind: 'local'; readonly path: string }
  /** The variable `loop` of the loop that is so many loops deep; `filtered` when that loop has a condition. */
  | { readonly kind: 'loop'; readonly depth: number; readonly filtered: boolean };

/** A construct that is left as it is, with a sentence that says what to do. */
export class Unconverted extends Error {}

const TOKEN =
  /\s*(?:("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(==|!=|<=|>=|\/\/|\*\*|[~|.[\](),:{}+\-*/%<>=]))/y;

interface Token {
  readonly kind: 'text' | 'number' | 'name' | 'sign';
  readonly value: string;
}

/** Parses an expression. Throws Unconverted for what bundles cannot say. */
export function parseExpression(source: string): Expression {
  const parser = new Parser(tokenize(source));
  const expression = parser.choice();
  parser.end();
  return expression;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const text = source.trimEnd();
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Unconverted(`"${text.slice(at).trim()}" is not understood; write it by hand.`);
    const [, quoted, number, name, sign] = match;
    if (quoted !== undefined) tokens.push({ kind: 'text', value: unquote(quoted) });
    else if (number !== undefined) tokens.push({ kind: 'number', value: number });
    else if (name !== undefined) tokens.push({ kind: 'name', value: name });
    else tokens.push({ kind: 'sign', value: sign ?? '' });
  }
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, (sequence, character: string) => {
    const meant = ESCAPES[character];
    if (meant !== undefined) return meant;
    throw new Unconverted(`"${sequence}" in a text is not understood; write the character itself.`);
  });
}

const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

// Recursive descent, loosest first, in the order of Jinja's own grammar.
class Parser {
  private at = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  choice(): Expression {
    const whenTrue = this.either();
    if (!this.takeName('if')) return whenTrue;
    const condition = this.either();
    const whenFalse = this.takeName('else') ? this.choice() : undefined;
    return { kind: 'choice', condition, whenTrue, whenFalse };
  }

  end(): void {
    const rest = this.tokens[this.at];
    if (rest) throw new Unconverted(`"${rest.value}" is not understood here; write it by hand.`);
  }

  private either(): Expression {
    let left = this.both();
    while (this.takeName('or')) left = { kind: 'or', left, right: this.both() };
    return left;
  }

  private both(): Expression {
    let left = this.negation();
    while (this.takeName('and')) left = { kind: 'and', left, right: this.negation() };
    return left;
  }

  private negation(): Expression {
    return this.takeName('not') ? { kind: 'not', of: this.negation() } : this.comparison();
  }

  private comparison(): Expression {
    const left = this.sum();
    if (this.takeSign('==')) return { kind: 'equals', left, right: this.sum() };
    if (this.takeSign('!=')) return { kind: 'not', of: { kind: 'equals', left, right: this.sum() } };
    if (this.takeName('in')) return { kind: 'in', left, right: this.sum() };
    if (this.peekName('not') && this.peekName('in', 1)) {
      this.at += 2;
      return { kind: 'not', of: { kind: 'in', left, right: this.sum() } };
    }
    return left;
  }

  private sum(): Expression {
    let left = this.joined();
    while (this.takeSign('+')) left = { kind: 'plus', left, right: this.joined() };
    return left;
  }

  private joined(): Expression {
    const parts = [this.postfix(this.primary())];
    while (this.takeSign('~')) parts.push(this.postfix(this.primary()));
    return parts.length === 1 ? (parts[0] as Expression) : { kind: 'join', parts };
  }

  private primary(): Expression {
    const token = this.tokens[this.at++];
    if (!token) throw new Unconverted('the expression ends too early; write it by hand.');
    if (token.kind === 'text') return { kind: 'text', value: token.value };
    if (token.kind === 'number') return { kind: 'number', value: token.value };
    if (token.kind === 'name') return constantOrName(token.value);
    if (token.value === '(') return this.parenthesized();
    if (token.value === '[') return { kind: 'list', items: this.listUntil(']') };
    throw new Unconverted(`"${token.value}" is not understood here; write it by hand.`);
  }

  private parenthesized(): Expression {
    const inner = this.choice();
    if (!this.takeSign(',')) {
      this.expect(')');
      return inner;
    }
    return { kind: 'list', items: [inner, ...this.listUntil(')')] };
  }

  private listUntil(closing: string): Expression[] {
    const items: Expression[] = [];
    while (!this.takeSign(closing)) {
      items.push(this.item());
      if (this.takeSign(closing)) break;
      this.expect(',');
    }
    return items;
  }

  private item(): Expression {
    const first = this.choice();
    if (first.kind !== 'name' || !this.takeSign('=')) return first;
    return { kind: 'keyword', name: first.name, value: this.choice() };
  }

  private postfix(start: Expression): Expression {
    let of = start;
    for (;;) {
      if (this.takeSign('.'))
        of = { kind: 'member', of, key: { kind: 'text', value: this.name() }, dotted: true };
      else if (this.takeSign('[')) of = { kind: 'member', of, key: this.subscript(), dotted: false };
      else if (this.takeSign('(')) of = { kind: 'call', of, args: this.listUntil(')') };
      else if (this.takeSign('|')) of = this.filter(of);
      else if (this.takeName('is')) of = this.test(of);
      else return of;
    }
  }

  private subscript(): Expression {
    const key = this.choice();
    this.expect(']');
    return key;
  }

  private filter(of: Expression): Expression {
    const name = this.name();
    return { kind: 'filter', of, name, args: this.takeSign('(') ? this.listUntil(')') : [] };
  }

  private test(of: Expression): Expression {
    const negated = this.takeName('not');
    const test: Expression = { kind: 'test', of, name: this.name() };
    return negated ? { kind: 'not', of: test } : test;
  }

  private name(): string {
    const token = this.tokens[this.at++];
    if (token?.kind === 'name') return token.value;
    throw new Unconverted(`a name is missing${token ? ` before "${token.value}"` : ''}; write it by hand.`);
  }

  private peekName(value: string, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return token?.kind === 'name' && token.value === value;
  }

  private takeName(value: string): boolean {
    const found = this.peekName(value);
    if (found) this.at++;
    return found;
  }

  private takeSign(value: string): boolean {
    const token = this.tokens[this.at];
    const found = token?.kind === 'sign' && token.value === value;
    if (found) this.at++;
    return found;
  }

  private expect(value: string): void {
    if (!this.takeSign(value)) throw new Unconverted(`"${value}" is missing; write it by hand.`);
  }
}

function constantOrName(value: string): Expression {
  const constant = Object.hasOwn(CONSTANTS, value) ? CONSTANTS[value] : undefined;
  return constant === undefined ? { kind: 'name', name: value } : { kind: 'constant', value: constant };
}
