import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CONFIG_SCHEMA } from '../lib/config/schema.js';
import { loadBundle } from '../operator/render/bundle.js';
import { offlineKinds } from '../operator/render/kinds.js';
import { Renderer } from '../operator/render/renderer.js';
import { BundleInvalid } from '../operator/render/types.js';
import { Unconverted } from './jinja/expression.js';
import { type Converted, toHandlebars } from './jinja/to-handlebars.js';
import { describeFlags, parseFlags, UsageError } from './usage.js';

const OLD = 'kustomization.yaml.jinja';
const NEW = 'kustomization.yaml.hbs';
const DEFAULT_KINDS = CONFIG_SCHEMA.properties?.['resourceTypes']?.default as string[];

/**
 * `runboat convert-bundle`: turns a folder of the Python runboat into a bundle, beside the old template or in a
 * folder of its own. 0 when the result is a valid bundle, 1 when something is left to do by hand.
 */
export async function run(args: string[]): Promise<number> {
  const { help, words } = parseFlags(args, []);
  if (help) {
    process.stdout.write(describeFlags('runboat convert-bundle FOLDER [TARGET]', []));
    return 0;
  }
  const [folder, target = folder, ...more] = words;
  if (folder === undefined || target === undefined || more.length > 0)
    throw new UsageError('runboat convert-bundle wants the folder of a bundle, and at most one to write to.');
  const say = (line: string) => process.stdout.write(`${line}\n`);
  return (await convertBundle(folder, target, say)) ? 0 : 1;
}

/** Converts, writes and checks. True when nothing is left to do. Throws UsageError for unusable folders. */
export async function convertBundle(
  folder: string,
  target: string,
  say: (line: string) => void,
): Promise<boolean> {
  const source = await readTemplate(folder);
  const converted = convert(source, path.join(folder, OLD));
  await copyFiles(folder, target);
  const written = path.join(target, NEW);
  await writeFile(written, converted.text);
  say(`Wrote ${written}.`);
  const old = path.join(folder, OLD);
  for (const { line, sentence } of converted.remarks) say(`${old}:${line}: note: ${sentence}`);
  for (const { line, sentence } of converted.unconverted) say(`${old}:${line}: ${sentence}`);
  if (converted.unconverted.length > 0) {
    say(`What is listed stands unconverted in ${written}; write it by hand, then run: runboat config check`);
    return false;
  }
  return await check(target, source, say);
}

async function readTemplate(folder: string): Promise<string> {
  try {
    return await readFile(path.join(folder, OLD), 'utf8');
  } catch (error) {
    throw new UsageError(
      `There is no readable ${OLD} in ${folder} (${(error as Error).message}); name the folder that holds it.`,
    );
  }
}

function convert(source: string, file: string): Converted {
  try {
    return toHandlebars(source);
  } catch (error) {
    if (error instanceof Unconverted) throw new Error(`${file}: ${error.message}`);
    throw error;
  }
}

/** Nothing that exists is written over: somebody may have worked on it. */
async function copyFiles(folder: string, target: string): Promise<void> {
  const there = await stat(path.join(target, NEW)).catch(() => undefined);
  if (there) throw new UsageError(`${path.join(target, NEW)} exists already; remove it to convert anew.`);
  if (path.resolve(folder) === path.resolve(target)) return;
  await mkdir(target, { recursive: true });
  // The Python runboat writes kustomization.yaml over one that is there, so nobody misses it.
  const left = new Set([OLD, 'kustomization.yaml']);
  for (const name of await readdir(folder)) {
    if (left.has(name)) continue;
    await cp(path.join(folder, name), path.join(target, name), {
      recursive: true,
      force: false,
      errorOnExist: true,
    });
  }
}

/** Renders the bundle as `runboat config check` does, with a made-up value for each template variable. */
async function check(target: string, source: string, say: (line: string) => void): Promise<boolean> {
  try {
    const bundle = await loadBundle(path.basename(path.resolve(target)), target);
    const renderer = new Renderer({ allowed: offlineKinds(DEFAULT_KINDS) });
    const { errors, warnings } = await renderer.selfCheck(bundle, madeUpVariables(source));
    for (const { sentence } of warnings) say(`note: ${sentence}`);
    for (const { file, sentence } of errors) say(`${path.join(target, file ?? NEW)}: ${sentence}`);
    if (errors.length > 0) return false;
  } catch (error) {
    if (!(error instanceof BundleInvalid)) throw error;
    say(error.message);
    return false;
  }
  say('It is a valid bundle in all five modes.');
  return true;
}

function madeUpVariables(source: string): Record<string, string> {
  const names = source.matchAll(/build_template_vars(?:\.(?:get\()?|\[)\s*["']?([\w.-]+)/g);
  return Object.fromEntries([...names].map(([, name = '']) => [name, 'made-up']));
}
