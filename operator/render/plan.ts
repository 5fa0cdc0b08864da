import { cut, type Pieces, TOKEN_PREFIX } from './tokens.js';

/** A text with places for values: literal, index, literal, ...; `bytes` means base64 around the filled text. */
interface Text {
  readonly type: 'text';
  readonly pieces: Pieces;
  readonly bytes: boolean;
}

/** A compiled tree: what kustomize made of a shape, with places for values instead of tokens. */
export type Plan =
  | Text
  | { readonly type: 'value'; readonly value: string | number | boolean | null }
  | { readonly type: 'list'; readonly items: readonly Plan[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [string | Text, Plan])[] };

/** What cannot be compiled or filled, with the path in the resource; the message is a sentence. */
export class PlanRefused extends Error {}

/** Compiles one parsed resource. Throws PlanRefused when a token did not come through kustomize in one piece. */
export function compilePlan(resource: unknown, tokens: number): Plan {
  return new Compiler(tokens).compile(resource, '', encodedFields(resource));
}

// Fields whose entries are base64: cut after decoding, because a token is not visible in them.
function encodedFields(resource: unknown): ReadonlySet<string> {
  const kind = (resource as { kind?: unknown } | null)?.kind;
  return new Set(kind === 'Secret' ? ['.data'] : kind === 'ConfigMap' ? ['.binaryData'] : []);
}

class Compiler {
  private readonly tokens: number;

  constructor(tokens: number) {
    this.tokens = tokens;
  }

  compile(tree: unknown, path: string, encoded: ReadonlySet<string>): Plan {
    if (typeof tree === 'string') return this.text(tree, path) ?? { type: 'value', value: tree };
    if (Array.isArray(tree)) {
      return {
        type: 'list',
        items: tree.map((item, index) => this.compile(item, `${path}[${index}]`, encoded)),
      };
    }
    if (typeof tree !== 'object' || tree === null)
      return { type: 'value', value: tree as number | boolean | null };
    const entries = Object.entries(tree).map(([key, value]) => {
      const under = `${path}.${key}`;
      const compiled = encoded.has(path) ? this.encoded(value, under) : this.compile(value, under, encoded);
      return [this.text(key, under) ?? key, compiled] as const;
    });
    return { type: 'map', entries };
  }

  private encoded(value: unknown, path: string): Plan {
    // An author who writes base64 himself prints the token as it is; then the value is base64 as well.
    if (typeof value !== 'string' || value.includes(TOKEN_PREFIX))
      return this.compile(value, path, new Set());
    const decoded = this.text(Buffer.from(value, 'base64').toString('latin1'), path);
    return decoded === undefined ? { type: 'value', value } : { ...decoded, bytes: true };
  }

  private text(text: string, path: string): Text | undefined {
    const pieces = cut(text);
    if (pieces === undefined) return undefined;
    const broken = pieces.some((piece) =>
      typeof piece === 'string' ? piece.includes(TOKEN_PREFIX) : piece >= this.tokens,
    );
    if (broken)
      throw new PlanRefused(
        `at ${path} a value is cut or changed by kustomize; print it there as it is, or with word.`,
      );
    return { type: 'text', pieces, bytes: false };
  }
}

/**
 * Fills a plan with this build's values, by index of the token; gives a fresh tree. Throws PlanRefused when a key
 * occurs twice in a map. Inserted values are never looked at again.
 */
export function fillPlan(plan: Plan, values: readonly string[]): unknown {
  switch (plan.type) {
    case 'value':
      return plan.value;
    case 'text':
      return plan.bytes ? fillBytes(plan.pieces, values) : fillText(plan.pieces, values);
    case 'list':
      return plan.items.map((item) => fillPlan(item, values));
    case 'map':
      return fillMap(plan.entries, values);
  }
}

function fillMap(entries: readonly (readonly [string | Text, Plan])[], values: readonly string[]): object {
  const map: Record<string, unknown> = {};
  for (const [name, plan] of entries) {
    const key = typeof name === 'string' ? name : fillText(name.pieces, values);
    if (Object.hasOwn(map, key)) {
      throw new PlanRefused(
        `the key ${key} occurs twice in one map; a build cannot replace what the bundle sets there, so rename one of the two.`,
      );
    }
    const value = fillPlan(plan, values);
    // Assigning to __proto__ would change the object's prototype instead of making a key.
    if (key === '__proto__')
      Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    else map[key] = value;
  }
  return map;
}

function fillText(pieces: Pieces, values: readonly string[]): string {
  let text = '';
  for (const piece of pieces) text += typeof piece === 'string' ? piece : values[piece];
  return text;
}

function fillBytes(pieces: Pieces, values: readonly string[]): string {
  const parts = pieces.map((piece) =>
    typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(values[piece] as string, 'utf8'),
  );
  return Buffer.concat(parts).toString('base64');
}
