import {
  ANNOTATION_BUILD_UID,
  ANNOTATION_PAUSED,
  LABEL_BUILD,
  LABEL_JOB_KIND,
} from '../../../../crds/constants.js';
import type { RunboatBuild } from '../../../../crds/runboatbuild.generated.js';
import type { Config } from '../../../../lib/config/types.js';
import type { Limits } from '../../../../operator/limits.js';
import { Controllers } from './controllers.js';
import { judgeEnd } from './end-state.js';
import { foreignLabel, Invariants } from './invariants.js';
import type { PodOutcome } from './kubelet.js';
import { OperatorProcess } from './operator-process.js';
import { Random } from './random.js';
import type { Scenario } from './scenarios.js';
import { annotated, happen, type UserEvent } from './users.js';
import { runUntil } from './virtual-time.js';
import { copy, refusal, World, type WorldObject } from './world.js';
import type { FaultKind, Write } from './world-client.js';

const minute = 60_000;

/** One world with users, controllers and an operator that is started again whenever it was killed. */
export class Simulation {
  readonly trace: string[] = [];
  private readonly world = new World();
  private readonly random: Random;
  private readonly config: Config;
  private readonly invariants: Invariants;
  private readonly faults: { writes: number; of: string; kind: FaultKind }[];
  private operator: OperatorProcess | undefined;
  private isCalm = false;
  private isBundleBroken = false;
  private isQuotaFull = false;
  private lastChange = 0;
  private lastWrite = 0;
  private limitHistory: { until: number; limits: Limits }[] = [];

  constructor(private readonly scenario: Scenario) {
    this.random = new Random(scenario.seed);
    this.faults = scenario.faults.map((fault) => ({ ...fault }));
    this.config = configOf(scenario.limits);
    this.invariants = new Invariants(this.world, () => this.recentLimits());
    this.world.onChange(({ type, plural, object }) => {
      if (plural === 'leases') return this.note(`lease ${JSON.stringify(object['grants'] ?? [])}`);
      this.lastChange = Date.now();
      this.note(`world ${type} ${plural}/${object.metadata.name} ${summary(object)}`);
    });
    this.world.onChange(({ type, plural, object }) => {
      if (type === 'ADDED' && plural === 'jobs') this.judgeJob(object);
    });
    new Controllers({ world: this.world, random: this.random, outcomeOf: (pod) => this.outcomeOf(pod) });
  }

  /** Everything that is wrong, as sentences; empty when all holds. */
  async run(): Promise<string[]> {
    if (this.scenario.collision) this.world.create('configmaps', foreignObject());
    this.startOperator();
    for (const event of this.scenario.events) {
      await runUntil(() => this.invariants.violations.length > 0, event.after);
      this.happen(event);
    }
    this.calmDown();
    await this.settle('after the last event', () => judgeEnd(this.world, this.config));
    if (this.invariants.violations.length === 0) await this.removeAll();
    return this.invariants.violations;
  }

  private async removeAll(): Promise<void> {
    for (const { metadata } of this.world.list('runboatbuilds')) {
      if (!metadata.deletionTimestamp) this.world.delete(`runboatbuilds/${metadata.name}`, 'Background');
    }
    await this.settle('after all builds were deleted', () => this.leftovers());
  }

  /** Waits until nothing has happened for more than two minutes, and judges what there is then. */
  private async settle(when: string, judge: () => string[]): Promise<void> {
    const { violations } = this.invariants;
    const isQuiet = () => Date.now() - this.lastChange > 150_000 && judge().length === 0;
    await runUntil(() => violations.length > 0 || isQuiet(), 30 * minute);
    if (violations.length > 0) return;
    for (const sentence of judge()) violations.push(`${when}: ${sentence}`);
    // What is in the way of a refused build may go away, so it is tried again for ever.
    const isRefused = this.scenario.collision && this.world.get('runboatbuilds/f') !== undefined;
    if (!isRefused && Date.now() - this.lastWrite < 2 * minute)
      violations.push(`${when} the operator goes on writing`);
  }

