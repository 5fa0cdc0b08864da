import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { followSettings } from '../lib/config/follow-settings.js';
import type { SettingsSource } from '../lib/config/settings-source.js';
import type { Config } from '../lib/config/types.js';
import { KubeClient } from '../lib/kube/client.js';
import { type Connection, connect } from '../lib/kube/connection.js';
import type { RequestInfo } from '../lib/kube/requests.js';
import { type HealthServer, startHealthServer } from '../lib/telemetry/health-server.js';
import { createLogger, type Logger } from '../lib/telemetry/logger.js';
import { Caches } from './cluster/caches.js';
import { UnfinishedJobs } from './cluster/unfinished.js';
import { droppedBundles } from './dropped-bundles.js';
import { electionTimes, Leadership } from './election/leadership.js';
import { UnansweredWrites } from './election/unanswered-writes.js';
import { EventRecorder } from './events.js';
import { OperatorMetrics } from './metrics.js';
import { BundleStore } from './render/bundle-store.js';
import { Renderer } from './render/renderer.js';
import { awaitCluster } from './startup.js';
import { Term, type TermOptions } from './term.js';

export interface OperatorOptions {
  /** The settings, which are read again when their files change. */
  readonly source: SettingsSource;
  /** Milliseconds between comparisons of each cache with the API server. */
  readonly resyncMs: number;
  /** Milliseconds that another operator waits after the last renewal of the Lease. */
  readonly leaseMs: number;
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** Runs the operator until the signal is aborted; resolves when all work in hand is done and the Lease is free. */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { source, signal } = options;
  const log = createLogger('operator', source.current.get().log.level);
  for (const warning of source.warnings) log.warn({ detail: warning }, 'Configuration warning');
  const operator = new Operator(options, log);
  const health = await operator.serveHealth();
  try {
    await operator.run();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await health.close();
  }
  log.info({}, 'Stopped');
}

/** What outlives the terms. */
type SharedOptions = Omit<TermOptions, 'grants' | 'assertLeader' | 'inheritsRequests'>;
type SharedServices = SharedOptions['services'];

/** One process: caches that follow the cluster all the time, and terms during which it leads. */
class Operator {
  private readonly metrics = new OperatorMetrics();
  private leadership: Leadership | undefined;
  private term: Term | undefined;
  private readonly unanswered = new UnansweredWrites();
  private readonly identity = `${hostname()}_${randomUUID()}`;
  private state: string | undefined = 'The operator connects to the API server.';

  constructor(
    private readonly options: OperatorOptions,
    private readonly log: Logger,
  ) {}

  /** As it is now, whenever it is looked at. */
  private get config(): Config {
    return this.options.source.current.live;
  }

  async serveHealth(): Promise<HealthServer> {
    const health = await startHealthServer({
      port: this.config.metricsPort,
      metrics: this.metrics.registry,
      problem: () => undefined,
      waitsFor: () => this.state,
    });
    this.log.info({ address: `http://localhost:${health.port}` }, 'Serving health and metrics');
    return health;
  }

  async run(): Promise<void> {
    const connection = await connect();
    try {
      const onRequest = (info: RequestInfo) => {
        this.unanswered.note(info);
        this.metrics.kube.requested(info);
      };
      const beforeWrite = () => this.leadership?.assertValid();
      await this.follow(connection, new KubeClient({ connection, onRequest, beforeWrite }));
    } finally {
      // An open connection would keep the process from ending.
      await connection.close();
    }
  }

  private async follow(connection: Connection, client: KubeClient): Promise<void> {
    const { signal } = this.options;
    const shared = await this.prepare(client);
    const { caches } = shared.services;
    this.state = 'The caches are being filled.';
    let stopFollowing: (() => void) | undefined;
    try {
      for (const informer of caches.all) informer.start();
      await Promise.all(caches.all.map((informer) => informer.whenSynced(signal)));
      // Not before: which bundles are in use is known from the caches.
      stopFollowing = this.followSettings(shared.services);
      // A candidate is ready too: it has its caches and takes over when the Lease is free.
      this.state = undefined;
      while (!signal.aborted) await this.lead(connection, shared);
    } finally {
      stopFollowing?.();
      // Bundles that are still being checked would keep the process from ending in time.
      shared.services.renderer.stop();
      await Promise.all(caches.all.map((informer) => informer.stop()));
    }
  }

