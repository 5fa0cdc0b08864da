import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../lib/config/types.js';
import { GitHubClient } from '../lib/github/client.js';
import { REQUEST_TIMEOUT_MS } from '../lib/kube/requests.js';
import type { Services } from './act/context.js';
import { Capacity } from './capacity.js';
import type { Caches } from './cluster/caches.js';
import type { UnfinishedJobs } from './cluster/unfinished.js';
import { CommitStatusReporter } from './commit-status/reporter.js';
import type { GrantStore } from './grants.js';
import { limitEffects } from './limit-effects.js';
import { Memory } from './memory.js';
import { Reconciler } from './reconciler.js';
import { checkBundles } from './render/check-bundles.js';
import { configuredBundles } from './render/configured-bundles.js';
import { sweep } from './sweep.js';

export interface TermOptions {
  /** All that does not end with a term. */
  readonly services: Omit<Services, 'capacity' | 'memory'>;
  readonly namespace: string;
  readonly grants: GrantStore;
  /** Throws when this operator leads no more. */
  readonly assertLeader: () => void;
  /** Whether somebody led before who did not hand over, so that a request of his may still arrive. */
  readonly inheritsRequests: boolean;
  readonly initializing: UnfinishedJobs;
  readonly cleaning: UnfinishedJobs;
  readonly onReconcile: (seconds: number, failed: boolean) => void;
}

/** One write of the Lease serves all builds that come to ask in this time, which is nothing to an initialisation. */
const gatherGrantsFor = 100;
/** Events of one build come in swarms: its Deployment alone is written three times when it is new. */
const gatherEventsFor = 20;
const positionsEvery = 10_000;
const bundlesEvery = 5_000;
const sweepEvery = 10 * 60_000;
const vanishedDelay = 1_000;

/** Until a consistent list shows nothing that the cache does not have; on a busy cluster, most of it. */
async function catchUp(informer: { resync(): Promise<number> }): Promise<void> {
  for (let rounds = 0; rounds < 5; rounds++) {
    if ((await informer.resync()) === 0) return;
    await sleep(200);
  }
}

/** What of the configuration the checks of bundles look at. */
function whatBundlesGet({ bundles, defaultBundle, repos, templateVars }: Config): unknown {
  return [bundles, defaultBundle, templateVars, repos.map((rule) => [rule.kubefiles, rule.templateVars])];
}

/** The time during which this operator leads: everything that it decides and remembers ends with it. */
export class Term {
  readonly capacity: Capacity;
  readonly reconciler: Reconciler;
  private readonly services: Services;
  private readonly reporter: CommitStatusReporter;
  private readonly timers: NodeJS.Timeout[] = [];
  private sweeping: Promise<void> = Promise.resolve();
  private begun = false;
  private ended = false;

  constructor(private readonly options: TermOptions) {
    const { config, client, caches, events, log, now } = options.services;
    const enqueue = (name: string) => this.reconciler.queue.add(name);
    const begun = now();
    this.capacity = new Capacity({
      limits: () => config.limits,
      paused: () => config.paused,
      minimumAge: () => config.retention.minimumAge,
      grants: options.grants,
      gatherGrantsFor,
      // A request of the predecessor can arrive so late; until then its grants are kept, used or not.
      keepGrantsUntil: begun + REQUEST_TIMEOUT_MS,
      givesFrom: options.inheritsRequests ? begun + REQUEST_TIMEOUT_MS : begun,
      initializing: () => options.initializing.attempts(),
      cleaning: () => options.cleaning.attempts(),
      effects: limitEffects({ client, caches, events, log, enqueue }),
      onError: (error) => log.warn({ err: error }, 'Places could not be given away; trying again'),
      now,
    });
    this.services = { ...options.services, capacity: this.capacity, memory: new Memory() };
    this.reconciler = new Reconciler(this.services, {
      onReconcile: options.onReconcile,
      onVanished: (name) => this.sweepSoon(name),
    });
    const { assertLeader } = options;
    const github = new GitHubClient({ settings: () => config.github });
    this.reporter = new CommitStatusReporter({ client, caches, github, config, log, now, assertLeader });
  }

  /** Begins to work, after a consistent read of what the predecessor has left. */
  async begin(): Promise<void> {
    const { caches } = this.services;
    // Pods last: one whose job is not in the list of jobs was made before, so a later list shows it.
    const others = caches.all.filter((informer) => informer !== caches.pods);
    await Promise.all([this.loadBundles(), ...others.map(catchUp)]);
    await catchUp(caches.pods);
    this.reconciler.seed();
    this.begun = true;
    this.reporter.start();
    this.enqueueAll();
    this.capacity.begin();
    this.sweeping = this.sweepNow();
    // A late write of the predecessor is in no cache.
    this.timers.push(setTimeout(() => void this.sweepNow(), 2 * REQUEST_TIMEOUT_MS));
    const builds = (name: string) => caches.builds.get(name);
    this.every(positionsEvery, () => this.capacity.showPositions(builds));
    this.every(sweepEvery, () => {
      this.sweeping = this.sweepNow();
    });
    this.every(bundlesEvery, () => void this.rereadBundles());
    this.timers.push(setTimeout(() => this.settleGrants(caches), REQUEST_TIMEOUT_MS + 1));
  }

