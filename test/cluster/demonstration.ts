import { dump } from 'js-yaml';

/** Where `make run` has its builds; that of docs/examples/build.yaml. */
export const demonstrationNamespace = 'runboat-builds';

export interface Demonstration {
  /** Where the gateway is. */
  readonly baseUrl: string;
  readonly adminPassword: string;
  readonly webhookSecret: string;
  /** With a real node: the image of the bundle `webpage`, for all builds, and what they need to know. */
  readonly real?: { image: string; env: Record<string, string>; secretEnv: Record<string, string> };
}

/** A configuration for trying things out: anything may be built, and nothing is told to a forge. */
export function demonstrationConfig(demonstration: Demonstration): string {
  const { baseUrl, adminPassword, webhookSecret, real } = demonstration;
  return dump({
    namespace: demonstrationNamespace,
    domain: 'runboat.localhost',
    baseUrl,
    api: { adminUser: 'admin', adminPassword },
    repos: real ? [webpageRule(real.image)] : [odooRule, webpageRule('example.org/webpage:latest')],
    ...(real ? { env: real.env, secretEnv: real.secretEnv } : {}),
    github: { commitStatuses: false, webhookSecret },
  });
}

const odooRule = {
  repo: '^oca/.*',
  branch: '^\\d+\\.0$',
  image: 'ghcr.io/oca/oca-ci/py3.10-odoo16.0:latest',
  kubefiles: 'odoo',
};

function webpageRule(image: string): object {
  return { repo: '.*', branch: '.*', image, kubefiles: 'webpage' };
}
