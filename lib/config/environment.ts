import { resolve } from 'node:path';
import { type Draft, setFromVariable } from './draft.js';
import { type FilesRead, UnreadableFile } from './files-read.js';
import { readLegacyRepos } from './legacy-repos.js';
import { type Parsed, parseBoolean, parseInteger, parseJson, parseList } from './scalars.js';
import {
  DEFAULT_KUBEFILES_PATH,
  fileVariableOf,
  LOG_CONFIG,
  OTHER_VARIABLES,
  SETTINGS,
  type Setting,
  variableOf,
} from './settings.js';
import type { ConfigProcess } from './types.js';

type Reading = { readonly parsed: Parsed } | { readonly error: string };

/** What Kubernetes sets in every container for a Service of the namespace that is called `runboat`. */
const SERVICE_VARIABLE = /^RUNBOAT_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_.*)?)$/;
/** The same for Services called `runboat-...`; a plain `..._PORT` could be a mistake, so its value is looked at. */
const OTHER_SERVICE_VARIABLE =
  /^RUNBOAT_.*_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT_\d+_(?:TCP|UDP|SCTP).*)$/;
const OTHER_SERVICE_PORT = /^RUNBOAT_.*_PORT$/;
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//;

export interface EnvironmentSource {
  readonly env: NodeJS.ProcessEnv;
  /** Where relative folders and files start. */
  readonly workingFolder: string;
  /** Reads the files that `..._FILE` variables name. */
  readonly files: FilesRead;
  /** Files with secrets that this process does not need are not read: it may not have them. */
  readonly process: ConfigProcess;
}

/** Lets the environment win over the file, key by key. An empty variable is as good as none. */
export function readEnvironment(draft: Draft, source: EnvironmentSource): void {
  const { env, workingFolder } = source;
  const defaultFolder = env[DEFAULT_KUBEFILES_PATH];
  if (defaultFolder) {
    draft.pathFolders.push({ folder: resolve(workingFolder, defaultFolder), source: DEFAULT_KUBEFILES_PATH });
  }
  for (const setting of SETTINGS) {
    const given = givenValue(draft, setting, source);
    if (given !== undefined) readVariable(draft, setting, given, workingFolder);
  }
}

/** Warns of variables that look like settings and are none. */
export function warnOfVariables(draft: Draft, env: NodeJS.ProcessEnv, alsoKnown: readonly string[]): void {
  const known = new Set([
    ...SETTINGS.flatMap((setting) => [setting.variable, fileVariableOf(setting) ?? []].flat()),
    ...OTHER_VARIABLES.map(({ variable }) => variable),
    ...alsoKnown,
  ]);
  if (env[LOG_CONFIG]) {
    draft.warnings.push(
      `${LOG_CONFIG} is ignored: it is for Python's logging; RUNBOAT_LOG_LEVEL says how much is logged`,
    );
  }
  for (const [name, value] of Object.entries(env)) {
    if (!value || !name.startsWith('RUNBOAT_') || known.has(name) || isServiceVariable(name, value)) continue;
    draft.warnings.push(`${name} is not a setting and is ignored${suggestion(name)}`);
  }
}

/** Whether Kubernetes made a variable for a Service called `runboat` or `runboat-...`. */
export function isServiceVariable(name: string, value: string): boolean {
  if (SERVICE_VARIABLE.test(name) || OTHER_SERVICE_VARIABLE.test(name)) return true;
  return OTHER_SERVICE_PORT.test(name) && SERVICE_ADDRESS.test(value);
}

function suggestion(name: string): string {
  const setting = SETTINGS.find(({ key }) => variableOf(key) === name);
  return setting === undefined ? '' : `; \`${setting.key}\` is set by ${setting.variable}`;
}

/** A value as text, and the variable that gave it or named its file. */
interface Given {
  readonly text: string;
  readonly variable: string;
}

function givenValue(draft: Draft, setting: Setting, source: EnvironmentSource): Given | undefined {
  const { variable } = setting;
  const text = source.env[variable];
  const fileVariable = fileVariableOf(setting);
  const file = fileVariable === undefined ? undefined : source.env[fileVariable];
  if (!fileVariable || !file) return text ? { text, variable } : undefined;
  if (!text) return fromFile(draft, setting, { variable: fileVariable, file }, source);
  draft.problems.push({ path: fileVariable, message: `${variable} is given too; keep one of them` });
  draft.unreadable.add(setting.key);
  return undefined;
}

/** The content of a secret's file, without the line ends that editors and `echo` put behind it. */
function fromFile(
  draft: Draft,
  { key, schema }: Setting,
  { variable, file }: { variable: string; file: string },
  source: EnvironmentSource,
): Given | undefined {
  if (source.process !== 'check' && (schema.usedBy ?? source.process) !== source.process) return undefined;
  const path = resolve(source.workingFolder, file);
  try {
    const text = source.files.read(path).replace(/[\r\n]+$/, '');
    if (text !== '') return { text, variable };
    draft.problems.push({ path: variable, message: `${path}: is empty` });
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    draft.problems.push({ path: variable, message: `${path}: ${error.why}` });
  }
  draft.unreadable.add(key);
  return undefined;
}

function readVariable(draft: Draft, setting: Setting, given: Given, workingFolder: string): void {
  const { key } = setting;
  const { text, variable } = given;
  const reading = parseVariable(setting, text);
  if ('error' in reading) {
    draft.problems.push({ path: variable, message: reading.error + serviceHint(variable, text) });
    draft.unreadable.add(key);
    return;
  }
  const parsed = key === 'repos' ? readLegacyRepos(draft, reading.parsed, workingFolder) : reading.parsed;
  setFromVariable(draft, key, parsed, variable);
}

function parseVariable({ schema }: Setting, source: string): Reading {
  if (schema.type === 'boolean') {
    return reading(
      booleanOf(source, schema.inverted === true),
      'must be true or false (1/0, yes/no, on/off)',
    );
  }
  if (schema.type === 'integer')
    return reading(parseInteger(source), `must be ${schema.expected ?? 'a number'}`);
  if (schema.items !== undefined && schema.items.properties === undefined) {
    return reading(parseList(source), 'must be a list, such as a,b,c');
  }
  if (schema.type === 'object' || schema.type === 'array') return parseJson(source);
  return reading(source, '');
}

function booleanOf(source: string, inverted: boolean): boolean | undefined {
  const value = parseBoolean(source);
  return value === undefined ? undefined : value !== inverted;
}

function reading(value: unknown, error: string): Reading {
  return value === undefined ? { error } : { parsed: { value, text: value } };
}

function serviceHint(variable: string, source: string): string {
  if (!SERVICE_ADDRESS.test(source)) return '';
  const service = variable
    .replace(/_PORT$/, '')
    .toLowerCase()
    .replaceAll('_', '-');
  return `; Kubernetes sets it so for a Service called ${service}: set \`enableServiceLinks: false\` in the pod, or rename the Service`;
}
