import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CONFIG_SCHEMA } from '../lib/config/schema.js';
import { loadBundle } from '../operator/render/bundle.js';
import { KNOWN, offlineKinds, resourceTypeOf } from '../operator/render/kinds.js';
import { Renderer } from '../operator/render/renderer.js';
import { type AllowedKind, type AllowedKinds, BundleInvalid } from '../operator/render/types.js';
import { copyFiles, NEW, OLD } from './jinja/copy-files.js';
import { Unconverted } from './jinja/expression.js';
import { type Converted, toHandlebars } from './jinja/to-handlebars.js';
import { describeFlags, parseFlags, UsageError } from './usage.js';

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
  const converted = convert(await readTemplate(folder), path.join(folder, OLD));
  await copyFiles(folder, target, say);
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
  return await check(target, converted.text, say);
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

/** The kinds that a bundle has, all of them allowed: which the configuration allows is not known here. */
class SeenKinds implements AllowedKinds {
  private readonly usual = offlineKinds(DEFAULT_KINDS);
  private readonly all = offlineKinds(KNOWN.map(({ plural, group }) => `${plural}.${group}`));
  /** As `resourceTypes` has to name them, those that it names by default left out. */
  readonly unusual = new Set<string>();

  find(apiVersion: string, kind: string): AllowedKind {
    const known = this.all.find(apiVersion, kind);
    if (this.usual.find(apiVersion, kind) === undefined) this.unusual.add(resourceTypeOf(apiVersion, kind));
    return known ?? { namespaced: true };
  }
}

/** Renders the bundle as `runboat config check` does, with a made-up value for each template variable. */
async function check(target: string, converted: string, say: (line: string) => void): Promise<boolean> {
  const allowed = new SeenKinds();
  try {
    const bundle = await loadBundle(path.basename(path.resolve(target)), target);
    const { errors, warnings } = await new Renderer({ allowed }).selfCheck(
      bundle,
      madeUpVariables(converted),
    );
    for (const { sentence } of warnings) say(`note: ${sentence}`);
    for (const { file, sentence } of errors) say(`${path.join(target, file ?? NEW)}: ${sentence}`);
    if (errors.length > 0) return false;
  } catch (error) {
    if (!(error instanceof BundleInvalid)) throw error;
    say(error.message);
    return false;
  }
  if (allowed.unusual.size > 0)
    say(`note: the setting resourceTypes has to name ${[...allowed.unusual].join(', ')}, too.`);
  say('It is a valid bundle in all five modes.');
  return true;
}

const VARIABLE = String.raw`build_template_vars(?:\.\[([^\]]+)\]|\.(\w+)| ["']([^"']*)["'])`;

/** A value for each template variable that the bundle names: a number for those that have to be one. */
function madeUpVariables(converted: string): Record<string, string> {
  const named = (pattern: string, value: string) =>
    [...converted.matchAll(new RegExp(pattern, 'g'))].map(([, inBrackets, plain, looked]) => [
      inBrackets ?? plain ?? looked,
      value,
    ]);
  return Object.fromEntries([...named(VARIABLE, 'made-up'), ...named(`[({]int [^{}]*?${VARIABLE}`, '1')]);
}
