import { settingsSecretName } from '../../crds/names.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { Secret } from '../../lib/kube/types.js';
import { applyResource, isOurs, readIfThere } from '../cluster/apply.js';
import { withOwnership } from '../cluster/decorate.js';
import { KindTable } from '../cluster/kinds.js';
import type { BuildView } from '../plan/observed.js';
import {
  BuildRefused,
  type BuildSettings,
  decodeSettings,
  encodeSettings,
  homePage,
  resolveSettings,
  withCurrentSecrets,
} from '../settings.js';
import type { Work } from './context.js';

/** Secrets are written whatever `resourceTypes` says: this one is the operator's own. */
const secretKind = new KindTable([
  { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
]);

/** The settings recorded for the build; undefined when there are none that can be read. */
export async function readRecorded(work: Work): Promise<BuildSettings | undefined> {
  const secret = await readSecret(work);
  if (!secret || !isOurs(secret, work.observed.build)) return undefined;
  return decodeSettings(secret.data);
}

export async function readSecret(work: Work): Promise<Secret | undefined> {
  const { client, caches } = work.services;
  const name = settingsSecretName(work.observed.build.metadata.name);
  return (await readIfThere(client, objectPath(caches.paths.secrets, name))) as Secret | undefined;
}

/**
 * The settings for the next mode of a build: those recorded, or new ones when none are or when `again` asks. From
 * their recording to the end of the initialisation they are not read again.
 * New ones are not stored yet. Throws BuildRefused when no rule matches.
 */
export async function settingsFor(
  work: Work,
  again: boolean,
): Promise<{ settings: BuildSettings; stored: boolean }> {
  const { config, memory } = work.services;
  const { build, facts } = work.observed;
  const known = memory.settingsOf(build.metadata.uid);
  const recorded = known ?? (facts.unrecorded ? undefined : await readRecorded(work));
  if (recorded && !again) return { settings: withCurrentSecrets(config, build, recorded), stored: true };
  return { settings: resolveSettings(config, build, recorded), stored: false };
}

/** Settings for a mode after deploying; recorded again when somebody removed them. */
export async function currentSettings(work: Work): Promise<BuildSettings> {
  const { settings, stored } = await settingsFor(work, false);
  if (!stored) await storeSettings(work, settings);
  noteResolved(work, settings);
  return settings;
}

/** Writes the Secret `NAME-runboat`. Throws BuildRefused when the name is taken by somebody else's. */
export async function storeSettings(work: Work, settings: BuildSettings): Promise<void> {
  // Before it is sent: the answer may be lost.
  delete work.observed.facts.unrecorded;
  await recordSettings(work.services.client, work.observed.build, settings);
}

/** The same without an operator around it. */
export async function recordSettings(
  client: KubeClient,
  build: BuildView,
  settings: BuildSettings,
): Promise<void> {
  const secret = withOwnership(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: settingsSecretName(build.metadata.name) },
      data: encodeSettings(settings),
    },
    build,
  );
  await asNamed(applyResource({ client, kinds: secretKind }, build, secret, undefined));
}

/** For display in the status. */
export function noteResolved(work: Work, settings: BuildSettings): void {
  const { image, kubefiles, rule } = settings;
  work.observed.facts.resolved = { image, kubefiles, rule, url: homePage(settings) };
}

/** A collision with this Secret is not the bundle's doing, so the sentence says what it is for. */
async function asNamed<T>(applied: Promise<T>): Promise<T> {
  try {
    return await applied;
  } catch (error) {
    if (!(error instanceof BuildRefused) || error.verdict.reason !== 'NameCollision') throw error;
    const message =
      `${error.message.split(' exists already')[0]}, in which the operator records the build's settings, ` +
      'exists already and does not belong to this build. Rename or remove it.';
    throw new BuildRefused({ reason: 'NameCollision', message });
  }
}
