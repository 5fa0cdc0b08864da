import { createHash } from 'node:crypto';
import type { Bundle } from './bundle.js';
import { buildContext } from './context.js';
import { renderTemplate } from './templates.js';
import { type Leaf, TemplateMistake, TokenTable } from './tokens.js';
import { BundleInvalid, type Mode, type RenderInput } from './types.js';

/** The rendered templates of one mode of one build, with tokens in the place of values. */
export interface RenderedTexts {
  /** Path after rendering to text. */
  readonly texts: ReadonlyMap<string, string>;
  /** The values behind the tokens, by index. */
  readonly leaves: readonly Leaf[];
  /** Equal for builds that differ only in values: SHA-256, hex. */
  readonly shape: string;
}

/** A template asks for a variable that this build does not have. */
export class VariableMissing extends BundleInvalid {
  readonly variable: string;

  constructor(problem: ConstructorParameters<typeof BundleInvalid>[0], variable: string) {
    super(problem);
    this.variable = variable;
  }
}

/** Renders all templates of a bundle with tokens. Throws BundleInvalid with the file. */
export function renderTexts(bundle: Bundle, mode: Mode, input: RenderInput): RenderedTexts {
  const table = new TokenTable();
  const hash = createHash('sha256').update(`${bundle.name}\0${bundle.version}`);
  const texts = new Map<string, string>();
  const context = contextOf(bundle, table, mode, input);
  for (const { source, target, template } of bundle.templates) {
    try {
      const text = renderTemplate(template, context, table);
      texts.set(target, text);
      hash.update(`\0${text.length}\0`).update(text);
    } catch (error) {
      throw inFile(bundle, source, error);
    }
  }
  return { texts, leaves: table.leaves, shape: hash.digest('hex') };
}

function contextOf(bundle: Bundle, table: TokenTable, mode: Mode, input: RenderInput): object {
  try {
    return buildContext(table, mode, input);
  } catch (error) {
    throw inFile(bundle, undefined, error);
  }
}

function inFile(bundle: Bundle, file: string | undefined, error: unknown): unknown {
  if (!(error instanceof TemplateMistake)) return error;
  const problem = { bundle: bundle.name, ...(file === undefined ? {} : { file }), sentence: error.message };
  return error.missing === undefined
    ? new BundleInvalid(problem)
    : new VariableMissing(problem, error.missing);
}
