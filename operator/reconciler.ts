import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound } from '../lib/kube/errors.js';
import { objectPath } from '../lib/kube/paths.js';
import type { KubeObject } from '../lib/kube/types.js';
import { act } from './act/act.js';
import type { Services, Work } from './act/context.js';
import { asDenied, NotYet } from './cluster/apply.js';
import type { BuildView, Facts, JobView, Observed } from './plan/observed.js';
import type { Action, Plan, Shown } from './plan/plan.js';
import { planBuild } from './plan/plan-build.js';
import { showDenied } from './plan/show.js';
import { nextStatus, statusPatch } from './plan/status.js';
import { KeyQueue } from './queue.js';
import { BuildRefused, overridesHash } from './settings.js';

/** After so many actions in one pass another build gets its turn. */
const actionsPerPass = 12;
const firstRetry = 500;
const longestRetry = 20_000;
/** "Not yet" and conflicts are no failures: somebody else was quicker. */
const soon = 100;
const longestWait = 5_000;
const concurrency = 16;

export interface ReconcileHooks {
  onReconcile(seconds: number, failed: boolean): void;
  /** A build is gone whose finalizer this operator did not remove: something of it may be left. */
  onVanished(name: string): void;
}

/** The control loop: keys in, one pass of gather, plan, act and status for each. */
export class Reconciler {
  readonly queue: KeyQueue;
  private readonly failures = new Map<string, number>();
  private readonly uids = new Map<string, string>();
  private settingsVersion = 1;

  constructor(
    private readonly services: Services,
    private readonly hooks: ReconcileHooks,
  ) {
    this.queue = new KeyQueue({ concurrency, work: (key) => this.reconcile(key) });
  }

  /** Configuration or bundles changed: what was refused is worth another try. */
  settingsChanged(): void {
    this.settingsVersion++;
    for (const build of this.services.caches.builds.list()) this.queue.add(build.metadata.name);
  }

  /** Tells the limits about every build, before the first decision is made. */
  seed(): void {
    for (const build of this.services.caches.builds.list()) {
      const observed = this.gather(build);
      this.uids.set(build.metadata.name, build.metadata.uid);
      // The predecessor may have made a job that is gone again.
      const { grantedAttempt } = observed.slots;
      if (grantedAttempt !== undefined) observed.facts.jobInDoubt = grantedAttempt;
      this.services.capacity.update(observed, planBuild(observed, this.services.now()));
    }
  }

  private async reconcile(name: string): Promise<void> {
    const begun = performance.now();
    let failed = false;
    try {
      const again = await this.pass(name);
      this.failures.delete(name);
      if (again !== undefined) this.queue.add(name, again);
    } catch (error) {
      failed = !isTransient(error);
      await this.tellDenial(name, asDenied(error));
      this.retry(name, error);
    }
    this.hooks.onReconcile((performance.now() - begun) / 1000, failed);
  }

  /** One pass over a build; milliseconds after which to look again, undefined to wait for an event. */
  private async pass(name: string): Promise<number | undefined> {
    let last: Action | undefined;
    for (let actions = 0; actions < actionsPerPass; actions++) {
      const build = this.services.caches.builds.get(name);
      this.forgetFormer(name, build);
      if (!build) return undefined;
      const { observed, plan } = await this.decide(build);
      const { action } = plan;
      if (!action || plan.statusFirst) await this.writeStatus(observed, plan.show);
      if (!action) return this.delayOf(plan);
      if (isDeepStrictEqual(action, last)) return await this.waitForEffect(observed, plan);
      last = action;
      const log = this.services.log.child({
        build: name,
        ...(plan.wants ? {} : { uid: build.metadata.uid }),
      });
      const work: Work = { services: this.services, observed: this.gatherAgain(observed), log };
      await act(work, action);
    }
    return 0;
  }

  /** The same step is due again, so its effect takes time or is held up by others: status, then a growing pause. */
  private async waitForEffect(observed: Observed, plan: Plan): Promise<never> {
    if (!plan.statusFirst) await this.writeStatus(observed, plan.show);
    throw new NotYet(`the effect of ${plan.action?.type} cannot be seen yet`);
  }

  /** After a status write the build has a new resourceVersion, which actions on it need. */
  private gatherAgain(observed: Observed): Observed {
    const build = this.services.caches.builds.get(observed.build.metadata.name);
    return build?.metadata.uid === observed.build.metadata.uid ? { ...observed, build } : observed;
  }

  /** Plans, and plans once more when the limits have an answer to what the plan wants. */
  private async decide(build: BuildView): Promise<{ observed: Observed; plan: Plan }> {
    const first = this.planNow(build);
    if (!first.plan.wants) return first;
    await this.services.capacity.settle();
    return this.planNow(this.services.caches.builds.get(build.metadata.name) ?? build);
  }

  private planNow(build: BuildView): { observed: Observed; plan: Plan } {
    const observed = this.gather(build);
    const plan = planBuild(observed, this.services.now());
    this.services.capacity.update(observed, plan);
    return { observed, plan };
  }