  private followSettings({ caches, bundles }: SharedServices): () => void {
    const { source } = this.options;
    source.current.onChange((now, before) => {
      bundles.setFolders(now.bundles);
      this.term?.settingsChanged(before);
    });
    return followSettings({
      source,
      log: this.log,
      objections: (next, now) => droppedBundles(next, now, caches.builds.list()),
      onReload: (isInOrder) => this.metrics.config.reloaded(isInOrder),
    });
  }

  /** Waits for the Lease, works until it is lost or the process is to stop, and gives it back. */
  private async lead(connection: Connection, shared: SharedOptions): Promise<void> {
    const { config } = this;
    const { signal, leaseMs } = this.options;
    const client = new KubeClient({
      connection,
      onRequest: this.metrics.kube.requested.bind(this.metrics.kube),
    });
    const leadership = new Leadership({
      client,
      namespace: config.namespace,
      identity: this.identity,
      times: electionTimes(leaseMs),
      log: this.log,
    });
    await leadership.acquire(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (signal.aborted) return leadership.release();
    this.leadership = leadership;
    this.term = new Term({
      ...shared,
      grants: leadership,
      assertLeader: () => leadership.assertValid(),
      inheritsRequests: leadership.inheritsRequests,
    });
    try {
      await this.term.begin();
      this.log.info({ namespace: config.namespace, limits: config.limits }, 'The operator is ready');
      await aborted(AbortSignal.any([signal, leadership.lost]));
    } catch (error) {
      if (signal.aborted) throw error;
      this.log.warn({ err: error }, 'The work could not begin; the Lease is given back for another try');
      await sleep(1_000);
    } finally {
      this.log.info({ lost: leadership.lost.aborted }, 'Stopping: no more work is taken');
      await this.term.end();
      // The successor is to know that something may still come: it waits until the Lease runs out.
      if (this.unanswered.mayArrive) leadership.abandon();
      else await leadership.release();
      this.term = undefined;
    }
  }

  private async prepare(client: KubeClient): Promise<SharedOptions> {
    const { resyncMs, signal } = this.options;
    const { config, log, metrics } = this;
    const { namespace, resourceTypes } = config;
    const waitsFor = (sentence: string) => {
      this.state = sentence;
    };
    const kinds = await awaitCluster({ client, namespace, resourceTypes, log, signal, waitsFor });
    const onRestored = () => this.term?.restored();
    const hooks = (resource: string) => ({ ...metrics.kube.informerHooks(resource), onRestored });
    const caches = new Caches({ client, namespace, resyncMs, log, hooks });
    const touch = () => this.term?.capacity.touch();
    const initializing = new UnfinishedJobs(caches, 'initialize', touch);
    const cleaning = new UnfinishedJobs(caches, 'cleanup', touch);
    caches.onChange((name) => this.term?.noteChange(name));
    metrics.observe({
      builds: () => caches.builds.list(),
      slots: () => this.term?.capacity.counts() ?? {},
      limits: () => ({ ...config.limits }),
      workQueue: () => this.term?.reconciler.queue.size ?? 0,
      leads: () => this.leadership?.isValid() ?? false,
    });
    const renderer = new Renderer({
      allowed: kinds,
      onWarning: ({ bundle, file, sentence }) =>
        log.warn({ bundle, file, detail: sentence }, 'Bundle warning'),
    });
    const events = new EventRecorder(client, caches.paths.events, log);
    const bundles = new BundleStore(config.bundles);
    const services = { client, config, caches, kinds, bundles, renderer, events, log, now: Date.now };
    return { services, namespace, initializing, cleaning, onReconcile: metrics.reconciled.bind(metrics) };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
