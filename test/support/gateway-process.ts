// The gateway as a process of its own. Nothing here needs Jest, so that programs can use it too.
import {
  addressOf,
  type ProcessOptions,
  type RunboatProcess,
  startRunboat,
  untilReady,
} from './runboat-process.js';

export interface GatewayProcessOptions extends ProcessOptions {
  /** Parts of the configuration to replace. */
  config?: Record<string, unknown> | undefined;
}

export interface RunningGateway extends RunboatProcess {
  /** Of the API and pages, for example http://localhost:12345. */
  readonly address: string;
  /** Of health and metrics. */
  readonly metricsAddress: string;
}

export const ADMIN = { user: 'admin', password: 'a pass:word' };

/** The value of `Authorization`. */
export function basic({ user, password }: { user: string; password: string } = ADMIN): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A configuration for tests: every repository of `oca` may be built. */
export function gatewayConfig(
  namespace: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    namespace,
    domain: 'builds.test',
    baseUrl: 'http://runboat.test',
    repos: [{ repo: '^oca/.*', branch: '^(?!none).*', image: 'registry.test/odoo:16.0' }],
    api: { adminUser: ADMIN.user, adminPassword: ADMIN.password },
    log: { level: 'debug' },
    ...changes,
  };
}

/** Starts `bin/runboat gateway` and waits until it is ready. Throws with its output when it ends before. */
export async function startGateway(options: GatewayProcessOptions): Promise<RunningGateway> {
  const running = startRunboat(
    {
      command: 'gateway',
      config: gatewayConfig(options.namespace, options.config),
      env: { RUNBOAT_LISTEN_PORT: '0', RUNBOAT_METRICS_PORT: '0' },
      account: 'RUNBOAT_TEST_GATEWAY_KUBECONFIG',
    },
    options,
  );
  const address = await addressOf(running, 'Serving the API and pages');
  const metricsAddress = await addressOf(running, 'Serving health and metrics');
  if (options.waitReady !== false) await untilReady(running, address);
  return { ...running, address, metricsAddress };
}
