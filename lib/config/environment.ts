import { basename, resolve } from 'node:path';
import { type Draft, setFromVariable } from './draft.js';
import { readLegacyRepos } from './legacy-repos.js';
import { type Parsed, parseBoolean, parseInteger, parseJson, parseList } from './scalars.js';
import {
  DEFAULT_KUBEFILES_PATH,
  LOG_CONFIG,
  OTHER_VARIABLES,
  SETTINGS,
  type Setting,
  variableOf,
} from './settings.js';

type Reading = { readonly parsed: Parsed } | { readonly error: string };

/** What Kubernetes sets in every container for a Service of the namespace that is called `runboat`. */
const SERVICE_VARIABLE = /^RUNBOAT_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_.*)?)$/;
/** The same for Services called `runboat-...`; a plain `..._PORT` could be a mistake, so its value is looked at. */
const OTHER_SERVICE_VARIABLE =
  /^RUNBOAT_.*_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT_\d+_(?:TCP|UDP|SCTP).*)$/;
const OTHER_SERVICE_PORT = /^RUNBOAT_.*_PORT$/;
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//;

/** Lets the environment win over the file, key by key. An empty variable is as good as none. */
export function readEnvironment(draft: Draft, env: NodeJS.ProcessEnv, workingFolder: string): void {
  const defaultFolder = env[DEFAULT_KUBEFILES_PATH];
  if (defaultFolder) readDefaultFolder(draft, resolve(workingFolder, defaultFolder));
  for (const setting of SETTINGS) {
    const source = env[setting.variable];
    if (source) readVariable(draft, setting, source, workingFolder);
  }
}

/** Warns of variables that look like settings and are none. */
export function warnOfVariables(draft: Draft, env: NodeJS.ProcessEnv, alsoKnown: readonly string[]): void {
  const known = new Set([
    ...SETTINGS.map(({ variable }) => variable),
    ...OTHER_VARIABLES.map(({ variable }) => variable),
    ...alsoKnown,
  ]);
  if (env[LOG_CONFIG]) {
    draft.warnings.push(
      `${LOG_CONFIG} is ignored: it is for Python's logging; RUNBOAT_LOG_LEVEL says how much is logged`,
    );
  }
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('RUNBOAT_') || known.has(name) || isServiceVariable(name, value ?? '')) continue;
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

function readDefaultFolder(draft: Draft, folder: string): void {
  const name = basename(folder);
  draft.pathBundles.push({ name, folder, source: DEFAULT_KUBEFILES_PATH });
  setFromVariable(draft, 'defaultBundle', { value: name, text: name }, DEFAULT_KUBEFILES_PATH);
}

function readVariable(draft: Draft, setting: Setting, source: string, workingFolder: string): void {
  const { key, variable } = setting;
  const reading = parseVariable(setting, source);
  if ('error' in reading) {
    draft.problems.push({ path: variable, message: reading.error + serviceHint(variable, source) });
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
