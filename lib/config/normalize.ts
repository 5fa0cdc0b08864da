import type { ConfigProblem } from './config-error.js';
import { isTree, type Tree } from './draft.js';
import { joinPath } from './paths.js';
import type { Parsed } from './scalars.js';
import type { SettingSchema } from './schema-parts.js';

/**
 * Makes scalars what the schema wants them to be before it is asked: environment values become the text that
 * was written, keys without a value disappear. A template variable stays a number only when its text says no
 * more than the number (`16`, not `16.0`): such a one is a problem, because either reading could be meant.
 */
export function normalize(parsed: Parsed, schema: SettingSchema, problems: ConfigProblem[]): unknown {
  return visit(parsed, schema, { path: '', problems });
}

interface Place {
  readonly path: string;
  readonly problems: ConfigProblem[];
}

function visit(parsed: Parsed, schema: SettingSchema, place: Place): unknown {
  const { value, text } = parsed;
  if (Array.isArray(value) && schema.items !== undefined) {
    const texts: unknown[] = Array.isArray(text) ? text : [];
    const items = schema.items;
    return value.map((item: unknown, index) =>
      visit({ value: item, text: texts[index] }, items, { ...place, path: joinPath(place.path, index) }),
    );
  }
  if (isTree(value) && isTree(text)) return visitMap({ value, text }, schema, place);
  return scalar(parsed, schema, place);
}

function visitMap(map: { value: Tree; text: Tree }, schema: SettingSchema, place: Place): unknown {
  const entries = Object.entries(map.value).map(([name, value]) => {
    const inner = schema.properties === undefined ? schema.additionalProperties : schema.properties[name];
    if (!inner) return [name, value] as const;
    const path = joinPath(place.path, name);
    return [name, visit({ value, text: map.text[name] }, inner, { ...place, path })] as const;
  });
  // A map of names keeps a name without a value, which is reported: `PGPASSWORD:` is a mistake.
  const isSettings = schema.properties !== undefined;
  return Object.fromEntries(isSettings ? entries.filter(([, value]) => value != null) : entries);
}

function scalar({ value, text }: Parsed, schema: SettingSchema, place: Place): unknown {
  if (typeof value !== 'number' && typeof value !== 'boolean') return value;
  if (schema.asText === true) return typeof text === 'string' ? text : value;
  if (typeof value === 'number' && schema.type?.includes('number') && String(value) !== text) {
    const message =
      'can be read as a number and as a text; put it in quotes, or write the number without zeros at the end';
    place.problems.push({ path: place.path, message });
  }
  return value;
}
