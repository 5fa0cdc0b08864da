// The operator as a process of its own. Nothing here needs Jest, so that programs can use it too.
import path from 'node:path';
import { repositoryRoot } from '../cluster/paths.js';
import {
  addressOf,
  type ProcessOptions,
  type RunboatProcess,
  startRunboat,
  untilReady,
} from './runboat-process.js';

export type { LogEntry } from './runboat-process.js';

/** The folder of the bundle whose pods do what template variables say. */
export const scriptedBundle = path.join(repositoryRoot, 'test/fixtures/bundles/scripted');

export interface OperatorOptions extends ProcessOptions {
  /** Parts of the configuration to replace; maps are replaced as a whole, but for limits, timeouts and retention. */
  config?: Record<string, unknown> | undefined;
}

export interface RunningOperator extends RunboatProcess {
  /** Of health and metrics, for example http://localhost:12345. */
  readonly address: string;
}

/** A configuration for tests: wide limits, no minimum age, every repository of `oca` built from `scripted`. */
export function testConfig(
  namespace: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  const { limits, timeouts, retention, bundles, ...rest } = changes;
  return {
    namespace,
    domain: 'builds.test',
    repos: [{ repo: '^oca/.*', branch: '.*', image: 'registry.test/odoo:16.0', kubefiles: 'scripted' }],
    bundles: { scripted: scriptedBundle, ...(bundles as object) },
    defaultBundle: 'scripted',
    limits: { initializing: 20, started: 20, deployed: 100, cleaning: 20, ...(limits as object) },
    timeouts: { initialize: '5m', cleanup: '5m', ...(timeouts as object) },
    retention: { minimumAge: '0s', finishedJobs: '72h', ...(retention as object) },
    log: { level: 'debug' },
    ...rest,
  };
}

/** Starts `bin/runboat operator` and waits until it is ready. Throws with its output when it ends before. */
export async function startOperator(options: OperatorOptions): Promise<RunningOperator> {
  const running = startRunboat(
    {
      command: 'operator',
      config: testConfig(options.namespace, options.config),
      env: { RUNBOAT_METRICS_PORT: '0' },
      account: 'RUNBOAT_TEST_OPERATOR_KUBECONFIG',
    },
    options,
  );
  const operator = { ...running, address: await addressOf(running, 'Serving health and metrics') };
  if (options.waitReady !== false) await untilReady(operator, operator.address);
  return operator;
}
