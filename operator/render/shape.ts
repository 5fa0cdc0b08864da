import { CORE_SCHEMA, loadAll, YAMLException } from 'js-yaml';
import { type Bundle, ROOT_FILE, sourceOf } from './bundle.js';
import {
  type Entries,
  EntryRefused,
  type FileSet,
  parseYaml,
  readEntries,
  yamlSentence,
} from './kustomization.js';
import { type Kustomize, KustomizeFailed, KustomizeStopped } from './kustomize.js';
import { compilePlan, fillPlan, type Plan, PlanRefused } from './plan.js';
import type { RenderedTexts } from './render-texts.js';
import { type Leaf, nameTokens } from './tokens.js';
import { BundleInvalid } from './types.js';

/** One resource of a shape. */
export interface ShapeResource {
  /** Kind and name for messages, with variables by their names. */
  readonly label: string;
  readonly plan: Plan;
}

/** What kustomize made of rendered texts, compiled: only values are missing. */
export interface Shape {
  readonly resources: readonly ShapeResource[];
  /** What the self-check found worth saying; sentences. */
  readonly warnings: readonly string[];
}

/** The files of a bundle with its templates rendered. */
export function filesOf(bundle: Bundle, rendered: RenderedTexts): FileSet {
  return new Map<string, Buffer | string>([...bundle.statics, ...rendered.texts]);
}

/** Runs kustomize over files with tokens and compiles what comes out. Throws BundleInvalid. */
export async function compileShape(
  bundle: Bundle,
  files: FileSet,
  leaves: readonly Leaf[],
  kustomize: Kustomize,
): Promise<{ entries: Entries; resources: ShapeResource[] }> {
  const entries = entriesOf(bundle, files);
  const output = await kustomize.run(files).catch((error: unknown) => {
    throw error instanceof KustomizeFailed ? diagnose(bundle, { files, entries, leaves }, error) : error;
  });
  try {
    return { entries, resources: parseOutput(output).map((tree) => compileResource(bundle, tree, leaves)) };
  } catch (error) {
    // Nested too deep, or an alias that kustomize left in.
    if (error instanceof YAMLException)
      throw invalid(bundle, ROOT_FILE, nameTokens(yamlSentence(error), leaves));
    throw error;
  }
}

/** The trees that kustomize printed; a document of nothing is left out. */
export function parseOutput(output: string): unknown[] {
  // kustomize prints what every reader of YAML understands alike, so the plain schema is enough.
  return loadAll(output, { schema: CORE_SCHEMA, maxAliases: 0 }).filter(
    (tree) => tree !== null && tree !== undefined,
  );
}

/** Fills every resource of a shape; gives fresh trees. Throws BundleInvalid. */
export function fillShape(
  bundle: Bundle,
  resources: readonly ShapeResource[],
  values: readonly string[],
): unknown[] {
  return resources.map(({ label, plan }) => {
    try {
      return fillPlan(plan, values);
    } catch (error) {
      if (!(error instanceof PlanRefused)) throw error;
      throw invalid(bundle, ROOT_FILE, `${label}: ${error.message}`);
    }
  });
}

function entriesOf(bundle: Bundle, files: FileSet): Entries {
  try {
    return readEntries(files);
  } catch (error) {
    if (!(error instanceof EntryRefused)) throw error;
    throw invalid(bundle, sourceOf(bundle, error.file), error.message);
  }
}

function compileResource(bundle: Bundle, tree: unknown, leaves: readonly Leaf[]): ShapeResource {
  const label = nameTokens(labelOf(tree), leaves);
  try {
    const plan = compilePlan(tree, leaves.length);
    if (hasHashedName(tree)) throw new PlanRefused(HASHED_NAME);
    return { label, plan };
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error;
    throw invalid(bundle, ROOT_FILE, `${label}: ${error.message}`);
  }
}

const HASHED_NAME =
  'it gets a generated name whose hash would cover values of the build; add the line disableNameSuffixHash: true under generatorOptions, or under options of that generator.';

// The alphabet of kustomize's name suffix: hex digits, of which those that could spell a word are replaced.
const HASH_SUFFIX = /-[2456789bcdfghkmt]{10}$/;

function hasHashedName(tree: unknown): boolean {
  const { kind, metadata, data, binaryData } = tree as Record<string, unknown>;
  const name = (metadata as { name?: unknown } | undefined)?.name;
  if (typeof name !== 'string' || !HASH_SUFFIX.test(name)) return false;
  const hashed = kind === 'ConfigMap' || kind === 'Secret' ? { kind, name, data, binaryData } : tree;
  return hasText(compilePlan(hashed, Number.POSITIVE_INFINITY));
}

function hasText(plan: Plan): boolean {
  if (plan.type === 'text') return true;
  if (plan.type === 'list') return plan.items.some(hasText);
  return (
    plan.type === 'map' && plan.entries.some(([key, value]) => typeof key !== 'string' || hasText(value))
  );
}

function labelOf(tree: unknown): string {
  const { kind, metadata } = tree as { kind?: unknown; metadata?: { name?: unknown } };
  return `${String(kind ?? 'a resource')} ${String(metadata?.name ?? 'without a name')}`;
}

// What to do about the refusals of kustomize that people meet most.
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/missing metadata\.name/, 'give every resource a metadata.name'],
  [/already registered id/, 'render every resource only once, or give one of them another name'],
  [/no such file|doesn't exist|not found/, 'put the missing file into the bundle, or correct its path'],
  [/unknown field/, 'correct the name of that field'],
];

interface FailedRun {
  readonly files: FileSet;
  readonly entries: Entries;
  readonly leaves: readonly Leaf[];
}

function diagnose(bundle: Bundle, run: FailedRun, failure: KustomizeFailed): BundleInvalid {
  const { message } = failure;
  if (failure instanceof KustomizeStopped) return invalid(bundle, ROOT_FILE, message);
  for (const path of run.entries.parsed) {
    try {
      parseYaml(String(run.files.get(path)));
    } catch (error) {
      return invalid(bundle, sourceOf(bundle, path), nameTokens(yamlSentence(error), run.leaves));
    }
  }
  const file = [...run.files.keys()]
    .sort((a, b) => b.length - a.length)
    .find((path) => message.includes(path));
  const advice = ADVICE.find(([pattern]) => pattern.test(message))?.[1] ?? 'correct what it names';
  const source = file === undefined ? ROOT_FILE : sourceOf(bundle, file);
  return invalid(bundle, source, `kustomize refuses it (${reasonOf(message, run.leaves)}); ${advice}.`);
}

/** An error of kustomize for people: variables by their names instead of tokens, and not endless. */
export function reasonOf(message: string, leaves: readonly Leaf[]): string {
  const named = nameTokens(message, leaves);
  return named.length > 500 ? `${named.slice(0, 500)}...` : named;
}

function invalid(bundle: Bundle, file: string, sentence: string): BundleInvalid {
  return new BundleInvalid({ bundle: bundle.name, file, sentence });
}
