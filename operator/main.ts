import type { Config } from '../lib/config/types.js';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { discover, resolveResourceType } from '../lib/kube/discovery.js';
import { startHealthServer } from '../lib/telemetry/health-server.js';
import { createLogger, type Logger } from '../lib/telemetry/logger.js';
import type { Services } from './act/context.js';
import { Capacity } from './capacity.js';
import { Caches } from './cluster/caches.js';
import { KindTable } from './cluster/kinds.js';
import { UnfinishedJobs } from './cluster/unfinished.js';
import { EventRecorder } from './events.js';
import { MemoryGrants } from './grants.js';
import { limitEffects } from './limit-effects.js';
import { Memory } from './memory.js';
import { OperatorMetrics } from './metrics.js';
import { Reconciler } from './reconciler.js';
import { BundleStore } from './render/bundle-store.js';
import { Renderer } from './render/renderer.js';
import { sweep } from './sweep.js';

export interface OperatorOptions {
  readonly config: Config;
  /** Sentences about the configuration that are worth a log line each. */
  readonly warnings: readonly string[];
  /** Milliseconds between comparisons of each cache with the API server. */
  readonly resyncMs: number;
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

const positionsEvery = 10_000;
const bundlesEvery = 5_000;
const sweepEvery = 10 * 60_000;

/** Runs the operator until the signal is aborted; resolves when all work in hand is done. */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { config, signal } = options;
  const log = createLogger('operator', config.log.level);
  for (const warning of options.warnings) log.warn({ detail: warning }, 'Configuration warning');
  const metrics = new OperatorMetrics();
  let ready: string | undefined = 'The operator connects to the API server.';
  const health = await startHealthServer({
    port: config.metricsPort,
    metrics: metrics.registry,
    problem: () => undefined,
    waitsFor: () => ready,
  });
  log.info({ address: `http://localhost:${health.port}` }, 'Serving health and metrics');
  try {
    const operator = await assemble(options, log, metrics);
    ready = 'The caches are being filled.';
    await operator.start(signal);
    ready = undefined;
    log.info({ namespace: config.namespace, limits: config.limits }, 'The operator is ready');
    await aborted(signal);
    ready = 'The operator is stopping.';
    log.info({}, 'Stopping: no more work is taken');
    await operator.stop();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await health.close();
  }
  log.info({}, 'Stopped');
}

interface Operator {
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

async function assemble(options: OperatorOptions, log: Logger, metrics: OperatorMetrics): Promise<Operator> {
  const { config, resyncMs } = options;
  const connection = await connect();
  const client = new KubeClient({ connection, onRequest: (info) => metrics.requested(info) });
  const kinds = await resolveKinds(client, config);
  const { namespace } = config;
  const caches = new Caches({
    client,
    namespace,
    resyncMs,
    log,
    hooks: (resource) => metrics.informerHooks(resource),
  });
  const events = new EventRecorder(client, caches.paths.events, log);
  const touch = () => capacity.touch();
  const initializing = new UnfinishedJobs(caches, 'initialize', touch);
  const cleaning = new UnfinishedJobs(caches, 'cleanup', touch);
  const enqueue = (name: string) => reconciler.queue.add(name);
  const capacity: Capacity = new Capacity({
    limits: () => config.limits,
    paused: () => config.paused,
    minimumAge: () => config.retention.minimumAge,
    grants: new MemoryGrants(),
    initializing: () => initializing.attempts(),
    cleaning: () => cleaning.attempts(),
    effects: limitEffects({ client, caches, events, log, enqueue }),
    now: Date.now,
  });
  const bundles = new BundleStore(config.bundles);
  const renderer = new Renderer({
    allowed: kinds,
    onWarning: ({ bundle, file, sentence }) => log.warn({ bundle, file, detail: sentence }, 'Bundle warning'),
  });
  const services: Services = {
    client,
    config,
    caches,
    kinds,
    bundles,
    renderer,
    capacity,
    memory: new Memory(),
    events,
    log,
    now: Date.now,
  };
  const reconciler: Reconciler = new Reconciler(services, {
    onReconcile: (seconds, failed) => metrics.reconciled(seconds, failed),
  });
  metrics.observe({
    builds: () => caches.builds.list(),
    slots: () => capacity.counts(),
    limits: () => ({ ...config.limits }),
    workQueue: () => reconciler.queue.size,
  });
  return running({ services, reconciler, namespace });
}

async function resolveKinds(client: KubeClient, config: Config): Promise<KindTable> {
  const served = await discover(client);
  return new KindTable(config.resourceTypes.map((spelling) => resolveResourceType(served, spelling)));
}

/** Starting and stopping of what has been assembled. */
function running({
  services,
  reconciler,
  namespace,
}: {
  services: Services;
  reconciler: Reconciler;
  namespace: string;
}): Operator {
  const { caches, capacity, bundles, client, kinds, log, config } = services;
  const timers: NodeJS.Timeout[] = [];
  const sweepNow = () =>
    sweep({ client, caches, kinds, namespace, paused: () => config.paused, log }).catch((error: unknown) => {
      log.warn({ err: error }, 'Looking for leftovers failed; it is tried again later');
    });
  const rereadBundles = async () => {
    const changed = await bundles.refresh();
    if (changed.length === 0) return;
    log.info({ bundles: changed }, 'Bundles changed');
    reconciler.settingsChanged();
  };
  return {
    async start(signal) {
      await bundles.refresh();
      for (const informer of caches.all) informer.start();
      await Promise.all(caches.all.map((informer) => informer.whenSynced(signal)));
      reconciler.seed();
      caches.onChange((name) => reconciler.queue.add(name));
      for (const build of caches.builds.list()) reconciler.queue.add(build.metadata.name);
      capacity.begin();
      void sweepNow();
      timers.push(
        setInterval(() => capacity.showPositions((name) => caches.builds.get(name)), positionsEvery),
      );
      timers.push(setInterval(() => void sweepNow(), sweepEvery));
      timers.push(
        setInterval(
          () =>
            void rereadBundles().catch((error: unknown) =>
              log.warn({ err: error }, 'Bundles could not be read'),
            ),
          bundlesEvery,
        ),
      );
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      capacity.stop();
      await reconciler.queue.stop();
      await Promise.all(caches.all.map((informer) => informer.stop()));
      await client.connection.close();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
