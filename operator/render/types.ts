/** What a bundle is rendered for; each mode gives its own set of resources. */
export type Mode = 'deployment' | 'initialize' | 'start' | 'stop' | 'cleanup';

/** All modes, in the order in which a build goes through them. */
export const MODES: readonly Mode[] = ['deployment', 'initialize', 'start', 'stop', 'cleanup'];

/** A template variable as the configuration may give it. */
export type TemplateVar = string | number | boolean;

/** Everything of one build that a bundle may print; the maps are already merged (global, rule, build). */
export interface RenderInput {
  readonly namespace: string;
  readonly buildName: string;
  readonly buildSlug: string;
  readonly buildDomain: string;
  readonly databasePrefix: string;
  readonly commitInfo: {
    readonly repo: string;
    readonly targetBranch: string;
    readonly pr: number | null;
    readonly gitCommit: string;
  };
  /** The whole image reference; name, tag and digest are derived from it. */
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secretEnv: Readonly<Record<string, string>>;
  readonly templateVars: Readonly<Record<string, TemplateVar>>;
}

/** Metadata of a rendered resource; without a namespace it belongs to the build's. */
export interface KubeMetadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [key: string]: unknown;
}

/** A rendered Kubernetes object: a fresh tree of plain JSON values, free to be changed by whoever gets it. */
export interface KubeResource {
  apiVersion: string;
  kind: string;
  metadata: KubeMetadata;
  [key: string]: unknown;
}

/** A kind that a bundle may use. */
export interface AllowedKind {
  readonly namespaced: boolean;
}

/** Which kinds `resourceTypes` allows; filled from discovery in a cluster, from a table without one. */
export interface AllowedKinds {
  find(apiVersion: string, kind: string): AllowedKind | undefined;
}

/** One thing that is wrong with a bundle, in words for the person who wrote it. */
export interface BundleProblem {
  readonly bundle: string;
  readonly file?: string;
  readonly sentence: string;
}

/** A bundle, or what it renders for a build, breaks the contract of kubefiles; the message is a sentence. */
export class BundleInvalid extends Error {
  readonly bundle: string;
  readonly sentence: string;
  readonly file?: string;

  constructor(problem: BundleProblem) {
    const where = problem.file === undefined ? '' : `, ${problem.file}`;
    super(`Bundle ${problem.bundle}${where}: ${problem.sentence}`);
    this.name = 'BundleInvalid';
    this.bundle = problem.bundle;
    this.sentence = problem.sentence;
    if (problem.file !== undefined) this.file = problem.file;
  }
}
