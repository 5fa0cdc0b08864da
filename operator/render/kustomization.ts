import { posix } from 'node:path';
import { CORE_SCHEMA, loadAll, mergeTag } from 'js-yaml';
import { TOKEN_PREFIX } from './tokens.js';

/** The files that kustomize is run on: path to contents, templates rendered. */
export type FileSet = ReadonlyMap<string, Buffer | string>;

/** What the kustomizations of a bundle name: which files kustomize parses, and which it only takes in as data. */
export interface Entries {
  readonly parsed: ReadonlySet<string>;
  readonly data: ReadonlySet<string>;
}

/** A file of the bundle that cannot be used, with a sentence. */
export class EntryRefused extends Error {
  readonly file: string;

  constructor(file: string, sentence: string) {
    super(sentence);
    this.file = file;
  }
}

const KUSTOMIZATION = /^(kustomization\.ya?ml|Kustomization)$/;
const PATH_LISTS = ['resources', 'bases', 'components', 'crds', 'configurations'];
// Entries of these may be YAML instead of a path.
const INLINE_LISTS = ['generators', 'transformers', 'validators', 'patchesstrategicmerge'];
const HELM = ['helmcharts', 'helmchartinflationgenerator', 'helmglobals'];
const INPUT_SCHEMA = CORE_SCHEMA.withTags(mergeTag);
const MAX_ALIASES = 1000;

/** The documents of a YAML file that kustomize reads. Throws YAMLException. */
export function parseYaml(text: string): unknown[] {
  return loadAll(text, { schema: INPUT_SCHEMA, maxAliases: MAX_ALIASES });
}

/** Whether a path is a kustomization in any folder. */
export function isKustomization(path: string): boolean {
  return KUSTOMIZATION.test(posix.basename(path));
}

/**
 * Finds everything that the kustomizations name, and refuses what is not a file of the bundle, because kustomize would
 * fetch it from the network or from elsewhere on the disk. Throws EntryRefused.
 */
export function readEntries(files: FileSet): Entries {
  const entries = new EntryReader(files);
  for (const path of files.keys()) if (isKustomization(path)) entries.readKustomization(path);
  for (const path of entries.parsed) entries.readBuiltins(path);
  return entries;
}

class EntryReader implements Entries {
  readonly parsed = new Set<string>();
  readonly data = new Set<string>();
  private readonly files: FileSet;
  private readonly folders: ReadonlySet<string>;

  constructor(files: FileSet) {
    this.files = files;
    this.folders = new Set([...files.keys()].flatMap(foldersOf));
  }

  readKustomization(path: string): void {
    this.parsed.add(path);
    const documents = parseOrRefuse(path, this.files);
    if (documents.length > 1)
      throw new EntryRefused(path, `it has ${documents.length} YAML documents; write exactly one.`);
    const root = fieldsOf(documents[0]);
    if (HELM.some((field) => root.has(field))) {
      throw new EntryRefused(
        path,
        'it uses Helm charts, which come from the network; put their rendered YAML into the bundle.',
      );
    }
    for (const field of PATH_LISTS)
      for (const entry of items(root, field)) this.take(path, entry, this.parsed);
    for (const field of INLINE_LISTS) for (const entry of items(root, field)) this.takeInline(path, entry);
    for (const patch of [...items(root, 'patches'), ...items(root, 'patchesjson6902')])
      this.takePath(path, patch);
    for (const entry of items(root, 'replacements')) this.takePath(path, entry);
    for (const entry of items(root, 'openapi')) this.takePath(path, entry);
    for (const field of ['configmapgenerator', 'secretgenerator']) {
      for (const generator of items(root, field)) this.takeGenerator(path, generator);
    }
  }

  /** Looks into a file for objects that configure kustomize's own plugins, which name files too. */
  readBuiltins(path: string): void {
    if (isKustomization(path)) return;
    for (const document of parseOrSkip(path, this.files)) this.readBuiltin(path, document);
  }

