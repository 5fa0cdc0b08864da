import { isDeepStrictEqual } from 'node:util';
import { REQUEST_TIMEOUT_MS } from '../lib/kube/requests.js';
import type { GrantStore } from './grants.js';
import {
  type Attempt,
  countAttempts,
  type DeployedBuild,
  decideDeletions,
  decideStarts,
  grantCleanups,
  grantInitializations,
  type Limits,
  type ScaledUpBuild,
  type StartingBuild,
  type Target,
  type WaitingBuild,
} from './limits.js';
import { conditionOf, deployedBefore, initJobs, isPaused, isTold, resetPending } from './plan/facts-of.js';
import type { BuildView, Observed, Slots } from './plan/observed.js';
import type { Plan } from './plan/plan.js';
import { WaitingQueue } from './waiting-queue.js';

/** What the capacity pass decides about builds other than the one being reconciled. */
export interface CapacityEffects {
  /** Look at the build again: it got a place, or must tell that it waits. */
  enqueue(name: string): void;
  stop(target: Target): Promise<void>;
  delete(target: Target): Promise<void>;
}

export interface CapacityOptions {
  readonly limits: () => Limits;
  /** Nothing is decided, only counted. */
  readonly paused: () => boolean;
  /** Milliseconds. */
  readonly minimumAge: () => number;
  readonly grants: GrantStore;
  /** Milliseconds for which grants of initialisations are gathered, to be written together; at once unless told. */
  readonly gatherGrantsFor?: number;
  /** Milliseconds since the epoch until which grants of a predecessor are kept, used or not. */
  readonly keepGrantsUntil?: number;
  /**
   * Milliseconds since the epoch from which places to start and to clean up are given. What a predecessor has sent
   * may arrive until then, and unlike his initialisations nothing tells for whom.
   */
  readonly givesFrom?: number;
  readonly initializing: () => Iterable<Attempt>;
  readonly cleaning: () => Iterable<Attempt>;
  readonly effects: CapacityEffects;
  /** Places could not be given away; it is tried again with the next change. */
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

/** How many of the waiting builds have their position kept up to date. */
const shownPositions = 10;
/** Milliseconds after which a count above `limits.deployed` is looked at again. */
const deployedRetry = 1000;

/**
 * The limits over all builds. Each reconcile tells what its build is and wants; one pass over that snapshot
 * gives places away. A place that was given counts as used from then on, visible or not.
 */
export class Capacity {
  private readonly waiting = new WaitingQueue();
  private readonly starting = new Map<string, StartingBuild>();
  private readonly scaledUp = new Map<string, ScaledUpBuild>();
  private readonly deployed = new Map<string, DeployedBuild>();
  private readonly cleanups = new Map<string, string>();
  private readonly startGrants = new Map<string, string>();
  private readonly cleanupGrants = new Map<string, string>();
  private readonly blocked = new Set<string>();
  /**
   * Builds whose grant holds no place: its job was seen and counts itself, or the build is only observed. The grant
   * stays written down until status or Deployment tell of the job, for nothing else tells it to the next operator.
   */
  private readonly idleGrants = new Set<string>();
  private readonly positions = new Map<string, number>();
  private readonly busy = new Set<string>();
  private readonly effects = new Set<Promise<void>>();
  private readonly doubts = new Map<string, number>();
  /** Attempts for which a request may still be on its way, whatever became of them since. */
  private readonly late = new Set<Attempt>();
  private readonly lateTimers = new Set<NodeJS.Timeout>();
  private readonly cleanupDoubts = new Map<string, number>();
  private open = false;
  private dirty = false;
  private running: Promise<void> | undefined;
  private deployedTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: CapacityOptions) {}

  /** Decisions begin: all caches are in sync and every build has been told once. */
  begin(): void {
    this.open = true;
    const { grants, keepGrantsUntil = 0 } = this.options;
    for (const { uid, attempt } of grants.all()) this.expectLate({ uid, attempt }, keepGrantsUntil);
    this.touch();
  }

  /** Decides no more, and resolves when what was decided is carried out. */
  async stop(): Promise<void> {
    this.open = false;
    if (this.deployedTimer) clearTimeout(this.deployedTimer);
    for (const timer of this.lateTimers) clearTimeout(timer);
    await Promise.allSettled([...this.effects, this.running]);
  }

