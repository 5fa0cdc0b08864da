import { basename, dirname } from 'node:path';
import { type Draft, isTree, type PathFolder, setFromVariable, type Tree } from './draft.js';
import { BUNDLE_NAME } from './schema-parts.js';
import { DEFAULT_KUBEFILES_PATH } from './settings.js';

/** A bundle that is given by its folder alone. */
export interface PathBundle extends PathFolder {
  readonly name: string;
}

/**
 * Names the bundles that are given by their folders alone: after the last folder, or after the last two where the last
 * ones are equal. The settings that use them get the names; a folder that gives no name is a problem of the draft.
 */
export function namePathBundles(draft: Draft): PathBundle[] {
  const named: PathBundle[] = [];
  for (const found of draft.pathFolders) {
    const name = nameOf(found.folder, draft.pathFolders);
    if (new RegExp(BUNDLE_NAME.pattern!).test(name)) {
      named.push({ ...found, name });
      use(draft, found, name);
    } else {
      draft.problems.push({ path: found.source, message: noName(found.folder, name) });
    }
  }
  return named;
}

function nameOf(folder: string, all: readonly PathFolder[]): string {
  const last = basename(folder);
  const isShared = all.some((other) => other.folder !== folder && basename(other.folder) === last);
  return isShared ? `${basename(dirname(folder))}-${last}` : last;
}

/** `RUNBOAT_DEFAULT_BUNDLE` wins over a default folder. */
function use(draft: Draft, { rule }: PathFolder, name: string): void {
  if (rule !== undefined) {
    draft.values = withKubefiles(draft.values, rule, name);
    draft.texts = withKubefiles(draft.texts, rule, name);
  } else if (!draft.sources.has('defaultBundle')) {
    setFromVariable(draft, 'defaultBundle', { value: name, text: name }, DEFAULT_KUBEFILES_PATH);
  }
}

function withKubefiles(tree: Tree, index: number, kubefiles: string): Tree {
  const rules: unknown[] = Array.isArray(tree['repos']) ? tree['repos'] : [];
  const named = rules.map((rule, at) => (at === index && isTree(rule) ? { ...rule, kubefiles } : rule));
  return { ...tree, repos: named };
}

function noName(folder: string, name: string): string {
  return `a bundle is named after its last folder, and \`${name}\` of ${folder} is not ${BUNDLE_NAME.expected}; rename the folder`;
}
