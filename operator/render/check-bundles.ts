import { type Bundle, loadBundle } from './bundle.js';
import type { Renderer } from './renderer.js';
import { BundleInvalid, type BundleProblem, type TemplateVar } from './types.js';

/** A bundle that the configuration names, with each set of template variables that its rules give it. */
export interface ConfiguredBundle {
  readonly name: string;
  readonly folder: string;
  /** One entry for every rule that uses the bundle: global variables overridden by the rule's. */
  readonly templateVars: readonly Readonly<Record<string, TemplateVar>>[];
}

/** A problem with how much it matters: an error refuses the bundle. */
export interface FoundProblem extends BundleProblem {
  readonly level: 'error' | 'warning';
}

/** What `runboat config check` finds in all configured bundles; empty when all is well. Prints nothing. */
export async function checkBundles(
  bundles: readonly ConfiguredBundle[],
  renderer: Renderer,
): Promise<FoundProblem[]> {
  const found: FoundProblem[] = [];
  for (const configured of bundles) found.push(...(await checkOne(configured, renderer)));
  return found;
}

async function checkOne(configured: ConfiguredBundle, renderer: Renderer): Promise<FoundProblem[]> {
  const bundle = await loadBundle(configured.name, configured.folder).catch((error: unknown) => {
    if (error instanceof BundleInvalid) return error;
    throw error;
  });
  if (bundle instanceof BundleInvalid) return [asFound(bundle, 'error')];
  const problems = await checkAllVars(bundle, configured.templateVars, renderer);
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

async function checkAllVars(
  bundle: Bundle,
  sets: ConfiguredBundle['templateVars'],
  renderer: Renderer,
): Promise<FoundProblem[]> {
  const problems: FoundProblem[] = [];
  for (const templateVars of sets.length === 0 ? [{}] : sets) {
    const { errors, warnings } = await renderer.selfCheck(bundle, templateVars);
    problems.push(
      ...errors.map((error) => asFound(error, 'error')),
      ...warnings.map((warning) => asFound(warning, 'warning')),
    );
  }
  return problems;
}

function asFound({ bundle, file, sentence }: BundleProblem, level: FoundProblem['level']): FoundProblem {
  return { bundle, ...(file === undefined ? {} : { file }), sentence, level };
}