  /** Something that the limits depend on has changed. */
  touch(): void {
    this.dirty = true;
    if (this.open)
      setImmediate(() => void this.settle().catch((error: unknown) => this.options.onError(error)));
  }

  /** Takes what a build is and wants now. */
  update(observed: Observed, plan: Plan): void {
    const before = this.dirty;
    this.dirty = false;
    this.updateWaiting(observed, plan);
    this.updateStarting(observed, plan);
    this.updateCleanup(observed, plan);
    this.set(this.scaledUp, observed.build.metadata.uid, scaledUpOf(observed));
    this.settleGrant(observed, plan);
    this.dropUnusedGrants(observed.build.metadata.uid, plan);
    this.set(this.deployed, observed.build.metadata.uid, deployedOf(observed));
    const changed = this.dirty;
    this.dirty = before || changed;
    if (changed) this.touch();
  }

  /** The build is gone. */
  forget(uid: string): void {
    this.waiting.delete(uid);
    for (const map of [this.starting, this.scaledUp, this.deployed, this.cleanups]) map.delete(uid);
    this.startGrants.delete(uid);
    this.cleanupGrants.delete(uid);
    this.cleanupDoubts.delete(uid);
    this.blocked.delete(uid);
    this.releaseInitialization(uid);
  }

  /** The build's share of the limits, for its next plan. */
  slotsOf(build: BuildView): Slots {
    const { uid } = build.metadata;
    const grant = this.options.grants.get(uid);
    return {
      initialize:
        grant && !this.idleGrants.has(uid) ? 'granted' : this.waiting.has(uid) ? 'waiting' : 'unasked',
      grantedAttempt: grant?.attempt,
      start: this.startStateOf(uid),
      cleanup: this.cleanupGrants.has(uid) ? 'granted' : this.cleanups.has(uid) ? 'waiting' : 'unasked',
      queuePosition: this.positionToShow(build),
    };
  }

  /** Resolves once what has been told so far is decided upon. */
  async settle(): Promise<void> {
    while (this.open && (this.running || this.dirty)) {
      this.running ??= this.pass().finally(() => {
        this.running = undefined;
      });
      await this.running;
    }
  }

  /** Gives back a place for an initialisation: its job was seen, or the API server has refused it. */
  releaseInitialization(uid: string): void {
    this.doubts.delete(uid);
    this.idleGrants.delete(uid);
    this.options.grants.drop(uid);
    this.touch();
  }

  /** The API server refused the job: its place is free, unless an earlier try may have made it. */
  refuseInitialization(uid: string): void {
    if (!this.isInDoubt(uid)) this.releaseInitialization(uid);
  }

  /**
   * The answer to a job's creation was lost: its place stays taken until a live read decides, and until that request
   * can no longer arrive, for the next try may make the job and somebody delete it meanwhile.
   */
  doubtInitialization(uid: string): void {
    const now = this.options.now();
    this.doubts.set(uid, now);
    const grant = this.options.grants.get(uid);
    if (grant) this.expectLate({ uid, attempt: grant.attempt }, now + 2 * REQUEST_TIMEOUT_MS);
  }

  private expectLate(attempt: Attempt, until: number): void {
    const wait = until - this.options.now();
    if (wait <= 0) return;
    this.late.add(attempt);
    const timer = setTimeout(() => {
      this.lateTimers.delete(timer);
      this.late.delete(attempt);
      this.touch();
    }, wait);
    this.lateTimers.add(timer);
  }

  releaseStart(uid: string): void {
    if (this.startGrants.delete(uid)) this.touch();
  }

  /** Gives back a place for a cleanup, unless a job that was sent for it may still come to be. */
  releaseCleanup(uid: string): void {
    if (this.isRecent(this.cleanupDoubts.get(uid))) return;
    this.cleanupDoubts.delete(uid);
    if (this.cleanupGrants.delete(uid)) this.touch();
  }

  /** The answer to the creation of a cleanup job was lost: its place stays taken until it can no longer come. */
  doubtCleanup(uid: string): void {
    this.cleanupDoubts.set(uid, this.options.now());
  }

