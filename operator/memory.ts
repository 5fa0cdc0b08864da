import type { Facts, Refusal, Verdict } from './plan/observed.js';
import type { Bundle } from './render/bundle.js';
import type { KubeResource, Mode, RenderInput } from './render/types.js';
import type { BuildSettings } from './settings.js';

const firstDelay = 2_000;
const longestDelay = 5 * 60_000;
/** Nothing in the cluster changes these: only the spec, the configuration or a bundle does. */
const settledByUs = ['NoMatchingRule', 'BundleMissing'];

/** So many builds are between deployment and job at a time when none waits; of those that wait nothing is kept. */
const keptRendered = 32;

/** The resources of all modes, of this bundle with this input. */
export interface RenderedModes {
  readonly bundle: Bundle;
  readonly input: RenderInput;
  readonly modes: Readonly<Record<Mode, readonly KubeResource[]>>;
}

/** What the operator has learnt about each build since it started; losing it costs only repeated reads. */
export class Memory {
  private readonly facts = new Map<string, Facts>();
  private readonly settings = new Map<string, BuildSettings>();
  private readonly rendered = new Map<string, RenderedModes>();

  factsOf(uid: string): Facts {
    const known = this.facts.get(uid);
    if (known) return known;
    const fresh: Facts = { cleanup: {} };
    this.facts.set(uid, fresh);
    return fresh;
  }

  /** The settings as they were stored, from there to the end of the initialisation. */
  settingsOf(uid: string): BuildSettings | undefined {
    return this.settings.get(uid);
  }

  keepSettings(uid: string, settings: BuildSettings): void {
    this.settings.set(uid, settings);
  }

  /** Later modes read the Secret, for which nothing is kept. */
  forgetSettings(uid: string): void {
    this.settings.delete(uid);
    this.rendered.delete(uid);
  }

  /** All modes as they were rendered for the deployment, for those builds that were deployed last. */
  renderedOf(uid: string): RenderedModes | undefined {
    return this.rendered.get(uid);
  }

  keepRendered(uid: string, modes: RenderedModes): void {
    this.rendered.delete(uid);
    this.rendered.set(uid, modes);
    const [oldest] = this.rendered.keys();
    if (this.rendered.size > keptRendered && oldest !== undefined) this.rendered.delete(oldest);
  }

  /** Everything, of all builds: the cluster is not what it was when it was learnt. */
  forgetAll(): void {
    this.facts.clear();
    this.settings.clear();
    this.rendered.clear();
  }

  forget(uid: string): void {
    this.facts.delete(uid);
    this.settings.delete(uid);
    this.rendered.delete(uid);
  }
}

/**
 * The next refusal after `before`: tried again after 2 s, then twice as long each time up to 5 min, in
 * milliseconds; at once when something that it depends on changes, and only then where the cluster plays no part.
 */
export function refusalAfter(
  before: Refusal | undefined,
  verdict: Verdict,
  fingerprint: string,
  now: number,
): Refusal {
  const failures = before?.fingerprint === fingerprint ? before.failures + 1 : 1;
  const own = settledByUs.includes(verdict.reason);
  const delay = own ? Number.POSITIVE_INFINITY : Math.min(longestDelay, firstDelay * 2 ** (failures - 1));
  return { verdict, fingerprint, failures, refusedAt: now, retryAt: now + delay };
}
