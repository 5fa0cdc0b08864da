import type { KubeClient } from '../../lib/kube/client.js';
import { isNewer } from '../../lib/kube/resource-version.js';
import type { Logger } from '../../lib/telemetry/logger.js';

export interface LatestVersionOptions {
  readonly client: Pick<KubeClient, 'get'>;
  /** API path of a collection. */
  readonly path: string;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * Answers whether the cluster has come as far as a resourceVersion; no when it cannot be asked. Many questions at
 * once are one request.
 */
export function askTheCluster(options: LatestVersionOptions): (version: string) => Promise<boolean> {
  let asking: Promise<string> | undefined;
  const ask = () =>
    latestVersion(options).finally(() => {
      asking = undefined;
    });
  const hasCome = async (version: string) => {
    asking ??= ask();
    return !isNewer(version, await asking);
  };
  // The first request may have been sent before the version was made; the second is sent now.
  return async (version) => (await hasCome(version)) || hasCome(version);
}

async function latestVersion({ client, path, log }: LatestVersionOptions): Promise<string> {
  try {
    const query = { limit: 1 };
    const answer = await client.get<{ metadata: { resourceVersion: string } }>(path, { query });
    return answer.metadata.resourceVersion;
  } catch (error) {
    log.warn({ err: error }, 'The latest resourceVersion could not be read; a listener begins anew');
    return '0';
  }
}
