import { dirname, resolve } from 'node:path';
import { assemble, type ValidValues } from './assemble.js';
import { builtInFolder, resolveBundles } from './bundles.js';
import { checkBundleNames, checkPatterns, doubts } from './checks.js';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { type Draft, isTree, newDraft, type Tree } from './draft.js';
import { readEnvironment, warnOfVariables } from './environment.js';
import { FilesRead } from './files-read.js';
import { legacyPath } from './legacy-repos.js';
import { mergeEnvironment } from './merged-environment.js';
import { normalize } from './normalize.js';
import { namePathBundles } from './path-bundles.js';
import { changedFixedSettings } from './restart-needed.js';
import { CONFIG_SCHEMA } from './schema.js';
import { CONFIG_FILE, SETTINGS } from './settings.js';
import type { Config, ConfigProcess } from './types.js';
import { validate } from './validate.js';
import { readYamlFile } from './yaml-file.js';

export interface LoadOptions {
  /** The YAML file; without it `RUNBOAT_CONFIG`, and without that the environment alone. */
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** A `.env` file; without it `RUNBOAT_ENV_FILE`. The environment wins over it. */
  readonly envFile?: string | undefined;
  readonly process: ConfigProcess;
  /** `RUNBOAT_` variables that are no settings and are not warned of, such as those of a command's flags. */
  readonly knownVariables?: readonly string[];
  /** Where relative folders of the environment start; the working directory. */
  readonly workingFolder?: string;
  /** The folder of the built-in bundles; that of the package. */
  readonly builtInFolder?: string;
  /** Reads all files but the bundles' and so knows them afterwards. */
  readonly files?: FilesRead;
  /** What is in force already; a change of what needs a restart is a problem. */
  readonly running?: Config;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Sentences. */
  readonly warnings: readonly string[];
}

/**
 * Reads the configuration from the file and the environment, which wins key by key. Reads files and connects
 * to nothing. Throws ConfigError with all that is wrong at once.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { workingFolder = process.cwd(), files = new FilesRead() } = options;
  const { env, problems: envFileProblems } = mergeEnvironment(options, files);
  const file = options.file || env[CONFIG_FILE] || undefined;
  const draft = newDraft(file, (name) => readYamlFile(name, files));
  draft.problems.push(...envFileProblems);
  if (envFileProblems.length > 0) draft.isIncomplete = true;
  refuseEnvironmentOnly(draft);
  readEnvironment(draft, { env, workingFolder, files, process: options.process });
  warnOfVariables(draft, env, options.knownVariables ?? []);
  const pathBundles = namePathBundles(draft);
  const values = validated(draft);
  draft.problems.push(...missingInGateway(draft, values, options.process), ...checkPatterns(values));
  if (options.running && !draft.isIncomplete)
    draft.problems.push(...changedFixedSettings(values, options.running));
  const fromFile = file !== undefined && !draft.sources.has('bundles');
  const { bundles, problems, warnings } = resolveBundles({
    entries: values['bundles'],
    base: fromFile ? dirname(resolve(file)) : workingFolder,
    pathBundles,
    builtIn: options.builtInFolder ?? builtInFolder(),
    needed: options.process !== 'gateway',
  });
  draft.problems.push(...problems, ...checkBundleNames(values, bundles));
  throwProblems(draft, file);
  const config = assemble(values as unknown as ValidValues, bundles, options.process);
  return { config, warnings: [...draft.warnings, ...warnings, ...doubts(config)] };
}

/** Keys that only the environment has are unknown in the file. */
function refuseEnvironmentOnly(draft: Draft): void {
  for (const { key, variable, schema } of SETTINGS) {
    if (schema.environmentOnly !== true || !Object.hasOwn(draft.values, key)) continue;
    draft.problems.push({ path: key, message: `is not a key of the file; set ${variable}` });
  }
}

/** The values with their defaults; what is wrong with them is in the draft. */
function validated(draft: Draft): Tree {
  const found: ConfigProblem[] = [];
  const values = normalize({ value: draft.values, text: draft.texts }, CONFIG_SCHEMA, found) as Tree;
  found.push(...validate(values));
  draft.problems.push(...found.filter(({ path }) => !draft.unreadable.has(path)));
  return values;
}

function missingInGateway(draft: Draft, values: Tree, forProcess: ConfigProcess): ConfigProblem[] {
  if (forProcess !== 'gateway') return [];
  const api = isTree(values['api']) ? values['api'] : {};
  return SETTINGS.filter(({ key }) => key === 'api.adminUser' || key === 'api.adminPassword')
    .filter(({ key }) => api[key.slice('api.'.length)] === undefined && !draft.unreadable.has(key))
    .map(({ key, variable }) => ({
      path: key,
      message: `is required by the gateway; set it in the file, or ${variable}`,
      isAbsence: true,
    }));
}

function throwProblems(draft: Draft, file: string | undefined): void {
  if (draft.problems.length === 0) return;
  const own = draft.problems.filter(({ isAbsence }) => !(isAbsence && draft.isIncomplete));
  const shown = own.map(({ path, message }) => ({ path: displayPath(draft, path), message }));
  const unique = new Map(shown.map((problem) => [`${problem.path}: ${problem.message}`, problem]));
  throw new ConfigError([...unique.values()], file);
}

/** The place where a person would correct a key: the variable, when its value came from there. */
function displayPath(draft: Draft, path: string): string {
  for (const [key, variable] of draft.sources) {
    const isWithin = path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);
    if (isWithin) return key === 'repos' ? legacyPath(path) : variable + path.slice(key.length);
  }
  return path;
}
