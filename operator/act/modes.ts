import { isDeepStrictEqual } from 'node:util';
import type { Unparsed } from '../../lib/kube/client.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { applyResource, asDenied, type KnownObject, NotYet } from '../cluster/apply.js';
import {
  appliedHash,
  type DeploymentState,
  identityOf,
  statePatch,
  withOwnership,
  withState,
} from '../cluster/decorate.js';
import { listResources } from '../cluster/resources.js';
import { refusalAfter } from '../memory.js';
import type { BuildView, DeploymentView } from '../plan/observed.js';
import type { Bundle } from '../render/bundle.js';
import type { KubeResource, Mode } from '../render/types.js';
import { BundleInvalid } from '../render/types.js';
import { BuildRefused, type BuildSettings, bundleMissing, renderInputOf } from '../settings.js';
import type { Work } from './context.js';
import { currentSettings } from './recorded-settings.js';

/** The resources of a build in one mode: what `deployment` renders, with what the mode renders in its place. */
export interface ModeResources {
  readonly deployment: KubeResource;
  /** All but the Deployment and Jobs. */
  readonly others: readonly KubeResource[];
  readonly job: KubeResource | undefined;
  /** Hash of Deployment and others, without state. */
  readonly hash: string;
}

/** The bundle of the settings. Throws BuildRefused when it is missing or cannot be used, NotYet while it is read. */
export function bundleOf(work: Work, settings: BuildSettings): Bundle {
  const { bundles } = work.services;
  if (bundles.isUnread(settings.kubefiles)) throw new NotYet(`bundle ${settings.kubefiles} is being read`);
  const bundle = asRefusal(() => bundles.get(settings.kubefiles));
  if (!bundle) throw bundleMissing(settings.kubefiles);
  return bundle;
}

function asRefusal<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw invalidBundle(error);
  }
}

function invalidBundle(error: unknown): unknown {
  if (!(error instanceof BundleInvalid)) return error;
  return new BuildRefused({ reason: 'BundleInvalid', message: error.message });
}

/** Renders one mode as it is. Throws BuildRefused for what is wrong with the bundle. */
export async function render(
  work: Work,
  settings: BuildSettings,
  mode: Mode,
): Promise<readonly KubeResource[]> {
  const bundle = bundleOf(work, settings);
  const { build } = work.observed;
  const input = renderInputOf(build, settings);
  const known = work.services.memory.renderedOf(build.metadata.uid);
  if (known?.bundle === bundle && isDeepStrictEqual(known.input, input)) return known.modes[mode];
  try {
    return await work.services.renderer.render(bundle, mode, input);
  } catch (error) {
    throw invalidBundle(error);
  }
}

/** All modes, so that what is wrong with any of them is said before anything is created. Throws BuildRefused. */
export async function renderAll(work: Work, settings: BuildSettings): Promise<Record<Mode, KubeResource[]>> {
  const bundle = bundleOf(work, settings);
  const { build } = work.observed;
  const input = renderInputOf(build, settings);
  try {
    const modes = await work.services.renderer.renderAll(bundle, input);
    work.services.memory.keepRendered(build.metadata.uid, { bundle, input, modes });
    return modes;
  } catch (error) {
    throw invalidBundle(error);
  }
}

/** Renders a mode on top of `deployment`. Throws BuildRefused. */
export async function renderMode(work: Work, settings: BuildSettings, mode: Mode): Promise<ModeResources> {
  const base = await render(work, settings, 'deployment');
  const own = mode === 'deployment' ? [] : await render(work, settings, mode);
  return assembleMode(work.observed.build, base, own);
}

/** Puts a mode's resources over those of `deployment`, marks them as the build's and hashes them. */
export function assembleMode(
  build: BuildView,
  base: readonly KubeResource[],
  own: readonly KubeResource[],
): ModeResources {
  const byIdentity = new Map<string, KubeResource>();
  for (const resource of [...base, ...own]) byIdentity.set(identityOf(resource), resource);
  const all = [...byIdentity.values()];
  const owned = all.filter(({ kind }) => kind !== 'Job').map((resource) => withOwnership(resource, build));
  const deployment = owned.find(({ kind }) => kind === 'Deployment');
  if (!deployment) throw new Error(`the bundle of build ${build.metadata.name} renders no Deployment`);
  const others = owned.filter((resource) => resource !== deployment);
  return { deployment, others, job: all.find(({ kind }) => kind === 'Job'), hash: appliedHash(owned) };
}

/** Objects of the build that are there, by identity; each of them is applied with one request instead of three. */
export type KnownObjects = ReadonlyMap<string, KnownObject>;