  /** Counts for metrics: used and waiting by limit. */
  counts(): Record<keyof Limits, { used: number; waiting: number }> {
    return {
      initializing: { used: countAttempts(this.usedInitializations()), waiting: this.waiting.size },
      started: { used: this.scaledUp.size + this.pendingStarts(), waiting: this.starting.size },
      deployed: { used: this.deployed.size, waiting: 0 },
      cleaning: { used: this.usedCleanups(), waiting: this.cleanups.size },
    };
  }

  /** Every 10 s: the first builds of the queue show their places. */
  showPositions(builds: (name: string) => BuildView | undefined): void {
    this.positions.clear();
    let position = 0;
    for (const { uid, name } of this.waiting) {
      if (++position > shownPositions) break;
      this.positions.set(uid, position);
      if (builds(name)?.status?.queuePosition !== position) this.options.effects.enqueue(name);
    }
  }

  private updateWaiting({ build }: Observed, plan: Plan): void {
    const { uid, name, creationTimestamp } = build.metadata;
    if (plan.wants?.slot !== 'initialize') {
      if (this.waiting.delete(uid)) this.dirty = true;
      return;
    }
    const entry = {
      uid,
      name,
      attempt: plan.wants.attempt ?? 1,
      priority: build.spec.priority ?? 0,
      queuedAt: this.queuedAtOf(build, plan),
      creationTimestamp,
      notBefore: plan.wants.notBefore ?? 0,
    };
    if (isDeepStrictEqual(entry, this.waiting.get(uid))) return;
    this.waiting.put(entry);
    this.dirty = true;
  }

  /**
   * Since when a build waits. One that comes back to the queue goes behind those in it, also before its status says
   * so; of one that has no status yet the creation counts.
   */
  private queuedAtOf({ metadata, status }: BuildView, plan: Plan): string | undefined {
    if (status?.phase === 'Queued') return status.queuedAt;
    if (status?.phase === undefined) return undefined;
    return this.waiting.get(metadata.uid)?.queuedAt ?? plan.show.queuedAt ?? undefined;
  }

  private updateStarting({ build }: Observed, plan: Plan): void {
    const { uid, name } = build.metadata;
    const wants = plan.wants?.slot === 'start';
    if (wants === this.starting.has(uid)) return;
    if (wants) this.starting.set(uid, { uid, name, since: this.options.now() });
    else this.starting.delete(uid);
    this.blocked.delete(uid);
    this.dirty = true;
  }

  private updateCleanup({ build }: Observed, plan: Plan): void {
    this.set(
      this.cleanups,
      build.metadata.uid,
      plan.wants?.slot === 'cleanup' ? build.metadata.name : undefined,
    );
  }

  /** The grant of an initialisation leaves when something else tells of its job, or the build does not want it. */
  private settleGrant(observed: Observed, plan: Plan): void {
    const { uid } = observed.build.metadata;
    const grant = this.options.grants.get(uid);
    if (!grant || this.isInDoubt(uid)) return;
    const uses = ['createJob', 'markStarted', 'deploy', 'redeploy', 'confirmDeployment'];
    const isKept = plan.keepsGrant === true || hadJob(observed, grant.attempt);
    if (isOver(observed, grant.attempt)) this.releaseInitialization(uid);
    else if (isKept) this.freePlace(uid);
    else if (!uses.includes(plan.action?.type ?? '')) this.releaseInitialization(uid);
  }

  private freePlace(uid: string): void {
    if (this.idleGrants.has(uid)) return;
    this.idleGrants.add(uid);
    this.dirty = true;
  }

  /** A place is given back when its holder has become visible, or does not want it any more. */
  private dropUnusedGrants(uid: string, plan: Plan): void {
    const wantsStart = plan.action?.type === 'start' || plan.wants?.slot === 'start';
    if (this.scaledUp.has(uid) || !wantsStart) this.releaseStart(uid);
    const wantsCleanup = plan.action?.type === 'createCleanupJob' || plan.wants?.slot === 'cleanup';
    if (!wantsCleanup) this.releaseCleanup(uid);
  }

