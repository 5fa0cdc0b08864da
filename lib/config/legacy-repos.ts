import { resolve } from 'node:path';
import { type Draft, isTree, type Tree } from './draft.js';
import type { Parsed } from './scalars.js';

const VARIABLE = 'RUNBOAT_REPOS';
const ENTRY_KEYS = ['repo', 'branch', 'builds'];
/** Names in a build of `RUNBOAT_REPOS`, and the rule's keys that they are. */
const BUILD_KEYS = {
  image: 'image',
  env: 'env',
  secret_env: 'secretEnv',
  template_vars: 'templateVars',
} as const;
const KUBEFILES_PATH = 'kubefiles_path';

/** Stands for an entry that has been reported, so that the others keep their places. */
const PLACEHOLDER = { repo: '.', branch: '.', image: 'none' };

/**
 * Turns `RUNBOAT_REPOS`, a list of `{repo, branch, builds: [{image, env, secret_env, template_vars,
 * kubefiles_path}]}`, into rules as the file has them. What is wrong with its shape is reported in the draft.
 */
export function readLegacyRepos(draft: Draft, parsed: Parsed, workingFolder: string): Parsed {
  if (!Array.isArray(parsed.value) || !Array.isArray(parsed.text)) {
    draft.problems.push({ path: VARIABLE, message: 'must be a JSON list of {"repo", "branch", "builds"}' });
    return { value: [], text: [] };
  }
  const texts: unknown[] = parsed.text;
  const rules = parsed.value.map((value: unknown, index) =>
    readEntry(draft, { value, text: texts[index] }, { path: `${VARIABLE}[${index}]`, index, workingFolder }),
  );
  return { value: rules.map(({ value }) => value), text: rules.map(({ text }) => text) };
}

/** The path in the variable for a path in the rules: `repos[0].secretEnv.A` is `...[0].builds[0].secret_env.A`. */
export function legacyPath(path: string): string {
  const [, index = '', key, rest = ''] = /^repos(\[\d+\])?(?:\.(\w+))?(.*)$/s.exec(path) ?? [];
  if (key === undefined) return `${VARIABLE}${index}${rest}`;
  if (ENTRY_KEYS.includes(key)) return `${VARIABLE}${index}.${key}${rest}`;
  const name = Object.entries(BUILD_KEYS).find(([, ruleKey]) => ruleKey === key)?.[0] ?? KUBEFILES_PATH;
  return `${VARIABLE}${index}.builds[0].${name}${rest}`;
}

interface Place {
  readonly path: string;
  /** Of the rule. */
  readonly index: number;
  readonly workingFolder: string;
}

function readEntry(draft: Draft, entry: Parsed, place: Place): Parsed {
  const { value, text } = entry;
  if (!isTree(value) || !isTree(text))
    return refuse(draft, place.path, 'must be {"repo", "branch", "builds"}');
  warnOfUnknown(draft, value, ENTRY_KEYS, place.path);
  const { builds } = value;
  if (!Array.isArray(builds) || builds.length !== 1 || !isTree(builds[0])) {
    return refuse(draft, `${place.path}.builds`, 'must be a list of exactly one {"image", ...}');
  }
  const build: Tree = builds[0];
  const path = `${place.path}.builds[0]`;
  warnOfUnknown(draft, build, [...Object.keys(BUILD_KEYS), KUBEFILES_PATH], path);
  readKubefilesPath(draft, build[KUBEFILES_PATH], { ...place, path });
  const buildTexts = Array.isArray(text['builds']) ? (text['builds'][0] as Tree) : {};
  return { value: rule(value, build), text: rule(text, buildTexts) };
}

function rule(entry: Tree, build: Tree): Tree {
  const fromBuild = Object.entries(BUILD_KEYS).map(([name, key]) => [key, build[name]]);
  return { repo: entry['repo'], branch: entry['branch'], ...Object.fromEntries(fromBuild) };
}

/** The rule gets the name of the bundle later, when all folders are known. */
function readKubefilesPath(draft: Draft, value: unknown, place: Place): void {
  if (value === undefined || value === null || value === '') return;
  const source = `${place.path}.${KUBEFILES_PATH}`;
  if (typeof value !== 'string') {
    draft.problems.push({ path: source, message: 'must be the path of a folder' });
    return;
  }
  draft.pathFolders.push({ folder: resolve(place.workingFolder, value), source, rule: place.index });
}

function warnOfUnknown(draft: Draft, value: Tree, known: readonly string[], path: string): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) draft.warnings.push(`${path}.${key} is not a setting and is ignored`);
  }
}

function refuse(draft: Draft, path: string, message: string): Parsed {
  draft.problems.push({ path, message });
  return { value: PLACEHOLDER, text: PLACEHOLDER };
}
