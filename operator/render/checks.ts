import { settingsSecretName } from '../../crds/names.js';
import { findDouble } from './doubles.js';
import { groupOf } from './kinds.js';
import type { AllowedKinds, KubeResource, Mode, RenderInput } from './types.js';

/** The label by which everything of a build is found; its value is the build's name. */
export const BUILD_LABEL = 'runboat/build';
const JOB_KIND_LABEL = 'runboat/job-kind';

interface Labelled {
  readonly metadata?: { readonly labels?: Readonly<Record<string, unknown>> };
}
interface WorkloadSpec {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, unknown>> };
  readonly template?: Labelled;
}

/** What the resources of one mode are checked against. */
export interface CheckContext {
  readonly mode: Mode;
  readonly input: Pick<RenderInput, 'namespace' | 'buildName'>;
  readonly allowed: AllowedKinds;
}

type Check = (resources: readonly KubeResource[], context: CheckContext) => string | undefined;

/** The contract of kubefiles for one mode: named checks in order, the first verdict counts. */
const CHECKS: readonly (readonly [string, Check])[] = [
  ['every resource has apiVersion, kind and name', (resources) => first(resources, checkIdentity)],
  [
    'only kinds of resourceTypes',
    (resources, { allowed }) => first(resources, (item) => checkKind(item, allowed)),
  ],
  [
    'only the namespace of the build',
    (resources, context) => first(resources, (item) => checkNamespace(item, context)),
  ],
  ['no identity twice', checkUnique],
  [
    'not the record of the settings',
    (resources, context) => first(resources, (item) => checkRecord(item, context)),
  ],
  ['the right number of Deployments', checkDeployments],
  ['the right number of Jobs', checkJobs],
  ['the label of the build', (resources, context) => first(resources, (item) => checkLabels(item, context))],
  ['no name twice in a list', (resources) => first(resources, findDouble)],
];

