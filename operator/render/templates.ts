import Handlebars from 'handlebars';
import { BLOCKS, HELPERS, registerHelpers } from './helpers.js';
import { checkTemplate } from './template-check.js';
import { nameTokens, TemplateMistake, type TokenTable } from './tokens.js';

/** A compiled template: gives the text for a context whose values are opaque tokens. */
export type Template = (context: object) => string;

const handlebars = Handlebars.create();
for (const name of Object.keys(handlebars.helpers)) handlebars.unregisterHelper(name);
registerHelpers(handlebars);

const OPTIONS = {
  noEscape: true,
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: {
    ...Object.fromEntries([...BLOCKS, ...Object.keys(HELPERS)].map((name) => [name, true])),
    log: false,
    helperMissing: false,
    blockHelperMissing: false,
  },
};

/** Parses, checks and compiles one template. Throws TemplateMistake with the line. */
export function compileTemplate(text: string): Template {
  try {
    const found = checkTemplate(handlebars.parse(text));
    if (found !== undefined) throw new TemplateMistake(`line ${found.line}: ${found.sentence}`);
    // Compiling is lazy in Handlebars; this finds now what would fail at the first rendering.
    handlebars.precompile(text, OPTIONS);
    return handlebars.compile(text, OPTIONS);
  } catch (error) {
    if (error instanceof TemplateMistake) throw error;
    throw new TemplateMistake(`the template cannot be read (${oneLine(error)}); correct it.`);
  }
}

/** Renders one template. Throws TemplateMistake when a variable is missing, a map is printed, or a helper refuses. */
export function renderTemplate(template: Template, context: object, table: TokenTable): string {
  try {
    const text = template(context);
    table.assertNoMapPrinted();
    return text;
  } catch (error) {
    if (error instanceof TemplateMistake) throw error;
    throw explain(error, table);
  }
}

// The only errors left are Handlebars' own of strict mode, and a lookup in something that does not exist.
function explain(error: unknown, table: TokenTable): TemplateMistake {
  const message = error instanceof Error ? error.message : String(error);
  const strict = /^"(.*)" not defined in (.*?)(?: - \d+:\d+)?$/s.exec(message);
  if (strict === null) {
    const reason = nameTokens(oneLine(error), table.leaves);
    return new TemplateMistake(
      `it asks for a variable that does not exist (${reason}); correct the name, or use default.`,
    );
  }
  const key = strict[1] ?? '';
  const holder = nameTokens(strict[2] ?? '', table.leaves);
  const inMap = holder !== 'the context' && holder !== 'undefined' && !holder.startsWith('[object');
  const name = inMap ? `${holder}.${key}` : key;
  return new TemplateMistake(
    `the variable ${name} does not exist; correct the name, or write {{default ${name} "..."}}.`,
    name,
  );
}

// A parse error of Handlebars has the line in its first line, then an excerpt, then a long list of what was expected.
function oneLine(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  return lines.length > 1 ? `${lines[0]} ${lines[1]}` : (lines[0] ?? '');
}
