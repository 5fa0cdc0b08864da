import { createHash } from 'node:crypto';
import type { RunboatBuildSpec } from '../crds/runboatbuild.generated.js';
import { findRule, matchRule, tooSlowSentence } from '../lib/config/match-rule.js';
import type { Config, RepoRule, TemplateVar } from '../lib/config/types.js';
import type { BuildView, Verdict } from './plan/observed.js';
import type { RenderInput } from './render/types.js';

/** What a build was resolved to; recorded in the Secret `NAME-runboat`, used by all later modes. */
export interface BuildSettings {
  readonly rule: string;
  readonly image: string;
  readonly kubefiles: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secretEnv: Readonly<Record<string, string>>;
  readonly templateVars: Readonly<Record<string, TemplateVar>>;
  readonly domain: string;
  readonly urlScheme: string;
  readonly slug: string;
  readonly databasePrefix: string;
  /** Hash of the spec's overrides that went in. */
  readonly overrides: string;
}

/** A user's mistake that keeps a build from going on: becomes a condition, never a crash. */
export class BuildRefused extends Error {
  constructor(
    readonly verdict: Verdict,
    /** The API server's answer, where it was that. */
    options: { readonly cause?: unknown } = {},
  ) {
    super(verdict.message, options);
    this.name = 'BuildRefused';
  }
}

/**
 * Settings of a build from the configuration and its spec: global, then the first matching rule, then the
 * overrides of the spec. What was recorded before keeps the slug and the database prefix, because the
 * databases that exist are found by them. Throws BuildRefused when no rule matches.
 */
export function resolveSettings(
  config: Config,
  build: BuildView,
  recorded: BuildSettings | undefined,
): BuildSettings {
  const { spec, metadata } = build;
  const { rule, tooSlow } = findRule(config, spec.repo, spec.targetBranch);
  if (!rule) throw new BuildRefused(noMatchingRule(spec, tooSlow));
  return {
    rule: rule.label,
    image: spec.image ?? rule.image,
    kubefiles: spec.kubefiles ?? rule.kubefiles ?? config.defaultBundle,
    env: { ...config.env, ...rule.env, ...spec.env },
    secretEnv: secretEnvOf(config, rule),
    templateVars: { ...config.templateVars, ...rule.templateVars, ...spec.templateVars },
    domain: config.domain,
    urlScheme: config.urlScheme,
    slug: recorded?.slug ?? metadata.name,
    databasePrefix: recorded?.databasePrefix ?? config.databasePrefix,
    overrides: overridesHash(spec),
  };
}

function noMatchingRule(spec: RunboatBuildSpec, tooSlow: readonly RepoRule[]): Verdict {
  const message =
    `No rule of the configuration matches repository ${spec.repo} with branch ${spec.targetBranch}. ` +
    `Ask the administrator to add one under "repos", or delete this build.${tooSlowSentence(tooSlow)}`;
  return { reason: 'NoMatchingRule', message };
}

/** The refusal of a build whose bundle the configuration does not have. */
export function bundleMissing(name: string): BuildRefused {
  const message =
    `The configuration has no bundle "${name}". ` +
    'Ask the administrator to add it under "bundles", or choose another one and reset the build.';
  return new BuildRefused({ reason: 'BundleMissing', message });
}

function secretEnvOf(config: Config, rule: RepoRule | undefined): Record<string, string> {
  return { ...config.secretEnv, ...rule?.secretEnv };
}

/** Recorded settings with those secret values that the configuration still gives: rotation works. */
export function withCurrentSecrets(config: Config, build: BuildView, recorded: BuildSettings): BuildSettings {
  const current = secretEnvOf(config, matchRule(config, build.spec.repo, build.spec.targetBranch));
  const kept = Object.entries(recorded.secretEnv).map(([key, value]) => [key, current[key] ?? value]);
  return { ...recorded, secretEnv: Object.fromEntries(kept) };
}

/** By spec, which a cache replaces with each change: passes over a build are many, changes of its spec few. */
const hashes = new WeakMap<RunboatBuildSpec, string>();

/** A short hash of what the spec overrides; the order of keys does not matter. The spec must not change afterwards. */
export function overridesHash(spec: RunboatBuildSpec): string {
  const known = hashes.get(spec) ?? hashOverrides(spec);
  hashes.set(spec, known);
  return known;
}

function hashOverrides(spec: RunboatBuildSpec): string {
  const sorted = (map: Record<string, string> | undefined) => Object.entries(map ?? {}).sort();
  const text = JSON.stringify([
    spec.image ?? null,
    spec.kubefiles ?? null,
    sorted(spec.env),
    sorted(spec.templateVars),
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function homePage(settings: BuildSettings): string {
  return `${settings.urlScheme}://${settings.slug}.${settings.domain}`;
}

export function renderInputOf(build: BuildView, settings: BuildSettings): RenderInput {
  const { spec, metadata } = build;
  const commitInfo = {
    repo: spec.repo,
    targetBranch: spec.targetBranch,
    pr: spec.pr ?? null,
    gitCommit: spec.commit,
  };
  return {
    namespace: metadata.namespace,
    buildName: metadata.name,
    buildSlug: settings.slug,
    buildDomain: settings.domain,
    databasePrefix: settings.databasePrefix,
    commitInfo,
    image: settings.image,
    env: settings.env,
    secretEnv: settings.secretEnv,
    templateVars: settings.templateVars,
  };
}

/** The data of the Secret `NAME-runboat`, base64 as the API wants it. */
export function encodeSettings(settings: BuildSettings): Record<string, string> {
  const { secretEnv, ...rest } = settings;
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  return { 'settings.json': encode(rest), 'secret-env.json': encode(secretEnv) };
}

/** The settings in a Secret's data; undefined when they are not there or not what the operator wrote. */
export function decodeSettings(data: Record<string, string> | undefined): BuildSettings | undefined {
  const settings = decodeObject(data?.['settings.json']);
  const secretEnv = decodeObject(data?.['secret-env.json']);
  if (!settings || !secretEnv) return undefined;
  const texts = ['rule', 'image', 'kubefiles', 'domain', 'urlScheme', 'slug', 'databasePrefix', 'overrides'];
  const complete = texts.every((key) => typeof settings[key] === 'string');
  if (!complete || !isObject(settings['env']) || !isObject(settings['templateVars'])) return undefined;
  return { ...settings, secretEnv } as unknown as BuildSettings;
}

function decodeObject(base64: string | undefined): Record<string, unknown> | undefined {
  if (base64 === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    // Somebody edited the Secret: the caller resolves again or tells the user.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