  private leftovers(): string[] {
    const left = [...this.world.entries()]
      .filter(([, { metadata }]) => metadata.labels?.[foreignLabel] === undefined)
      .filter(([key]) => !key.startsWith('leases/'));
    return left.map(([key]) => `${key} is left`);
  }

  private happen(event: UserEvent): void {
    this.note(`user ${JSON.stringify(event)}`);
    happen(this.world, event);
    if (event.type === 'killOperator') this.operator?.crash();
    if (event.type === 'limits') this.changeLimits(event.limits);
    if (event.type === 'quota') this.isQuotaFull = event.full;
    if (event.type === 'bundle') this.isBundleBroken = event.broken;
  }

  /** A user may not want a new initialisation, and not its build either. */
  private judgeJob({ metadata }: WorldObject): void {
    const { random, world, scenario } = this;
    if (metadata.labels?.[LABEL_JOB_KIND] !== 'initialize' || this.isCalm) return;
    if (random.next() * 1000 >= scenario.unwantedJobs) return;
    const job = `jobs/${metadata.name}`;
    const build = `runboatbuilds/${metadata.labels[LABEL_BUILD]}`;
    const isUnwanted = random.chance(0.3);
    setTimeout(
      () => {
        const policy = random.pick(['Foreground', 'Background', 'Orphan'] as const);
        this.note(`user deletes ${job} ${policy}${isUnwanted ? `, and ${build}` : ''}`);
        if (world.get(job)?.metadata.uid === metadata.uid) world.delete(job, policy);
        if (isUnwanted && world.get(build)) world.delete(build, 'Background');
      },
      random.between(0, random.chance(0.5) ? 30 : 500),
    );
  }

  private changeLimits(limits: object): void {
    this.limitHistory.push({ until: Date.now() + 2 * minute, limits: { ...this.config.limits } });
    Object.assign(this.config.limits, limits);
    this.operator?.configurationChanged();
  }

  /** What was granted under a limit that has just been lowered may still come. */
  private recentLimits(): Limits {
    const recent = this.limitHistory.filter(({ until }) => until > Date.now()).map(({ limits }) => limits);
    const highest = (key: keyof Limits) =>
      Math.max(this.config.limits[key], ...recent.map((limits) => limits[key]));
    return {
      initializing: highest('initializing'),
      started: highest('started'),
      deployed: highest('deployed'),
      cleaning: highest('cleaning'),
    };
  }

  /** From here on nothing goes wrong any more but what already has. */
  private calmDown(): void {
    this.note('calm');
    this.isCalm = true;
    this.isQuotaFull = false;
    this.isBundleBroken = false;
    this.changeLimits({ initializing: Math.max(1, this.config.limits.initializing) });
    for (const { metadata } of this.world.list('runboatbuilds')) {
      if (metadata.annotations?.[ANNOTATION_PAUSED] === undefined) continue;
      this.world.update(`runboatbuilds/${metadata.name}`, (build) =>
        annotated(build, ANNOTATION_PAUSED, null),
      );
    }
  }

  private startOperator(): void {
    const { world, random, config } = this;
    this.note('operator started');
    this.operator = new OperatorProcess({
      world,
      random,
      config,
      client: {
        nextFault: (write) => this.nextFault(write),
        readFails: () => !this.isCalm && random.chance(0.01),
        beforeWrite: (write) => this.beforeWrite(write),
        afterWrite: (write, object) => this.invariants.after(write, object),
      },
      isBundleBroken: () => this.isBundleBroken,
      isEventLost: () => !this.isCalm && random.next() * 1000 < this.scenario.lostEvents,
      trace: (line) => this.note(`operator ${line}`),
      onBug: (error) => this.invariants.violations.push(`a bug: ${(error as Error)?.stack ?? String(error)}`),
      isSuccessor: this.operator !== undefined,
      onCrash: () => setTimeout(() => this.startOperator(), random.between(10, 5_000)),
    });
    this.operator.start();
  }