  /**
   * A POST that was sent can be carried out up to one request timeout later; by twice that time the job is in
   * the cache, which is compared with the API server, or was never made.
   */
  private isInDoubt(uid: string): boolean {
    if (this.options.now() < (this.options.keepGrantsUntil ?? 0)) return true;
    return this.isRecent(this.doubts.get(uid));
  }

  private isRecent(since: number | undefined): boolean {
    return since !== undefined && this.options.now() - since < 2 * REQUEST_TIMEOUT_MS;
  }

  private set<T>(map: Map<string, T>, uid: string, value: T | undefined): void {
    if (isDeepStrictEqual(map.get(uid), value)) return;
    if (value === undefined) map.delete(uid);
    else map.set(uid, value);
    this.dirty = true;
  }

  private async pass(): Promise<void> {
    this.dirty = false;
    if (this.options.paused()) return;
    const limits = this.options.limits();
    this.decideStarts(limits);
    this.decideCleanups(limits);
    this.decideDeployed(limits);
    await this.decideInitializations();
  }

  private async decideInitializations(): Promise<void> {
    if (this.grantable(this.options.limits()).length === 0) return;
    if (this.options.gatherGrantsFor) await pause(this.options.gatherGrantsFor);
    // All may have changed meanwhile, the settings too.
    if (!this.open || this.options.paused()) return;
    const granted = this.grantable(this.options.limits());
    if (granted.length === 0) return;
    for (const { uid } of granted) this.idleGrants.delete(uid);
    try {
      await this.options.grants.add(granted.map(({ uid, attempt }) => ({ uid, attempt })));
    } catch (error) {
      this.dirty = true;
      throw error;
    }
    for (const { uid, name } of granted) {
      this.waiting.delete(uid);
      this.positions.delete(uid);
      this.options.effects.enqueue(name);
    }
  }

  private grantable(limits: Limits): WaitingBuild[] {
    const used = this.usedInitializations();
    return grantInitializations(this.waiting, used, limits.initializing, this.options.now());
  }

  private usedInitializations(): Attempt[] {
    const grants = [...this.options.grants.all()].filter(({ uid }) => !this.idleGrants.has(uid));
    return [...grants, ...this.late, ...this.options.initializing()];
  }

  private decideStarts(limits: Limits): void {
    const scaledUp = [...this.scaledUp.values()];
    for (const [uid, name] of this.startGrants) {
      if (!this.scaledUp.has(uid)) scaledUp.push(grantedStart(uid, name));
    }
    const starting = [...this.starting.values()].filter(({ uid }) => !this.startGrants.has(uid));
    const { grants, stops, blocked } = decideStarts(starting, scaledUp, limits.started);
    for (const { uid, name } of this.givesPlaces() ? grants : []) {
      this.startGrants.set(uid, name);
      this.options.effects.enqueue(name);
    }
    for (const target of stops) this.once(target, () => this.options.effects.stop(target));
    this.showBlocked(blocked);
  }

  private showBlocked(blocked: readonly StartingBuild[]): void {
    const uids = new Set(blocked.map(({ uid }) => uid));
    for (const { uid, name } of this.starting.values()) {
      if (this.blocked.has(uid) === uids.has(uid)) continue;
      if (uids.has(uid)) this.blocked.add(uid);
      else this.blocked.delete(uid);
      this.options.effects.enqueue(name);
    }
  }

  private startStateOf(uid: string): Slots['start'] {
    if (this.startGrants.has(uid)) return 'granted';
    if (!this.starting.has(uid)) return 'unasked';
    return this.blocked.has(uid) ? 'blocked' : 'waiting';
  }

  private pendingStarts(): number {
    return [...this.startGrants.keys()].filter((uid) => !this.scaledUp.has(uid)).length;
  }

  private givesPlaces(): boolean {
    return this.options.now() >= (this.options.givesFrom ?? 0);
  }

  private decideCleanups(limits: Limits): void {
    if (!this.givesPlaces()) return;
    const asking = [...this.cleanups.keys()].filter((uid) => !this.cleanupGrants.has(uid));
    for (const uid of grantCleanups(asking, this.usedCleanups(), limits.cleaning)) {
      const name = this.cleanups.get(uid) ?? '';
      this.cleanupGrants.set(uid, name);
      this.options.effects.enqueue(name);
    }
  }

