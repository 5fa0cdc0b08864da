import { YAMLException } from 'js-yaml';
import { type Difference, firstDifference } from './compare.js';
import { placeValues } from './in-place.js';
import type { Entries, FileSet } from './kustomization.js';
import { type Kustomize, KustomizeFailed } from './kustomize.js';
import { compilePlan, fillPlan, PlanRefused } from './plan.js';
import { type SampleSet, sampleFor } from './samples.js';
import { parseOutput, reasonOf, type ShapeResource } from './shape.js';
import type { Leaf } from './tokens.js';

/** A compiled shape and what it was compiled from. */
export interface Compiled {
  readonly files: FileSet;
  readonly entries: Entries;
  readonly leaves: readonly Leaf[];
  readonly resources: readonly ShapeResource[];
}

/** What the self-check of a shape found; sentences. */
export interface ShapeVerdict {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const FREE: readonly SampleSet[] = [
  { number: 1, freeText: true, configured: false },
  { number: 2, freeText: true, configured: false },
];
const CONFIGURED: SampleSet = { number: 1, freeText: false, configured: true };

/**
 * Compares a shape, filled with sample values, with what kustomize makes of the same values in place. A difference
 * is an error: to kustomize the value meant something that a token cannot mean.
 */
export async function checkShape(compiled: Compiled, kustomize: Kustomize): Promise<ShapeVerdict> {
  if (compiled.leaves.length === 0) return { errors: [], warnings: [] };
  const sets = compiled.leaves.some((leaf) => leaf.domain === 'build_template_vars value')
    ? [...FREE, CONFIGURED]
    : FREE;
  const verdicts = await Promise.all(sets.map((set) => checkSet(compiled, kustomize, set)));
  return {
    errors: [...new Set(verdicts.flatMap((verdict) => verdict.errors))],
    warnings: [...new Set(verdicts.flatMap((verdict) => verdict.warnings))],
  };
}

async function checkSet(compiled: Compiled, kustomize: Kustomize, set: SampleSet): Promise<ShapeVerdict> {
  const outcome = await compareWith(compiled, kustomize, set);
  if (outcome === undefined) return { errors: [], warnings: [] };
  if (typeof outcome !== 'string') return { errors: [differenceSentence(outcome)], warnings: [] };
  const reason = reasonOf(outcome, compiled.leaves);
  const warning = `kustomize would refuse some values if they stood in its files (${reason}); as runboat puts them in afterwards this does no harm here.`;
  if (!set.freeText) return { errors: [], warnings: [warning] };
  // Was it the free text, or would any value do it?
  const tame = await compareWith(compiled, kustomize, { ...set, freeText: false });
  if (tame === undefined) return { errors: [], warnings: [warning] };
  if (typeof tame !== 'string') return { errors: [differenceSentence(tame)], warnings: [] };
  return {
    errors: [
      `with values in place kustomize refuses it (${reasonOf(tame, compiled.leaves)}); print what kustomize must understand with word, int or bool.`,
    ],
    warnings: [],
  };
}

// The first difference, or the message of kustomize when it refuses the values, or undefined when all is equal.
async function compareWith(
  compiled: Compiled,
  kustomize: Kustomize,
  set: SampleSet,
): Promise<Difference | string | undefined> {
  const values = compiled.leaves.map((leaf, index) => sampleFor(leaf, index, set));
  const texts = values.map(String);
  try {
    const output = await kustomize.run(placeValues(compiled.files, compiled.entries, values));
    const expected = parseOutput(output).map((tree) => fillTree(tree, texts));
    const actual = compiled.resources.map((resource) => fillPlan(resource.plan, texts));
    return firstDifference(actual, expected);
  } catch (error) {
    const isRefusal =
      error instanceof KustomizeFailed || error instanceof PlanRefused || error instanceof YAMLException;
    if (isRefusal) return error.message;
    throw error;
  }
}

// Files that kustomize only takes in as data kept their tokens.
function fillTree(tree: unknown, texts: readonly string[]): unknown {
  return fillPlan(compilePlan(tree, texts.length), texts);
}

function differenceSentence({ path, actual, expected }: Difference): string {
  if (typeof actual === 'string' && (typeof expected === 'number' || typeof expected === 'boolean')) {
    const helper = typeof expected === 'number' ? 'int' : 'bool';
    return `at ${path} a template variable of type ${typeof expected} is printed as text; print it with the helper ${helper}, or put it in quotes if it should be text.`;
  }
  return `at ${path} kustomize gives something else when the values stand in its files; print the value it depends on with word, int or bool, or do not let it depend on a value.`;
}
