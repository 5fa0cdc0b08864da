import type { RunboatBuildSpec } from '../../crds/runboatbuild.generated.js';
import { type BuildSettings, overridesHash } from '../../operator/settings.js';

export const sampleImage = 'registry.test/odoo:16.0';
export const sampleDomain = 'builds.test';

/** The configuration of an operator in a benchmark: wide limits, and all of `oca` built with the `odoo` bundle. */
export function sampleConfig(initializing: number): Record<string, unknown> {
  return {
    limits: { initializing, deployed: 100_000 },
    repos: [{ repo: '^oca/.*', branch: '.*', image: sampleImage, kubefiles: 'odoo' }],
    domain: sampleDomain,
    log: { level: 'info' },
  };
}

/** What that configuration resolves to for a build without overrides, with this slug. */
export function sampleSettings(spec: RunboatBuildSpec, slug: string): BuildSettings {
  return {
    rule: 'repos[0]: ^oca/.* .*',
    image: sampleImage,
    kubefiles: 'odoo',
    env: {},
    secretEnv: {},
    templateVars: {},
    domain: sampleDomain,
    urlScheme: 'http',
    slug,
    databasePrefix: '',
    overrides: overridesHash(spec),
  };
}