  private readBuiltin(path: string, document: unknown): void {
    const fields = fieldsOf(document);
    if (items(fields, 'apiversion')[0] !== 'builtin') return;
    if (/helm/i.test(String(items(fields, 'kind')[0]))) {
      throw new EntryRefused(
        path,
        'it uses Helm charts, which come from the network; put their rendered YAML into the bundle.',
      );
    }
    this.takePath(path, document);
    for (const entry of items(fields, 'paths')) this.takeInline(path, entry);
    for (const entry of items(fields, 'replacements')) this.takePath(path, entry);
    this.takeGenerator(path, document);
  }

  private takeGenerator(path: string, generator: unknown): void {
    const fields = fieldsOf(generator);
    for (const field of ['files', 'envs', 'env']) {
      for (const entry of items(fields, field)) {
        const named =
          typeof entry === 'string' && field === 'files' ? entry.slice(entry.indexOf('=') + 1) : entry;
        this.take(path, named, this.data);
      }
    }
  }

  private takePath(path: string, holder: unknown): void {
    for (const entry of items(fieldsOf(holder), 'path'))
      if (entry !== '') this.take(path, entry, this.parsed);
  }

  private takeInline(path: string, entry: unknown): void {
    const isInline = typeof entry === 'string' && /[\n{:]/.test(entry) && !/^[a-z+]+:\/\//i.test(entry);
    if (!isInline) {
      this.take(path, entry, this.parsed);
      return;
    }
    for (const document of documentsOf(entry)) {
      // A path with a colon reads as a plain text: to kustomize it is a path or an address.
      if (typeof document === 'string') this.take(path, entry, this.parsed);
      else this.readBuiltin(path, document);
    }
  }

  private take(from: string, entry: unknown, into: Set<string>): void {
    if (typeof entry !== 'string')
      throw new EntryRefused(from, 'it has an entry that should be the path of a file, but is no text.');
    if (entry.includes(TOKEN_PREFIX)) {
      throw new EntryRefused(
        from,
        'it prints a value inside the path of a file; print it with the helper word.',
      );
    }
    const target = posix.normalize(posix.join(posix.dirname(from), entry)).replace(/\/$/, '');
    // To kustomize whatever has a scheme is an address, even when a file of that name exists.
    const inside = !posix.isAbsolute(entry) && !target.startsWith('..') && !entry.includes(':');
    if (inside && this.files.has(target)) into.add(target);
    else if (!inside || into === this.data || !this.folders.has(target)) {
      throw new EntryRefused(
        from,
        `it names ${JSON.stringify(entry)}, which is not a file of the bundle; put the file there, or correct the path.`,
      );
    }
  }
}

function parseOrRefuse(path: string, files: FileSet): unknown[] {
  try {
    return parseYaml(String(files.get(path)));
  } catch (error) {
    throw new EntryRefused(path, yamlSentence(error));
  }
}

// What is wrong with a file of resources is better said by kustomize, which has the last word on it.
function parseOrSkip(path: string, files: FileSet): unknown[] {
  try {
    return parseYaml(String(files.get(path)));
  } catch {
    return [];
  }
}

function documentsOf(text: string): unknown[] {
  try {
    return parseYaml(text);
  } catch {
    return [text];
  }
}

/** A YAML error in words, with the line of the rendered text. */
export function yamlSentence(error: unknown): string {
  const { reason, mark, message } = error as { reason?: string; mark?: { line: number }; message: string };
  const where = mark === undefined ? '' : ` in line ${mark.line + 1} of the rendered text`;
  return `a YAML error${where}: ${reason ?? message}; correct it.`;
}

// kustomize reads kustomizations through Go's JSON decoder, to which `Resources` and even `re\u017fources` are `resources`.
function fieldsOf(holder: unknown): ReadonlyMap<string, unknown[]> {
  const fields = new Map<string, unknown[]>();
  if (typeof holder !== 'object' || holder === null) return fields;
  for (const [key, value] of Object.entries(holder)) {
    const name = key.toUpperCase().toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), ...(Array.isArray(value) ? value : [value])]);
  }
  return fields;
}

function items(fields: ReadonlyMap<string, unknown[]>, name: string): unknown[] {
  return (fields.get(name) ?? []).filter((item) => item !== null && item !== undefined);
}

function foldersOf(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === '.' ? ['.'] : [folder, ...foldersOf(folder)];
}
