import { afterEach } from '@jest/globals';
import { API_GROUP, API_VERSION, BUILD_PLURAL } from '../../../crds/constants.js';
import type { RunboatBuild } from '../../../crds/runboatbuild.generated.js';
import { createApp } from '../../../gateway/app.js';
import { KubeBuildActions } from '../../../gateway/builds/actions.js';
import { type BuildRecord, recordOf } from '../../../gateway/builds/build-record.js';
import { InformedDirectory } from '../../../gateway/builds/directory.js';
import { createAuthenticator } from '../../../gateway/http/auth.js';
import { listen } from '../../../gateway/http/server.js';
import { GatewayMetrics } from '../../../gateway/metrics.js';
import { createTriggerRouter } from '../../../gateway/trigger/trigger-router.js';
import { createWebhookRoute } from '../../../gateway/webhook/webhook-route.js';
import { loadConfig } from '../../../lib/config/load.js';
import type { Config, GitHubConfig } from '../../../lib/config/types.js';
import { GitHubClient } from '../../../lib/github/client.js';
import type { KubeClient } from '../../../lib/kube/client.js';
import { Informer } from '../../../lib/kube/informer.js';
import { resourcePath } from '../../../lib/kube/paths.js';
import type { KubeObject } from '../../../lib/kube/types.js';
import { createLogger } from '../../../lib/telemetry/logger.js';

export {
  type Answer,
  branchDeletion,
  call,
  type Delivery,
  deliver,
  pullRequest,
  push,
  secret,
} from '../../support/deliveries.js';

export const admin = { authorization: `Basic ${Buffer.from('admin:pass').toString('base64')}` };

export interface Gateway {
  readonly url: string;
  readonly informer: Informer<BuildRecord>;
  readonly metrics: GatewayMetrics;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly namespace: string;
  readonly client: KubeClient;
  readonly github?: Partial<GitHubConfig> | undefined;
  /** For each request to GitHub, milliseconds. */
  readonly timeoutMs?: number;
  /** Returns when all builds are known, unless false. */
  readonly waitForSync?: boolean;
}

const running: Gateway[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});

/** The gateway's application with the parts that deal with GitHub, on a free port until the end of the test. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { namespace, client } = options;
  const config = configOf(options);
  const log = createLogger('gateway', 'silent');
  const path = buildsPath(namespace);
  const informer = new Informer<BuildRecord>({ client, path, trim: recordOf, log, times: { graceMs: 200 } });
  const directory = new InformedDirectory({
    informer,
    settings: { ...config, webUrl: config.github.webUrl },
    onHandlerError: (error) => {
      throw error;
    },
  });
  const ending = new AbortController();
  const services = {
    config,
    log,
    client,
    informer,
    directory,
    actions: new KubeBuildActions({ client, informer, directory, config, log, path }),
    authenticator: createAuthenticator({ config }),
    metrics: new GatewayMetrics(),
    stopping: ending.signal,
  };
  const { timeoutMs = 10_000 } = options;
  const github = new GitHubClient({ settings: () => config.github, timeoutMs });
  const app = createApp({
    services,
    readiness: { builds: () => undefined, process: () => undefined },
    api: [createTriggerRouter({ ...services, github })],
    direct: [createWebhookRoute(services)],
  });
  const server = await listen(app, 0);
  informer.start();
  if (options.waitForSync !== false) await informer.whenSynced();
  const stop = async () => {
    ending.abort();
    await server.close(0);
    await informer.stop();
  };
  const { metrics } = services;
  const gateway = { url: `http://127.0.0.1:${server.port}`, informer, metrics, stop };
  running.push(gateway);
  return gateway;
}

function configOf({ namespace, github }: GatewayOptions): Config {
  const env = {
    RUNBOAT_BUILD_NAMESPACE: namespace,
    RUNBOAT_BUILD_DOMAIN: 'builds.test',
    RUNBOAT_API_ADMIN_USER: 'admin',
    RUNBOAT_API_ADMIN_PASSWD: 'pass',
    RUNBOAT_REPOS: JSON.stringify([{ repo: '^oca/.*', branch: '^1\\d\\.0', builds: [{ image: 'odoo' }] }]),
  };
  const { config } = loadConfig({ env, process: 'gateway' });
  return { ...config, github: { ...config.github, ...github } };
}

export function buildsPath(namespace: string): string {
  return resourcePath({ group: API_GROUP, version: API_VERSION, plural: BUILD_PLURAL, namespace });
}

/** All builds that are not being undeployed, as `repo branch pr commit` and their names. */
export async function builds(client: KubeClient, namespace: string): Promise<Map<string, string>> {
  const { items } = await client.listAll<RunboatBuild & KubeObject>(buildsPath(namespace));
  const living = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return new Map(
    living.map(({ metadata, spec }) => {
      const { repo, targetBranch, pr, commit } = spec;
      return [`${repo} ${targetBranch} ${pr ?? '-'} ${commit.slice(0, 4)}`, metadata.name];
    }),
  );
}