  /** Something of a build has changed. Nothing is done before bundles and the predecessor's work are known. */
  noteChange(build: string): void {
    if (!this.begun) return;
    this.reconciler.queue.add(build, gatherEventsFor);
    this.reporter.changed(build);
  }

  /** The cluster went back in time: what was learnt of it since has not happened. */
  restored(): void {
    this.services.memory.forgetAll();
    if (this.begun) this.enqueueAll();
  }

  /** Others are in force than `before`. What builds were given stays theirs; what was refused is tried again. */
  settingsChanged(before: Config): void {
    if (!this.begun) return;
    this.capacity.touch();
    this.reporter.settingsChanged(before.github);
    void this.takeOver(before);
  }

  /** New bundles are read first, so that no build is told that there is none. */
  private async takeOver(before: Config): Promise<void> {
    const { config } = this.services;
    await this.rereadBundles();
    this.reconciler.settingsChanged();
    const isSame = isDeepStrictEqual(whatBundlesGet(before), whatBundlesGet(config));
    if (!isSame) await this.checkBundles(Object.keys(config.bundles));
  }

  /** Takes no more work and resolves when what is in hand is done. */
  async end(): Promise<void> {
    this.ended = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all([
      this.capacity.stop(),
      this.reconciler.queue.stop(),
      this.reporter.stop(),
      this.sweeping,
    ]);
  }

  private enqueueAll(): void {
    for (const build of this.services.caches.builds.list()) this.reconciler.queue.add(build.metadata.name);
  }

  /** Grants that the predecessor left and nobody has used: their builds were reset or deleted meanwhile. */
  private settleGrants(caches: Caches): void {
    const uids = new Map([...caches.builds.list()].map(({ metadata }) => [metadata.uid, metadata.name]));
    for (const { uid } of [...this.options.grants.all()]) {
      const name = uids.get(uid);
      if (name === undefined) this.capacity.releaseInitialization(uid);
      else this.reconciler.queue.add(name);
    }
    this.capacity.touch();
  }

  private every(milliseconds: number, run: () => void): void {
    this.timers.push(setInterval(run, milliseconds));
  }

  /**
   * A finalizer that is added while the API server deletes an object without one does not hold it, and people can
   * take finalizers away: what was made of such a build is removed a moment later.
   */
  private sweepSoon(name: string): void {
    if (!this.ended) this.timers.push(setTimeout(() => void this.sweepNow(name), vanishedDelay));
  }

  private async sweepNow(build?: string): Promise<void> {
    const { client, caches, kinds, config, log } = this.services;
    const { namespace } = this.options;
    try {
      const left = await sweep({
        client,
        caches,
        kinds,
        namespace,
        paused: () => config.paused,
        log,
        ...(build === undefined ? {} : { build }),
      });
      if (left > 0 && build !== undefined) this.sweepSoon(build);
    } catch (error) {
      log.warn({ err: error }, 'Looking for leftovers failed; it is tried again later');
    }
  }

  /** Reads the bundles; their checks run beside the work, so that the first build finds its shapes compiled. */
  private async loadBundles(): Promise<void> {
    await this.services.bundles.refresh();
    void this.checkBundles(Object.keys(this.services.config.bundles));
  }

  private async checkBundles(names: readonly string[]): Promise<void> {
    const { config, renderer, log } = this.services;
    const used = new Set(config.repos.map((rule) => rule.kubefiles ?? config.defaultBundle));
    const wanted = configuredBundles(config).filter(({ name }) => names.includes(name) && used.has(name));
    try {
      for (const { level, bundle, file, sentence } of await checkBundles(wanted, renderer)) {
        log[level === 'error' ? 'error' : 'warn'](
          { bundle, file, detail: sentence },
          'Something is wrong with a bundle',
        );
      }
    } catch (error) {
      // The check went on beside the work and was ended with it.
      if (this.ended) return;
      log.error({ err: error }, 'The bundles could not be checked');
    }
  }

  private async rereadBundles(): Promise<void> {
    const { bundles, log } = this.services;
    try {
      const changed = await bundles.refresh();
      if (changed.length === 0) return;
      log.info({ bundles: changed }, 'Bundles changed');
      this.reconciler.settingsChanged();
      await this.checkBundles(changed);
    } catch (error) {
      log.warn({ err: error }, 'Bundles could not be read; trying again');
    }
  }
}
