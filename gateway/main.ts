import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { API_GROUP, API_VERSION, BUILD_PLURAL } from '../crds/constants.js';
import { followSettings } from '../lib/config/follow-settings.js';
import type { SettingsSource } from '../lib/config/settings-source.js';
import type { Config } from '../lib/config/types.js';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { Informer } from '../lib/kube/informer.js';
import { resourcePath } from '../lib/kube/paths.js';
import { startHealthServer } from '../lib/telemetry/health-server.js';
import { createLogger, type Logger } from '../lib/telemetry/logger.js';
import { createApp } from './app.js';
import { KubeBuildActions } from './builds/actions.js';
import { linkSettings } from './builds/build-json.js';
import { type BuildRecord, recordOf } from './builds/build-record.js';
import { InformedDirectory } from './builds/directory.js';
import { createAuthenticator } from './http/auth.js';
import { listen } from './http/server.js';
import { GatewayMetrics } from './metrics.js';
import { createRouters } from './routers.js';
import type { GatewayServices } from './services.js';
import { warnOfSigning } from './webhook/webhook-route.js';

export interface GatewayOptions {
  /** The settings, which are read again when their files change. */
  readonly source: SettingsSource;
  /** Milliseconds between comparisons of the cache with the API server. */
  readonly resyncMs: number;
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/**
 * Milliseconds for which requests are still served when the process is to end: until then a load balancer that reads
 * `/readyz`, or the endpoints of the Service, may send some.
 */
const LAST_CALL_MS = 1_000;
/** What is under way then may take so long, milliseconds. */
const END_WITHIN_MS = 6_000;

/** Runs the gateway until the signal is aborted; resolves when all requests are answered and all streams ended. */
export async function runGateway(options: GatewayOptions): Promise<void> {
  const { source, signal } = options;
  const config = source.current.live;
  const log = createLogger('gateway', config.log.level);
  for (const warning of source.warnings) log.warn({ detail: warning }, 'Configuration warning');
  const services = await createServices(options, log);
  const { informer, client, actions } = services;
  const end = await serve(services);
  const onReload = (isInOrder: boolean) => services.metrics.config.reloaded(isInOrder);
  const stopFollowing = followSettings({ source, log, onReload });
  applyChanges(source, services);
  informer.start();
  await informer.whenSynced(signal).then(
    () => log.info({ namespace: config.namespace, builds: informer.size }, 'The gateway is ready'),
    // Told to stop before: nothing to say.
    () => undefined,
  );
  await aborted(signal);
  stopFollowing();
  log.info({}, 'Stopping: streams end, and then no more requests are taken');
  await end();
  await actions.settled();
  await Promise.all([informer.stop(), client.connection.close()]);
  log.info({}, 'Stopped');
}

/** Opens both ports; the answer closes them again, once all requests are answered. */
async function serve(services: GatewayServices): Promise<() => Promise<void>> {
  const { config, informer, log, metrics, stopping } = services;
  const builds = () => waitsForBuilds(informer);
  const whole = () => (stopping.aborted ? 'The gateway is stopping.' : builds());
  const app = createApp({ services, readiness: { builds, process: whole }, ...createRouters(services) });
  const server = await listen(app, config.http.port);
  log.info({ address: `http://localhost:${server.port}` }, 'Serving the API and pages');
  const health = await startHealthServer({
    port: config.metricsPort,
    metrics: metrics.registry,
    problem: () => undefined,
    waitsFor: whole,
  }).catch(async (error: unknown) => {
    // Nothing may keep the process from ending.
    await server.close(0);
    throw error;
  });
  log.info({ address: `http://localhost:${health.port}` }, 'Serving health and metrics');
  return async () => {
    await sleep(LAST_CALL_MS);
    await server.close(END_WITHIN_MS);
    await health.close();
  };
}

/** Most parts look at the settings when they need them; these have made something of them. */
function applyChanges({ current }: SettingsSource, { directory, log }: OwnServices): void {
  current.onChange((now, before) => {
    const inLinks = !isDeepStrictEqual({ ...linkSettings(now) }, { ...linkSettings(before) });
    directory.settingsChanged({ inLinks });
    if (!isDeepStrictEqual(signingOf(now), signingOf(before))) warnOfSigning(now.github, log);
  });
}

function signingOf({ github }: Config): unknown {
  return [github.webhookSecret, github.allowUnsignedWebhooks];
}

interface OwnServices extends GatewayServices {
  readonly directory: InformedDirectory;
  readonly actions: KubeBuildActions;
}

async function createServices(options: GatewayOptions, log: Logger): Promise<OwnServices> {
  const { source, resyncMs, signal } = options;
  const config = source.current.live;
  const metrics = new GatewayMetrics();
  const client = new KubeClient({
    connection: await connect(),
    onRequest: (info) => metrics.kube.requested(info),
  });
  const { namespace } = config;
  const path = resourcePath({ group: API_GROUP, version: API_VERSION, plural: BUILD_PLURAL, namespace });
  const informer = new Informer<BuildRecord>({
    client,
    path,
    trim: recordOf,
    times: { resyncMs },
    log,
    hooks: metrics.kube.informerHooks(BUILD_PLURAL),
  });
  const directory = new InformedDirectory({
    informer,
    settings: linkSettings(config),
    onHandlerError: (error) => log.error({ err: error }, 'A listener to changes of builds failed'),
  });
  metrics.gauge('runboat_gateway_builds', 'Builds that the gateway knows.', () => informer.size);
  const actions = new KubeBuildActions({ client, informer, directory, config, log, path });
  const authenticator = createAuthenticator({ config });
  return { config, log, client, informer, directory, actions, authenticator, metrics, stopping: signal };
}

function waitsForBuilds(informer: Informer<BuildRecord>): string | undefined {
  return informer.synced ? undefined : 'The builds are being read from the API server.';
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
