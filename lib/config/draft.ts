import { ConfigError, type ConfigProblem } from './config-error.js';
import type { Parsed } from './scalars.js';

export type Tree = Readonly<Record<string, unknown>>;

/** The folder of a bundle that is not named where it is used. */
export interface PathFolder {
  /** Absolute. */
  readonly folder: string;
  /** The variable, or the place in it. */
  readonly source: string;
  /** The rule that uses it, its position in `repos`; absent: those that name none. */
  readonly rule?: number;
}

/** A configuration while it is being put together from the file and the environment. */
export interface Draft {
  values: Tree;
  /** The same tree with every scalar as it was written. */
  texts: Tree;
  /** Keys whose value came from the environment, and the variable. */
  readonly sources: Map<string, string>;
  /** Keys whose variable could not be read, which has been reported. */
  readonly unreadable: Set<string>;
  readonly pathFolders: PathFolder[];
  readonly problems: ConfigProblem[];
  readonly warnings: string[];
  /** A whole file could not be read, which has been reported: what is absent may be in it. */
  isIncomplete: boolean;
}

const NOTHING = { value: {}, text: {} };

/** Begins with what the file says, if there is one. What is wrong with the whole of it is in the draft. */
export function newDraft(file: string | undefined, read: (file: string) => Parsed): Draft {
  if (file === undefined) return draftOf(NOTHING);
  try {
    return draftOf(read(file), file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const draft = draftOf(NOTHING);
    draft.problems.push(...error.problems);
    draft.isIncomplete = true;
    return draft;
  }
}

/** Throws ConfigError when what was parsed is no map. */
function draftOf({ value, text }: Parsed, file = ''): Draft {
  if (!isTree(value) || !isTree(text)) {
    throw new ConfigError([
      { path: file, message: 'must be a map of settings, such as `namespace: builds`' },
    ]);
  }
  return {
    values: value,
    texts: text,
    isIncomplete: false,
    sources: new Map(),
    unreadable: new Set(),
    pathFolders: [],
    problems: [],
    warnings: [],
  };
}

/** Puts a value that a variable gave in the place of the file's. */
export function setFromVariable(draft: Draft, key: string, parsed: Parsed, variable: string): void {
  const path = key.split('.');
  draft.values = withValue(draft.values, path, parsed.value);
  draft.texts = withValue(draft.texts, path, parsed.text);
  draft.sources.set(key, variable);
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy with a value at a path. Something in the way that is no map stays, and is reported later. */
function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [name = '', ...rest] = path;
  if (rest.length === 0) return { ...tree, [name]: value };
  const inner = tree[name] ?? {};
  return isTree(inner) ? { ...tree, [name]: withValue(inner, rest, value) } : tree;
}
