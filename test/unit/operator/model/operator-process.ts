import { LABEL_BUILD } from '../../../../crds/constants.js';
import type { Config } from '../../../../lib/config/types.js';
import { ApiError, NoAnswerError } from '../../../../lib/kube/errors.js';
import type { Informer } from '../../../../lib/kube/informer.js';
import type { Cached } from '../../../../lib/kube/types.js';
import type { Logger } from '../../../../lib/telemetry/logger.js';
import { Caches } from '../../../../operator/cluster/caches.js';
import { KindTable } from '../../../../operator/cluster/kinds.js';
import { UnfinishedJobs } from '../../../../operator/cluster/unfinished.js';
import { EventRecorder } from '../../../../operator/events.js';
import { Term } from '../../../../operator/term.js';
import { smallBundle } from './bundle.js';
import { LeaseGrants } from './lease-grants.js';
import type { Random } from './random.js';
import { isFinished, type World, type WorldChange, type WorldObject } from './world.js';
import { type ClientOptions, WorldClient } from './world-client.js';

export interface ProcessOptions {
  readonly world: World;
  readonly random: Random;
  /** Its limits change while it runs. */
  readonly config: Config;
  readonly client: Omit<ClientOptions, 'world' | 'random' | 'crash'>;
  readonly isBundleBroken: () => boolean;
  /** Whether the next event of a watch is lost. */
  readonly isEventLost: () => boolean;
  readonly trace: (line: string) => void;
  /** The operator met an error that is not the world's. */
  readonly onBug: (error: unknown) => void;
  readonly onCrash: () => void;
  /** Whether another operator worked before. */
  readonly isSuccessor: boolean;
}

const cached = ['runboatbuilds', 'deployments', 'jobs', 'pods'] as const;
type CachedPlural = (typeof cached)[number];

