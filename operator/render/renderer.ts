import { type Bundle, ROOT_FILE } from './bundle.js';
import { checkContract, checkModes } from './checks.js';
import { findKubectl, Kustomize } from './kustomize.js';
import { leftOut } from './left-out.js';
import { MADE_UP_BUILDS } from './made-up.js';
import { type RenderedTexts, renderTexts, VariableMissing } from './render-texts.js';
import { checkShape } from './self-check.js';
import { compileShape, filesOf, fillShape, type Shape } from './shape.js';
import {
  type AllowedKinds,
  BundleInvalid,
  type BundleProblem,
  type KubeResource,
  MODES,
  type Mode,
  type RenderInput,
  type TemplateVar,
} from './types.js';

const MAX_SHAPES = 256;

export interface RendererOptions {
  /** Path of kubectl; else RUNBOAT_KUBECTL, else the first in PATH. */
  readonly kubectl?: string;
  readonly allowed: AllowedKinds;
  /** Told about warnings of shapes that are first met while rendering a build. */
  readonly onWarning?: (problem: BundleProblem) => void;
  /** Bound of one run of kustomize, 20 s unless told. */
  readonly timeoutMs?: number;
}

/** What a self-check found. */
export interface SelfCheck {
  readonly errors: readonly BundleProblem[];
  readonly warnings: readonly BundleProblem[];
}

/** Renders bundles. One per process: it holds the cache of compiled shapes. */
export class Renderer {
  private readonly options: RendererOptions;
  private readonly kustomize: Kustomize;
  // In order of last use. Promises, so that equal compiles in flight are one.
  private readonly shapes = new Map<string, Promise<Shape>>();

  /** Throws Error with a sentence when there is no kubectl. */
  constructor(options: RendererOptions) {
    this.options = options;
    this.kustomize = new Kustomize(findKubectl(options.kubectl), options.timeoutMs);
  }

  /** Ends the runs of kustomize; nothing that is not compiled yet is rendered any more. */
  stop(): void {
    this.kustomize.stop();
  }

  /** The checked resources of one mode of one build: fresh trees. Throws BundleInvalid. */
  async render(bundle: Bundle, mode: Mode, input: RenderInput): Promise<KubeResource[]> {
    const rendered = renderTexts(bundle, mode, input);
    const shape = await this.shapeOf(bundle, rendered);
    const values = rendered.leaves.map((leaf) => leaf.value);
    const resources = fillShape(bundle, shape.resources, values) as KubeResource[];
    const sentence = checkContract(resources, { mode, input, allowed: this.options.allowed });
    if (sentence !== undefined) throw new BundleInvalid({ bundle: bundle.name, file: ROOT_FILE, sentence });
    return resources;
  }

  /** All five modes, checked against each other too (one Deployment in all of them). Throws BundleInvalid. */
  async renderAll(bundle: Bundle, input: RenderInput): Promise<Record<Mode, KubeResource[]>> {
    const rendered = await Promise.all(
      MODES.map(async (mode) => [mode, await this.render(bundle, mode, input)] as const),
    );
    const byMode = Object.fromEntries(rendered) as Record<Mode, KubeResource[]>;
    const sentence = checkModes(byMode);
    if (sentence !== undefined) throw new BundleInvalid({ bundle: bundle.name, file: ROOT_FILE, sentence });
    return byMode;
  }

  /**
   * Renders the five modes of made-up builds, without and with environment, each shape compared with kustomize; never
   * throws BundleInvalid. `templateVars` are those that the configuration gives, global and of a rule.
   */
  async selfCheck(bundle: Bundle, templateVars: Readonly<Record<string, TemplateVar>>): Promise<SelfCheck> {
    const errors = new Map<string, BundleProblem>();
    const warnings = new Map<string, BundleProblem>();
    const remarks = new Map<string, BundleProblem>();
    for (const build of MADE_UP_BUILDS) {
      const input = { ...build, templateVars };
      for (const mode of MODES)
        for (const warning of await this.tryMode(bundle, mode, input, errors))
          warnings.set(warning.sentence, warning);
      if (errors.size > 0 || warnings.size > 0) continue;
      try {
        for (const sentence of leftOut(Object.values(await this.renderAll(bundle, input)).flat()))
          remarks.set(sentence, { bundle: bundle.name, file: ROOT_FILE, sentence });
      } catch (error) {
        note(error, errors);
      }
    }
    return { errors: [...errors.values()], warnings: [...warnings.values(), ...remarks.values()] };
  }

  private async tryMode(
    bundle: Bundle,
    mode: Mode,
    input: RenderInput,
    errors: Map<string, BundleProblem>,
  ): Promise<BundleProblem[]> {
    try {
      await this.render(bundle, mode, input);
      const { warnings } = await this.shapeOf(bundle, renderTexts(bundle, mode, input));
      return warnings.map((sentence) => ({ bundle: bundle.name, file: ROOT_FILE, sentence }));
    } catch (error) {
      // A made-up build has not the environment that the configuration gives to real ones.
      if (error instanceof VariableMissing && /^build_(secret_)?env\./.test(error.variable)) return [error];
      note(error, errors);
      return [];
    }
  }

  private shapeOf(bundle: Bundle, rendered: RenderedTexts): Promise<Shape> {
    const known = this.shapes.get(rendered.shape);
    if (known !== undefined) {
      this.shapes.delete(rendered.shape);
      this.shapes.set(rendered.shape, known);
      return known;
    }
    const compiling = this.compile(bundle, rendered);
    this.shapes.set(rendered.shape, compiling);
    this.dropOldest();
    // What failed is tried again the next time: kubectl may have been killed or slow.
    compiling.catch(() => {
      if (this.shapes.get(rendered.shape) === compiling) this.shapes.delete(rendered.shape);
    });
    return compiling;
  }

  private dropOldest(): void {
    const [oldest] = this.shapes.keys();
    if (this.shapes.size > MAX_SHAPES && oldest !== undefined) this.shapes.delete(oldest);
  }

  private async compile(bundle: Bundle, rendered: RenderedTexts): Promise<Shape> {
    const { leaves } = rendered;
    const files = filesOf(bundle, rendered);
    const { entries, resources } = await compileShape(bundle, files, leaves, this.kustomize);
    const { errors, warnings } = await checkShape({ files, entries, leaves, resources }, this.kustomize);
    const [error] = errors;
    if (error !== undefined)
      throw new BundleInvalid({ bundle: bundle.name, file: ROOT_FILE, sentence: error });
    for (const sentence of warnings)
      this.options.onWarning?.({ bundle: bundle.name, file: ROOT_FILE, sentence });
    return { resources, warnings };
  }
}

function note(error: unknown, errors: Map<string, BundleProblem>): void {
  if (!(error instanceof BundleInvalid)) throw error;
  errors.set(error.message, error);
}