export async function knownObjects(work: Work): Promise<KnownObjects> {
  const found = await listResources(work.services, work.observed.build);
  return new Map(
    found.filter(({ deleting }) => !deleting).map((object) => [identityOf(object), object.metadata]),
  );
}

/** Applies everything of a mode, the Deployment last, because its annotation says that all is applied. */
export async function applyMode(
  work: Work,
  resources: ModeResources,
  state: DeploymentState,
  objects: KnownObjects = new Map(),
  applyOne: typeof applyOwned = applyOwned,
): Promise<void> {
  for (const resource of resources.others) await applyOne(work, resource, objects.get(identityOf(resource)));
  const known = knownDeployment(work, resources.deployment);
  const { deployments } = work.services.caches;
  const wanted = withState(resources.deployment, { ...state, applied: resources.hash });
  const object = await applyOne(work, wanted, known).catch((error: unknown) => {
    if (error instanceof NotYet && error.existing) deployments.observe(error.existing);
    throw error;
  });
  deployments.observe(object());
}

export async function applyOwned(
  work: Work,
  resource: KubeResource,
  known: KnownObject | undefined,
): Promise<Unparsed<KubeObject>> {
  const { client, kinds } = work.services;
  return await applyResource({ client, kinds }, work.observed.build, resource, known);
}

/**
 * The build's Deployment as cached. Under another name it cannot be applied: a build has one Deployment, which
 * carries its state, so only a reset can go over to a bundle that names it differently. Throws BuildRefused.
 */
function knownDeployment(work: Work, wanted: KubeResource): KnownObject | undefined {
  const deployment = work.services.caches.deploymentOf(work.observed.build);
  if (!deployment || deployment.metadata.name === wanted.metadata.name) return deployment?.metadata;
  const message =
    `The bundle now names its Deployment ${wanted.metadata.name}, but that of this build is ` +
    `${deployment.metadata.name}. Reset the build to use the changed bundle.`;
  throw new BuildRefused({ reason: 'BundleInvalid', message });
}

/** Changes only the state on the Deployment, if nobody changed it since it was observed. */
export async function patchState(
  work: Work,
  deployment: DeploymentView,
  change: Partial<DeploymentState>,
): Promise<void> {
  const { caches, client } = work.services;
  const { name, uid, resourceVersion } =
    caches.deployments.get(deployment.metadata.name)?.metadata ?? deployment.metadata;
  const patch = statePatch(change);
  const body = { ...patch, metadata: { ...(patch['metadata'] as object), uid, resourceVersion } };
  const object = await client.mergePatch<KubeObject>(`${caches.paths.deployments}/${name}`, body);
  caches.deployments.observe(object);
}

/** The state that a Deployment carries now. */
export function stateOf(deployment: DeploymentView, settings: BuildSettings): DeploymentState {
  return {
    initStatus: deployment.initStatus ?? 'todo',
    replicas: deployment.replicas,
    lastScaled: deployment.lastScaled,
    applied: deployment.applied ?? '',
    overrides: deployment.overrides ?? settings.overrides,
  };
}

/** Renders a mode; a mistake in the bundle or a missing right is noted, shown as UpToDate=False, and gives undefined. */
export async function renderQuietly(work: Work, mode: 'stop'): Promise<ModeResources | undefined> {
  return await quietly(work, async () => await renderMode(work, await currentSettings(work), mode));
}

/** Applies a mode unless it is in force already; false when it was refused, which does not stop what follows. */
export async function applyQuietly(work: Work, resources: ModeResources): Promise<boolean> {
  const done = await quietly(work, async () => {
    const deployment = work.services.caches.deploymentOf(work.observed.build);
    if (!deployment) throw new NotYet('the Deployment vanished');
    if (deployment.applied === resources.hash) return true;
    const settings = await currentSettings(work);
    await applyMode(work, resources, stateOf(deployment, settings), await knownObjects(work));
    return true;
  });
  return done ?? false;
}

async function quietly<T>(work: Work, run: () => Promise<T>): Promise<T | undefined> {
  const { facts, fingerprint } = work.observed;
  try {
    const result = await run();
    delete facts.refusal;
    return result;
  } catch (thrown) {
    const error = asDenied(thrown);
    if (!(error instanceof BuildRefused)) throw error;
    facts.refusal = refusalAfter(facts.refusal, error.verdict, fingerprint, work.services.now());
    const { reason, message } = error.verdict;
    work.log.warn({ reason, detail: message }, 'A mode could not be rendered or applied');
    return undefined;
  }
}