const kinds = new KindTable([
  { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
  { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', namespaced: true },
  { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
]);

/**
 * The operator's own parts, put together as its main program does, in a world that is not real: caches are fed late,
 * and sometimes not at all, as watches do; everything else goes through the client.
 */
export class OperatorProcess {
  private alive = true;
  /** How often the world went back in time, which ends all watches. */
  private restores = 0;
  private readonly client: WorldClient;
  private readonly caches: Caches;
  private readonly grants: LeaseGrants;
  private readonly term: Term;
  private readonly deliveredAt = new Map<string, number>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: ProcessOptions) {
    const { world, random, config } = options;
    this.client = new WorldClient({ ...options.client, world, random, crash: () => this.crash() });
    const { client } = this;
    const log = this.logger();
    const namespace = 'builds';
    const caches = new Caches({ client, namespace, resyncMs: 1e9, log, hooks: () => ({}) });
    this.caches = caches;
    const events = new EventRecorder(client, caches.paths.events, log);
    const touch = () => this.term.capacity.touch();
    const initializing = new UnfinishedJobs(caches, 'initialize', touch);
    const cleaning = new UnfinishedJobs(caches, 'cleanup', touch);
    caches.onChange((name) => this.term.noteChange(name));
    const bundle = smallBundle(options.isBundleBroken);
    const services = { client, config, caches, kinds, ...bundle, events, log, now: Date.now };
    this.grants = new LeaseGrants(client, world);
    const hooks = { onReconcile: () => {}, assertLeader: () => {}, inheritsRequests: options.isSuccessor };
    this.term = new Term({ services, namespace, grants: this.grants, initializing, cleaning, ...hooks });
    // Lists and watches are the model's.
    for (const plural of cached) this.informer(plural).resync = async () => this.compare(plural);
    world.onChange((change) => this.watch(change));
  }

  start(): void {
    this.compareAll();
    this.term.begin().catch((error: unknown) => this.judge(error));
    this.timers.push(setInterval(() => this.compareAll(), 20_000));
    this.timers.push(setInterval(() => this.grants.renew(), 4_000));
  }

  /** The process is killed: nothing of it goes on. */
  crash(): void {
    if (!this.alive) return;
    this.alive = false;
    this.client.die();
    void this.term.end();
    for (const timer of this.timers) clearInterval(timer);
    this.options.trace('operator killed');
    this.options.onCrash();
  }

  /** The limits were changed. */
  configurationChanged(): void {
    if (this.alive) this.term.capacity.touch();
  }

  /** The world went back in time, and the caches are replaced by what there is. */
  worldRestored(): void {
    this.restores++;
    for (const plural of cached) {
      const sink = this.informer(plural)['sink']();
      const list = sink.beginList(this.options.world.resourceVersion, sink.highest);
      for (const object of this.listed(plural)) sink.takeListed(list, object);
      sink.endList(list);
      this.term.restored();
    }
  }

  private informer(plural: CachedPlural): Informer<Cached> {
    const { builds, deployments, jobs, pods } = this.caches;
    const informers = { runboatbuilds: builds, deployments, jobs, pods };
    return informers[plural] as unknown as Informer<Cached>;
  }

  /** What the cache of a kind should hold. */
  private listed(plural: CachedPlural): WorldObject[] {
    const objects = this.options.world.list(plural);
    if (plural === 'runboatbuilds') return objects;
    const isWatched = (object: WorldObject) =>
      object.metadata.labels?.[LABEL_BUILD] !== undefined && !(plural === 'pods' && isFinished(object));
    return objects.filter(isWatched);
  }

  /** Events of one kind come in their order, each late in its own way. */
  private watch({ type, plural, object }: WorldChange): void {
    const { random, isEventLost } = this.options;
    if (!this.alive || !isCached(plural) || isEventLost()) return;
    const delay = random.chance(0.05) ? random.between(100, 5_000) : random.between(0, 60);
    const at = Math.max(Date.now() + delay, this.deliveredAt.get(plural) ?? 0);
    this.deliveredAt.set(plural, at);
    const { restores } = this;
    const deliver = () => restores === this.restores && this.deliver(type, plural, object);
    setTimeout(deliver, at - Date.now());
  }

  private deliver(type: WorldChange['type'], plural: CachedPlural, object: WorldObject): void {
    if (!this.alive) return;
    const { name, uid } = object.metadata;
    if (type === 'DELETED') this.informer(plural).observeDeleted(name, uid);
    else this.informer(plural).observe(object);
  }

  /** Compares the caches with the world, because events get lost. */
  private compareAll(): void {
    for (const plural of cached) this.compare(plural);
  }

  private compare(plural: CachedPlural): number {
    const informer = this.informer(plural);
    const objects = this.listed(plural);
    const uids = new Set(objects.map(({ metadata }) => metadata.uid));
    for (const { metadata } of [...informer.list()]) {
      if (!uids.has(metadata.uid)) informer.observeDeleted(metadata.name, metadata.uid);
    }
    for (const object of objects) informer.observe(object);
    return 0;
  }

  private logger(): Logger {
    const write = (level: string, fields: { err?: unknown }, message: string) => {
      if (!this.alive) return;
      const { err, ...rest } = fields;
      const error = err instanceof Error ? ` (${err.message})` : '';
      this.options.trace(`${level} ${message} ${JSON.stringify(rest)}${error}`);
      if (err !== undefined) this.judge(err);
    };
    const child = (bound: object): Logger => {
      const at = (level: string) => (fields: object, message: string) =>
        write(level, { ...bound, ...fields }, message);
      const levels = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
      return { ...levels, child } as unknown as Logger;
    };
    return child({});
  }

  /** The world may refuse and stay silent; every other error is the operator's own. */
  private judge(error: unknown): void {
    const isOfWorld = error instanceof ApiError || error instanceof NoAnswerError;
    if (isOfWorld || (error instanceof Error && error.name === 'NotYet')) return;
    this.options.onBug(error);
  }
}

function isCached(plural: string): plural is CachedPlural {
  return (cached as readonly string[]).includes(plural);
}
