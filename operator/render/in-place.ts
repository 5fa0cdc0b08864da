import {
  CORE_SCHEMA,
  type Document,
  eventsToAst,
  mergeTag,
  type Node,
  parseEvents,
  present,
  SCALAR_STYLE,
  type ScalarNode,
} from 'js-yaml';
import { type Entries, type FileSet, isKustomization } from './kustomization.js';
import { fillTokens, onlyToken, TOKEN_PREFIX } from './tokens.js';
import type { TemplateVar } from './types.js';

const SCHEMA = CORE_SCHEMA.withTags(mergeTag);
const STRING_TAG = 'tag:yaml.org,2002:str';
// Where a kustomization holds YAML inside of a text.
const NESTED_KEYS = new Set(['patch', 'patchesstrategicmerge', 'generators', 'transformers', 'validators']);

/**
 * The files with values in the place of tokens, as an author without tokens would have written them: put into the
 * parsed YAML and into YAML nested in kustomizations, never into raw text. Files that kustomize does not parse keep
 * their tokens.
 */
export function placeValues(files: FileSet, entries: Entries, values: readonly TemplateVar[]): FileSet {
  const placed = new Map(files);
  for (const path of entries.parsed) {
    const text = String(files.get(path));
    const isData = entries.data.has(path);
    if (!isData && text.includes(TOKEN_PREFIX))
      placed.set(path, placeInYaml(text, values, isKustomization(path)));
  }
  return placed;
}

function placeInYaml(text: string, values: readonly TemplateVar[], nested: boolean): string {
  const documents: Document[] = eventsToAst(parseEvents(text, {}), { source: text, schema: SCHEMA });
  const placer = new Placer(values);
  for (const document of documents) {
    if (document.contents !== null) placer.place(document.contents, nested, false);
    // Only a document that says where it starts can follow another.
    if (documents.length > 1) document.explicitStart = true;
  }
  return present(documents, { schema: SCHEMA, lineWidth: -1 });
}

class Placer {
  private readonly values: readonly TemplateVar[];
  private readonly texts: readonly string[];

  constructor(values: readonly TemplateVar[]) {
    this.values = values;
    this.texts = values.map(String);
  }

  /** `nested`: texts under NESTED_KEYS are YAML; `inside`: we are under one of them. */
  place(node: Node, nested: boolean, inside: boolean): void {
    if (node.kind === 'scalar') this.placeScalar(node, inside);
    if (node.kind === 'sequence') for (const item of node.items) this.place(item, nested, inside);
    if (node.kind !== 'mapping') return;
    for (const { key, value } of node.items) {
      const isNestedKey = nested && key.kind === 'scalar' && NESTED_KEYS.has(key.value.toLowerCase());
      this.place(key, nested, false);
      this.place(value, nested, isNestedKey);
    }
  }

  private placeScalar(node: ScalarNode, inside: boolean): void {
    if (!node.value.includes(TOKEN_PREFIX)) return;
    if (inside && /[\n{[]/.test(node.value)) {
      setText(node, placeInYaml(node.value, this.values, false));
      return;
    }
    const index = node.style === SCALAR_STYLE.PLAIN ? onlyToken(node.value) : undefined;
    const typed = index === undefined ? undefined : this.values[index];
    if (typeof typed === 'number' || typeof typed === 'boolean') setTyped(node, typed);
    else setText(node, fillTokens(node.value, this.texts));
  }
}

function setText(node: ScalarNode, text: string): void {
  node.value = text;
  node.tag = STRING_TAG;
  node.style = SCALAR_STYLE.DOUBLE_QUOTED;
}

function setTyped(node: ScalarNode, value: number | boolean): void {
  node.value = String(value);
  const type = typeof value === 'boolean' ? 'bool' : Number.isInteger(value) ? 'int' : 'float';
  node.tag = `tag:yaml.org,2002:${type}`;
}