  /** Everything the planner looks at, from caches and memory. */
  private gather(build: BuildView): Observed {
    const { caches, capacity, config, memory } = this.services;
    const facts = memory.factsOf(build.metadata.uid);
    const pods = caches.podsOfBuild(build);
    const jobs = caches.jobsOfBuild(build);
    if (pods.some(({ kind }) => kind !== 'cleanup')) facts.noPodLeft = false;
    noteJobs(facts, jobs);
    return {
      build,
      deployment: caches.deploymentOf(build),
      jobs,
      pods,
      facts,
      slots: capacity.slotsOf(build),
      policy: {
        paused: config.paused,
        cleanupJob: config.cleanupJob,
        retentionFinishedJobs: config.retention.finishedJobs,
      },
      fingerprint: `${build.metadata.generation}/${this.settingsVersion}`,
      overrides: overridesHash(build.spec),
    };
  }

  /** A build that is gone, or was replaced by another one of the same name, leaves nothing behind here. */
  private forgetFormer(name: string, build: BuildView | undefined): void {
    const former = this.uids.get(name);
    if (former !== undefined && former !== build?.metadata.uid) {
      if (!this.services.memory.factsOf(former).cleanup.released) this.hooks.onVanished(name);
      this.services.capacity.forget(former);
      this.services.memory.forget(former);
    }
    if (build) this.uids.set(name, build.metadata.uid);
    else this.uids.delete(name);
  }

  /** The only place that writes status; nothing is written when nothing changes. */
  private async writeStatus(observed: Observed, show: Shown): Promise<void> {
    const { client, caches, events, now } = this.services;
    const { build } = observed;
    const status = nextStatus(observed, show, now());
    const patch = statusPatch(build.status, status);
    if (!patch || !worthWriting(build, show)) return;
    const { name, uid, resourceVersion } = build.metadata;
    const body = { metadata: { uid, resourceVersion }, status: patch };
    const path = objectPath(caches.paths.builds, name);
    const object = await client.mergePatch<KubeObject>(path, body, { subresource: 'status' });
    caches.builds.observe(object);
    if (build.status?.phase !== status.phase) {
      const fields = {
        build: name,
        from: build.status?.phase ?? null,
        to: status.phase,
        attempt: status.attempt,
      };
      this.services.log.info(fields, 'Phase changed');
    }
    await events.recordTroubles(build, status);
  }

  /** A missing right is for people to grant, so the build says which; other errors are for the log alone. */
  private async tellDenial(name: string, error: unknown): Promise<void> {
    const build = this.services.caches.builds.get(name);
    if (!build || !(error instanceof BuildRefused)) return;
    try {
      const observed = this.gather(build);
      await this.writeStatus(observed, showDenied(observed, error.verdict));
    } catch (failure) {
      this.services.log.debug({ build: name, err: failure }, 'A missing right could not be shown');
    }
  }

  private delayOf(plan: Plan): number | undefined {
    if (plan.lookAgainAt === undefined || !Number.isFinite(plan.lookAgainAt)) return undefined;
    return Math.max(0, plan.lookAgainAt - this.services.now());
  }

  private retry(name: string, error: unknown): void {
    const log = this.services.log.child({ build: name });
    const failures = (this.failures.get(name) ?? 0) + 1;
    this.failures.set(name, failures);
    if (isTransient(error)) {
      const delay = Math.min(longestWait, soon * 2 ** (failures - 1));
      log[failures < 6 ? 'debug' : 'warn']({ err: error, failures }, 'Not yet: something is still changing');
      void this.refresh(name).finally(() => this.queue.add(name, delay));
      return;
    }
    const delay = Math.min(longestRetry, firstRetry * 2 ** (failures - 1));
    log.error(
      { err: error, failures, retryInSeconds: delay / 1000 },
      'Reconciling failed and is tried again',
    );
    this.queue.add(name, delay);
  }

  /** A conflict means that a cache is behind: what it has of the build is read live. */
  private async refresh(name: string): Promise<void> {
    const { caches, log } = this.services;
    const build = caches.builds.get(name);
    const deployment = build && caches.deploymentOf(build);
    try {
      await caches.builds.refresh(name);
      if (deployment) await caches.deployments.refresh(deployment.metadata.name);
    } catch (error) {
      log.debug({ build: name, err: error }, 'A live read failed; the watch will tell');
    }
  }
}

/** A job that was seen may be gone a moment later, and nothing else may tell that there was one. */
function noteJobs(facts: Facts, jobs: readonly JobView[]): void {
  for (const { kind, attempt } of jobs) {
    if (kind === 'initialize' && attempt > (facts.jobMade?.attempt ?? 0)) facts.jobMade = { attempt };
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof NotYet || isConflict(error) || isNotFound(error);
}

/** A build that the operator has not begun with, or is on its way out, gets no status of zeros. */
function worthWriting(build: BuildView, show: Shown): boolean {
  return build.status?.phase !== undefined || show.phase !== undefined;
}