/** The first sentence that says how the resources break the contract, undefined when they keep it. */
export function checkContract(resources: readonly KubeResource[], context: CheckContext): string | undefined {
  for (const [, check] of CHECKS) {
    const sentence = check(resources, context);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

/** All modes together: whatever mode renders a Deployment renders the one of mode `deployment`. */
export function checkModes(rendered: Readonly<Record<Mode, readonly KubeResource[]>>): string | undefined {
  const main = rendered.deployment.find(isDeployment);
  for (const [mode, resources] of Object.entries(rendered)) {
    const other = resources.find((item) => isDeployment(item) && item.metadata.name !== main?.metadata.name);
    if (other !== undefined) {
      return `mode ${mode} renders the Deployment ${other.metadata.name}, but mode deployment renders ${main?.metadata.name}; a build has one Deployment, so give it the same name in all modes.`;
    }
  }
  return undefined;
}

function checkIdentity(resource: KubeResource): string | undefined {
  const { apiVersion, kind, metadata } = resource;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !apiVersion || !kind) {
    return 'a resource has no apiVersion or no kind; give it both.';
  }
  const name: unknown = metadata?.name;
  if (typeof name !== 'string' || name === '') return `a ${kind} has no name; give it a metadata.name.`;
  // The name becomes a segment of an address of the API, so it must stay one.
  if (name === '.' || name === '..' || /[/%]/.test(name) || name.length > 253) {
    return `a ${kind} has the name ${JSON.stringify(name)}, which Kubernetes refuses; give it a shorter one without "/" and "%".`;
  }
  return undefined;
}

function checkKind(resource: KubeResource, allowed: AllowedKinds): string | undefined {
  const found = allowed.find(resource.apiVersion, resource.kind);
  if (found === undefined) {
    return `${label(resource)} is of a kind that resourceTypes does not list (${resource.apiVersion}); take it out of the bundle, or add the kind to resourceTypes.`;
  }
  if (found.namespaced) return undefined;
  return `${label(resource)} is cluster-scoped, but a build may only have resources in its namespace; take it out of the bundle.`;
}

function checkNamespace(resource: KubeResource, { input }: CheckContext): string | undefined {
  const namespace: unknown = resource.metadata.namespace;
  if (namespace === undefined || namespace === input.namespace) return undefined;
  return `${label(resource)} is in the namespace ${JSON.stringify(namespace)} instead of ${input.namespace}; write namespace: {{namespace}} in the kustomization.`;
}

function checkUnique(resources: readonly KubeResource[]): string | undefined {
  const seen = new Set<string>();
  for (const resource of resources) {
    const identity = [groupOf(resource.apiVersion), resource.kind, resource.metadata.name].join('\0');
    if (seen.has(identity)) return `${label(resource)} is rendered twice; give one of the two another name.`;
    seen.add(identity);
  }
  return undefined;
}

/** The operator writes the build's settings to a Secret before anything else, and every later mode reads it. */
function checkRecord(resource: KubeResource, { input }: CheckContext): string | undefined {
  const isSecret = resource.kind === 'Secret' && groupOf(resource.apiVersion) === '';
  if (!isSecret || resource.metadata.name !== settingsSecretName(input.buildName)) return undefined;
  return `${label(resource)} has the name of the Secret in which the operator records the build's settings; give it another name.`;
}

function checkDeployments(resources: readonly KubeResource[], { mode }: CheckContext): string | undefined {
  const names = resources.filter(isDeployment).map((item) => item.metadata.name);
  if (mode === 'deployment' && names.length === 0) {
    return 'mode deployment renders no Deployment; it must render exactly one.';
  }
  if (names.length <= 1) return undefined;
  return `mode ${mode} renders ${names.length} Deployments (${names.join(', ')}); a build has exactly one, so make the others containers of it.`;
}

function checkJobs(resources: readonly KubeResource[], { mode }: CheckContext): string | undefined {
  const names = resources.filter(isJob).map((item) => item.metadata.name);
  if (mode === 'initialize') {
    if (names.length === 1) return undefined;
    return `mode initialize renders ${names.length} Jobs${list(names)}; it must render exactly one.`;
  }
  if (mode === 'cleanup') {
    return names.length <= 1
      ? undefined
      : `mode cleanup renders ${names.length} Jobs${list(names)}; it must render one or none.`;
  }
  if (names.length === 0) return undefined;
  return `mode ${mode} renders the Job${names.length > 1 ? 's' : ''}${list(names)}; only initialize and cleanup may, so put it into {{#if (eq mode "initialize")}}.`;
}

function checkLabels(resource: KubeResource, context: CheckContext): string | undefined {
  if (!isDeployment(resource) && !isJob(resource)) return undefined;
  const spec = (resource['spec'] ?? {}) as WorkloadSpec;
  const { buildName } = context.input;
  const hint = `add ${BUILD_LABEL}: {{build_name}} there`;
  if (isDeployment(resource) && spec.selector?.matchLabels?.[BUILD_LABEL] !== buildName) {
    return `the selector (spec.selector.matchLabels) of ${label(resource)} lacks the label ${BUILD_LABEL} with the build's name; ${hint}.`;
  }
  const labels = spec.template?.metadata?.labels;
  if (labels?.[BUILD_LABEL] !== buildName) {
    return `the pod template (spec.template.metadata.labels) of ${label(resource)} lacks the label ${BUILD_LABEL} with the build's name; ${hint}.`;
  }
  return isJob(resource) ? checkJobKind(resource, labels[JOB_KIND_LABEL], context.mode) : undefined;
}

function checkJobKind(job: KubeResource, jobKind: unknown, mode: Mode): string | undefined {
  if (jobKind === undefined || jobKind === mode) return undefined;
  return `the pod template of ${label(job)} has the label ${JOB_KIND_LABEL} with ${JSON.stringify(jobKind)}; in mode ${mode} it must be ${mode}.`;
}

function isDeployment(resource: KubeResource): boolean {
  return resource.kind === 'Deployment' && groupOf(resource.apiVersion) === 'apps';
}

function isJob(resource: KubeResource): boolean {
  return resource.kind === 'Job' && groupOf(resource.apiVersion) === 'batch';
}

function label({ kind, metadata }: KubeResource): string {
  return `${kind} ${metadata.name}`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}

function first<T>(items: readonly T[], check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const sentence = check(item);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}
