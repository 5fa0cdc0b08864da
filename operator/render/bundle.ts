import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileTemplate, type Template } from './templates.js';
import { TemplateMistake, TOKEN_PREFIX } from './tokens.js';
import { BundleInvalid } from './types.js';

/** The file that makes a folder a bundle. */
export const ROOT_FILE = 'kustomization.yaml.hbs';
const TEMPLATE_SUFFIX = '.hbs';
const MAX_FILES = 1000;
const MAX_BYTES = 8 * 1024 * 1024;

/** A file that is a template; `target` is its path after rendering. */
export interface TemplateFile {
  readonly source: string;
  readonly target: string;
  readonly template: Template;
}

/** A bundle as read from its folder; paths are relative to it, with `/`. */
export interface Bundle {
  readonly name: string;
  readonly folder: string;
  /** SHA-256 over names and contents of its files, hex. */
  readonly version: string;
  readonly templates: readonly TemplateFile[];
  /** Path to contents of the files that are no templates. */
  readonly statics: ReadonlyMap<string, Buffer>;
}

/**
 * Reads a bundle and compiles its templates. Throws BundleInvalid for a folder or file that cannot be read, a symbolic
 * link, a template that is not in the template language, and for a bundle that contains the tokens' prefix.
 */
export async function loadBundle(name: string, folder: string): Promise<Bundle> {
  const files = await readFiles(name, folder);
  assertRoot(name, folder, files);
  const templates: TemplateFile[] = [];
  const statics = new Map<string, Buffer>();
  for (const [path, content] of files) {
    if (content.includes(TOKEN_PREFIX) || path.includes(TOKEN_PREFIX)) {
      throw invalid(
        name,
        path,
        `it contains ${TOKEN_PREFIX}, which is reserved in this process; take it out.`,
      );
    }
    if (!path.endsWith(TEMPLATE_SUFFIX)) statics.set(path, content);
    else templates.push(readTemplate(name, path, content));
  }
  assertNoDouble(name, templates, statics);
  return { name, folder, version: versionOf(files), templates, statics };
}

/** The path of the source of a rendered file, for messages. */
export function sourceOf(bundle: Bundle, target: string): string {
  return bundle.templates.find((file) => file.target === target)?.source ?? target;
}

async function readFiles(name: string, folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let bytes = 0;
  for (const path of await listFiles(name, folder, '')) {
    const content = await readFile(join(folder, path)).catch((error: Error) => {
      throw invalid(name, path, `it cannot be read (${error.message}); correct its permissions.`);
    });
    bytes += content.length;
    files.set(path, content);
    if (files.size > MAX_FILES || bytes > MAX_BYTES) {
      throw invalid(
        name,
        undefined,
        `it has more than ${MAX_FILES} files or ${MAX_BYTES} bytes; is ${folder} the right folder?`,
      );
    }
  }
  return files;
}

async function listFiles(name: string, folder: string, under: string): Promise<string[]> {
  const entries = await readdir(join(folder, under), { withFileTypes: true }).catch((error: Error) => {
    throw invalid(
      name,
      under || undefined,
      `the folder cannot be read (${error.message}); correct its path in bundles.`,
    );
  });
  const paths: string[] = [];
  for (const entry of entries) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await listFiles(name, folder, path)));
    else if (entry.isFile()) paths.push(path);
    else
      throw invalid(
        name,
        path,
        'it is a symbolic link or a special file; put a copy of the file in its place.',
      );
  }
  return paths.sort();
}

function assertRoot(name: string, folder: string, files: ReadonlyMap<string, Buffer>): void {
  if (files.has(ROOT_FILE)) return;
  if (files.has('kustomization.yaml.jinja')) {
    throw invalid(
      name,
      'kustomization.yaml.jinja',
      `Jinja templates cannot be used; convert it once: runboat convert-bundle ${folder}`,
    );
  }
  throw invalid(
    name,
    ROOT_FILE,
    `the file is missing; a bundle is a folder with ${ROOT_FILE}, and there is none in ${folder}.`,
  );
}

function assertNoDouble(
  name: string,
  templates: readonly TemplateFile[],
  statics: ReadonlyMap<string, Buffer>,
): void {
  const double = templates.find((file) => statics.has(file.target));
  if (double === undefined) return;
  throw invalid(name, double.source, `there is also a file ${double.target}; keep one of the two.`);
}

function readTemplate(name: string, path: string, content: Buffer): TemplateFile {
  const target = path.slice(0, -TEMPLATE_SUFFIX.length);
  if (target === '' || target.endsWith('/'))
    throw invalid(name, path, 'a template needs a name before .hbs; rename it.');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return { source: path, target, template: compileTemplate(text) };
  } catch (error) {
    if (error instanceof TemplateMistake) throw invalid(name, path, error.message);
    throw invalid(name, path, 'it is a template but not UTF-8 text; save it as UTF-8.');
  }
}

function versionOf(files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256');
  for (const [path, content] of files) hash.update(`${path}\0${content.length}\0`).update(content);
  return hash.digest('hex');
}

function invalid(bundle: string, file: string | undefined, sentence: string): BundleInvalid {
  return new BundleInvalid(file === undefined ? { bundle, sentence } : { bundle, file, sentence });
}