  private beforeWrite(write: Write): void {
    if (write.key.startsWith('leases/')) return;
    this.lastWrite = Date.now();
    const { propagationPolicy = '' } = write.body as { propagationPolicy?: string };
    this.note(`operator ${write.method} ${write.key} ${write.subresource ?? ''} ${propagationPolicy}`);
    const kind = write.body.metadata?.labels?.[LABEL_JOB_KIND];
    if (this.isQuotaFull && write.method === 'POST' && kind === 'initialize') {
      throw refusal(403, 'Forbidden', 'exceeded quota: jobs', write.key);
    }
    this.invariants.before(write);
  }

  private nextFault({ key }: Write): FaultKind | undefined {
    const [next] = this.faults;
    if (this.isCalm || !next || !key.startsWith(next.of) || next.writes-- > 0) return undefined;
    this.faults.shift();
    this.note(`fault ${next.kind}`);
    return next.kind;
  }

  private outcomeOf({ metadata }: WorldObject): PodOutcome {
    const isCleanup = metadata.labels?.[LABEL_JOB_KIND] === 'cleanup';
    if (this.isCalm) return isCleanup || this.random.chance(0.7) ? 'succeed' : 'fail';
    const draw = this.random.next();
    if (draw < 0.7) return 'succeed';
    if (draw < 0.85) return 'fail';
    return draw < 0.93 ? 'hang' : 'evict';
  }

  private note(line: string): void {
    this.trace.push(`${((Date.now() % 1e8) / 1000).toFixed(3)} ${line}`);
  }
}

/** Settings with these limits and a bundle of the model. */
export function configOf(limits: Limits): Config {
  const rule = {
    index: 0,
    label: 'repos[0]',
    repo: /^oca\//,
    branch: /^/,
    image: 'image',
    kubefiles: 'small',
  };
  const config = {
    namespace: 'builds',
    bundles: {},
    domain: 'builds.test',
    urlScheme: 'http',
    databasePrefix: '',
    repos: [{ ...rule, env: {}, secretEnv: {}, templateVars: {} }],
    defaultBundle: 'small',
    env: {},
    secretEnv: {},
    templateVars: {},
    limits: { ...limits },
    timeouts: { initialize: minute, cleanup: minute },
    retention: { minimumAge: 30_000, finishedJobs: 72 * 60 * minute },
    cleanupJob: true,
    paused: false,
    github: { commitStatuses: false },
  };
  return config as unknown as Config;
}

/** What a runboat that is no operator would have made. */
function foreignObject(): WorldObject {
  const labels = { [LABEL_BUILD]: 'f', [foreignLabel]: 'yes' };
  return { metadata: { name: 'f-settings', labels }, data: { image: 'theirs' } } as unknown as WorldObject;
}

/** The fields that tell the story in a trace. */
function summary(object: WorldObject): string {
  const { uid, resourceVersion, deletionTimestamp, finalizers, annotations = {} } = object.metadata;
  const { spec, status } = copy(object) as unknown as RunboatBuild;
  const facts = {
    uid,
    resourceVersion,
    ...(deletionTimestamp ? { deleting: finalizers ?? [] } : {}),
    of: annotations[ANNOTATION_BUILD_UID],
    attempt: annotations['runboat.dev/attempt'] ?? status?.attempt,
    init: annotations['runboat/init-status'] ?? status?.initStatus,
    applied: annotations['runboat.dev/applied']?.slice(0, 8),
    replicas: spec?.replicas,
    phase: status?.phase,
    reset: spec?.resetRequestedAt,
    for: status?.initializedFor,
    observed: status?.replicas,
    conditions: status?.conditions
      ?.map(({ type, status: value, reason }) => `${type}=${value}:${reason}`)
      .join(' '),
  };
  return JSON.stringify(facts);
}
