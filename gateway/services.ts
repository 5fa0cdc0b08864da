import type { Config } from '../lib/config/types.js';
import type { KubeClient } from '../lib/kube/client.js';
import type { Informer } from '../lib/kube/informer.js';
import type { Logger } from '../lib/telemetry/logger.js';
import type { BuildActions } from './builds/actions.js';
import type { BuildRecord } from './builds/build-record.js';
import type { BuildDirectory } from './builds/directory.js';
import type { Authenticator } from './http/auth.js';
import type { GatewayMetrics } from './metrics.js';

/** What routers are made of; each takes what it needs with `Pick`. */
export interface GatewayServices {
  readonly config: Config;
  readonly log: Logger;
  readonly client: KubeClient;
  readonly informer: Informer<BuildRecord>;
  readonly directory: BuildDirectory;
  readonly actions: BuildActions;
  readonly authenticator: Authenticator;
  readonly metrics: GatewayMetrics;
  /** Aborted when the process is to end: streams say goodbye and end. */
  readonly stopping: AbortSignal;
}