  private usedCleanups(): number {
    const running = [...this.options.cleaning()].map(({ uid }) => uid);
    return new Set([...running, ...this.cleanupGrants.keys()]).size;
  }

  private decideDeployed(limits: Limits): void {
    const now = this.options.now();
    // Above the limit with nothing to delete, one look a second is enough.
    if (this.deployedTimer || this.deployed.size <= limits.deployed) return;
    const targets = decideDeletions(
      [...this.deployed.values()],
      limits.deployed,
      this.options.minimumAge(),
      now,
    );
    for (const target of targets) this.once(target, () => this.options.effects.delete(target));
    this.deployedTimer ??= setTimeout(() => {
      this.deployedTimer = undefined;
      this.touch();
    }, deployedRetry);
  }

  /** One decision about a build at a time: the next one is made on what came of it. */
  private once(target: Target, effect: () => Promise<void>): void {
    if (this.busy.has(target.uid)) return;
    this.busy.add(target.uid);
    const run = effect().finally(() => {
      this.busy.delete(target.uid);
      this.effects.delete(run);
    });
    this.effects.add(run);
  }

  private positionToShow(build: BuildView): number | undefined {
    const { uid } = build.metadata;
    const { status } = build;
    if (status?.phase !== 'Queued') return this.waiting.positionOf(uid);
    return this.positions.get(uid) ?? status.queuePosition ?? this.waiting.positionOf(uid);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function hadJob(observed: Observed, attempt: number): boolean {
  const isMade = observed.facts.jobMade?.attempt === attempt;
  return isMade || initJobs(observed).some((job) => job.attempt === attempt);
}

/** The Deployment, the number in the status, or the condition of a cleanup tells what there is to tell of an attempt. */
function isOver(observed: Observed, attempt: number): boolean {
  const { initStatus = 'todo' } = observed.deployment ?? {};
  return (
    initStatus !== 'todo' || isTold(observed, attempt) || conditionOf(observed, 'CleanedUp') !== undefined
  );
}

function grantedStart(uid: string, name: string): ScaledUpBuild {
  // Its place is taken. It is not chosen to go down before it has come up, but it can be then, so it blocks nobody.
  return { uid, name, resourceVersion: '', lastScaled: undefined, keep: true, stopping: true };
}

function scaledUpOf({ build, deployment }: Observed): ScaledUpBuild | undefined {
  if (!deployment || deployment.replicas === 0 || deployment.metadata.deleting) return undefined;
  const { uid, name, resourceVersion, deletionTimestamp } = build.metadata;
  const stopping = build.spec.replicas !== 1 || deletionTimestamp !== undefined;
  return {
    uid,
    name,
    resourceVersion,
    lastScaled: deployment.lastScaled,
    keep: isProtected(build),
    stopping,
  };
}

/** Kept by its user's wish, or paused and so only observed. */
function isProtected(build: BuildView): boolean {
  return build.spec.keep === true || isPaused(build);
}

function deployedOf(observed: Observed): DeployedBuild | undefined {
  const { build, deployment } = observed;
  const { uid, name, resourceVersion, creationTimestamp, deletionTimestamp } = build.metadata;
  const { repo, targetBranch, pr } = build.spec;
  // Whether it is refused is only known once it was deployed or could not be.
  if (deletionTimestamp !== undefined || !deployedBefore(observed)) return undefined;
  return {
    uid,
    name,
    resourceVersion,
    creationTimestamp,
    lastScaled: deployment?.lastScaled,
    branch: pr === undefined ? `${repo}\n${targetBranch}` : undefined,
    idle: isIdle(observed),
    initializedAt: build.status?.initializedAt,
  };
}

function isIdle(observed: Observed): boolean {
  const { build, deployment } = observed;
  const ended = build.status?.initStatus === 'succeeded' || build.status?.initStatus === 'failed';
  const down = deployment?.replicas === 0;
  return ended && down && build.spec.replicas !== 1 && !isProtected(build) && !resetPending(observed);
}
