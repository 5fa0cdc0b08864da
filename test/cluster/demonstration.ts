import { dump } from 'js-yaml';

/** Where `make run` has its builds; that of docs/examples/build.yaml. */
export const demonstrationNamespace = 'runboat-builds';

export interface Demonstration {
  /** Where the gateway is. */
  readonly baseUrl: string;
  readonly adminPassword: string;
}

/** A configuration for trying things out: anything may be built, and nothing is told to a forge. */
export function demonstrationConfig({ baseUrl, adminPassword }: Demonstration): string {
  return dump({
    namespace: demonstrationNamespace,
    domain: 'runboat.localhost',
    baseUrl,
    api: { adminUser: 'admin', adminPassword },
    repos: [
      {
        repo: '^oca/.*',
        branch: '^\\d+\\.0$',
        image: 'ghcr.io/oca/oca-ci/py3.10-odoo16.0:latest',
        kubefiles: 'odoo',
      },
      { repo: '.*', branch: '.*', image: 'example.org/webpage:latest', kubefiles: 'webpage' },
    ],
    github: { commitStatuses: false },
  });
}
