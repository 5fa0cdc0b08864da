import type { RunboatBuild } from '../../crds/runboatbuild.generated.js';
import { KubeClient } from '../../lib/kube/client.js';
import { connect } from '../../lib/kube/connection.js';
import type { Cluster } from '../cluster/control-plane.js';
import { InitializationOracle } from '../support/oracle.js';
import { waitFor } from '../support/wait-for.js';
import { judgeAudit, readAudit, sizeOf } from './audit.js';
import { FaultProxy } from './fault-proxy.js';
import { findLeftovers } from './leftovers.js';
import { type Life, type LifeName, lives } from './lives.js';
import { Operators } from './operators.js';
import { type FaultName, type PlannedFault, PlannedFaults } from './planned-faults.js';
import { expectSilence } from './silence.js';
import type { Returner, Troubles } from './troubles.js';
import { type Propagation, Users } from './users.js';

export interface ScenarioOptions {
  /** With an audit log. */
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly plan: readonly PlannedFault[];
  /** `whole` if not given. */
  readonly life?: LifeName;
  /** 1 if not given. */
  readonly operators?: 1 | 2;
  /**
   * How often the operator compares its caches: a lost event is made good then. The usual 5 min if not given, which
   * is longer than a scenario, so that all other faults must be made good without it.
   */
  readonly resync?: string;
  /** How long an initialisation takes; 1 s if not given. */
  readonly initSeconds?: number;
  /** Whether the clocks of the operators are minutes apart and wrong. */
  readonly skewed?: boolean;
  /** Troubles of the cluster itself, which end before everything must become as desired. */
  readonly troubles?: Troubles;
  /**
   * Of a machine that is busy with other things: Leases last so many times longer, and so much longer is waited for
   * everything to become as desired. 1 if not given: 3 s and 60 s.
   */
  readonly slowness?: number;
  /** How long is waited for everything to become as desired, milliseconds, if not as `slowness` says. */
  readonly patienceMs?: number;
  /** How long nothing may be written, milliseconds; 3000 if not given. */
  readonly silenceMs?: number;
  /** The program of the operator; the checkout's own if not given. */
  readonly program?: string;
  readonly log?: (line: string) => void;
}

export interface ScenarioReport {
  readonly problems: readonly string[];
  readonly happened: ReadonlyMap<FaultName, number>;
  readonly builds: number;
  readonly writes: number;
  readonly events: number;
  readonly takeovers: number;
  /** Of each step, and of all. */
  readonly seconds: Readonly<Record<string, number>>;
}

const usualPatienceMs = 60_000;
/** In place of the usual dozen seconds, so that a takeover is soon. */
const usualLeaseMs = 3_000;
const startMs = 60_000;
const watched = ['runboatbuilds', 'deployments', 'jobs', 'pods'];

/**
 * A few builds go through their lives while faults happen, and come to rest when these end. What must hold is
 * judged from outside: the limit at any instant, every build as desired, silence, deletes that say what they mean,
 * cleanup before the end of a build, nothing left after the last deletion, and no late write of a deposed operator.
 */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioReport> {
  const begun = performance.now();
  const scenario = new Scenario(options, await connect({ kubeconfigFile: options.cluster.kubeconfig }));
  const seconds: Record<string, number> = {};
  try {
    for (const step of ['prepare', 'live', 'settle', 'rest', 'remove'] as const) {
      const before = performance.now();
      await scenario[step]();
      seconds[step] = Math.round((performance.now() - before) / 1000);
    }
  } catch (error) {
    scenario.complain(error instanceof Error ? error.message : String(error));
  }
  scenario.judge();
  await scenario.end();
  return scenario.report({ ...seconds, all: Math.round((performance.now() - begun) / 1000) });
}

class Scenario implements Returner {
  private readonly problems: string[] = [];
  private readonly client: KubeClient;
  private oracle: InitializationOracle;
  private users: Users;
  private readonly proxy: FaultProxy;
  private readonly operators: Operators;
  private readonly faults: PlannedFaults;
  private readonly auditFrom: number;
  private readonly patienceMs: number;
  private readonly life: Life;
  private wanted: Readonly<Record<string, string>>;
  /** What was seen before the cluster was restored. */
  private readonly endedBefore: string[] = [];
  private isRestored = false;
  private takeovers = 0;

  constructor(
    private readonly options: ScenarioOptions,
    connection: KubeClient['connection'],
  ) {
    const { cluster, namespace, program, resync = '5m', initSeconds = 1, skewed = false } = options;
    const { log = () => undefined } = options;
    this.life = lives[options.life ?? 'whole'];
    this.wanted = this.life.wanted;
    const { slowness = 1 } = options;
    const leaseMs = slowness * usualLeaseMs;
    this.patienceMs = options.patienceMs ?? slowness * usualPatienceMs;
    this.client = new KubeClient({ connection });
    this.oracle = new InitializationOracle(this.client, namespace);
    this.users = new Users(this.client, namespace);
    this.proxy = new FaultProxy(cluster.kubeconfig);
    const kubectl = cluster.programs['kubectl'] ?? 'kubectl';
    const { proxy } = this;
    const { limit } = this.life;
    const common = { namespace, proxy, program, kubectl, resync, limit, initSeconds, skewed, leaseMs, log };
    this.operators = new Operators(common);
    // The users of a restored cluster are others.
    const meddlers = { deleteInitJob: (policy: Propagation) => this.users.deleteInitJob(policy) };
    this.faults = new PlannedFaults(options.plan, this.operators, meddlers, leaseMs);
    this.auditFrom = sizeOf(cluster.auditLog);
  }

  async prepare(): Promise<void> {
    const { namespace, operators = 1 } = this.options;
    await this.client.create('/api/v1/namespaces', { metadata: { name: namespace } });
    await this.proxy.start();
    await this.oracle.start();
    this.proxy.faults = this.faults;
    this.options.troubles?.tell(this);
    for (let started = 0; started < operators; started++) this.operators.add();
    // How long a busy machine takes to start a program is not what is judged; a fault may keep it from watching.
    const follows = () => watched.every((resource) => this.proxy.openWatches.has(resource));
    await waitFor(follows, { timeoutMs: startMs }).catch(() => undefined);
  }

  /** What users do meanwhile; each step waits for its turn, but not for ever, because faults may hold it up. */
  async live(): Promise<void> {
    const { users } = this;
    try {
      await this.life.live({
        users,
        until: (name, phase) => this.patiently(async () => (await users.phases()).get(name) === phase),
        untilWanted: () => this.patiently(() => this.isAsWanted()),
      });
    } catch (error) {
      // What users did since the snapshot, and with what was made since, has never happened.
      if (!this.isRestored) throw error;
    }
  }

  hasWritten(times: number): Promise<void> {
    return this.patiently(() => Promise.resolve(this.proxy.writes >= times));
  }

  async beforeRestore(): Promise<void> {
    this.isRestored = true;
    this.users.end();
    this.proxy.faults = { request: () => ({ type: 'drop' }) };
    this.endedBefore.push(...this.violations());
    await this.oracle.stop();
  }

  /** Everything begins anew with what there is; made since the snapshot counts neither as lost nor as leaked. */
  async afterRestore(): Promise<void> {
    this.oracle = new InitializationOracle(this.client, this.options.namespace);
    await this.oracle.start();
    const { made } = this.users;
    this.users = new Users(this.client, this.options.namespace);
    this.users.made = made;
    const builds = (await this.users.builds()).filter(({ metadata }) => !metadata.deletionTimestamp);
    this.wanted = Object.fromEntries(builds.map((build) => [build.metadata.name, phaseWanted(build)]));
    this.proxy.faults = this.faults;
  }

  /** The faults end, and everything is to become as desired. */
  async settle(): Promise<void> {
    await this.options.troubles?.over;
    this.endFaults();
    await this.expect('builds as desired', () => this.isAsWanted());
  }

  async rest(): Promise<void> {
    const { silenceMs: milliseconds = 3_000, operators: count = 1 } = this.options;
    const { proxy, operators, patienceMs } = this;
    await expectSilence({ proxy, operators, count, milliseconds, patienceMs });
  }

  /** Users delete everything, with faults for a while. */
  async remove(): Promise<void> {
    this.proxy.faults = this.faults;
    for (const name of (await this.users.phases()).keys()) await this.users.delete(name);
    const gone = async () => (await this.users.phases()).size === 0;
    await this.patiently(gone);
    this.endFaults();
    await this.expect('no build', gone);
    let left: string[] = [];
    const clean = async () => {
      left = await findLeftovers(this.client, this.options.namespace);
      return left.length === 0;
    };
    await this.expect(() => `nothing left of builds, not ${left.join(', ')}`, clean);
  }

  /** What only the end shows. */
  judge(): void {
    const { cluster, namespace } = this.options;
    for (const problem of this.violations()) this.complain(problem);
    const { writes, takeovers, late } = judgeAudit(readAudit(cluster.auditLog, this.auditFrom), namespace);
    this.takeovers = takeovers;
    if (writes === 0) this.complain('the audit log shows no write of an operator');
    if (late.length > 0) this.complain(`late writes of a deposed operator: ${late.join(', ')}`);
  }

  async end(): Promise<void> {
    const { cluster, namespace, log } = this.options;
    if (this.problems.length > 0) log?.(this.operators.lines(40).join('\n'));
    this.users.end();
    this.faults.end();
    await this.operators.end();
    await this.oracle.stop();
    await this.proxy.stop();
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await this.client.connection.close();
  }

  complain(problem: string): void {
    this.problems.push(problem);
  }

  report(seconds: ScenarioReport['seconds']): ScenarioReport {
    const { problems, takeovers } = this;
    const { writes, events } = this.proxy;
    return {
      problems,
      happened: this.faults.happened,
      builds: this.users.made,
      writes,
      events,
      takeovers,
      seconds,
    };
  }

  /** What must never happen, and has. */
  private violations(): string[] {
    const { most, at, uncleaned } = this.oracle.judge();
    const { unguarded } = this.proxy;
    return [
      ...this.endedBefore,
      ...(most > this.life.limit
        ? [`${most} initialisations were unfinished at once: ${at.join(', ')}`]
        : []),
      ...(uncleaned.length > 0 ? [`gone without a cleanup: ${uncleaned.join(', ')}`] : []),
      ...(unguarded.length > 0 ? [`deletes without a UID: ${unguarded.slice(0, 5).join(', ')}`] : []),
    ];
  }

  private endFaults(): void {
    this.faults.end();
    this.proxy.faults = {};
    this.proxy.release();
  }

  private async isAsWanted(): Promise<boolean> {
    const phases = await this.users.phases();
    const isAsWanted = ([name, phase]: [string, string]) => phases.get(name) === phase;
    return this.users.pending === 0 && Object.entries(this.wanted).every(isAsWanted);
  }

  /** Waits; what must never happen ends the wait, because the rest of the scenario has nothing more to tell. */
  private async expect(what: string | (() => string), condition: () => Promise<boolean>): Promise<void> {
    await waitFor(async () => this.violations().length > 0 || (await condition()), {
      timeoutMs: this.patienceMs,
      intervalMs: 200,
      describe: () => [
        typeof what === 'string' ? what : what(),
        this.watches(),
        this.operators.lines(3).map((line) => line.slice(0, 300)),
      ],
    });
    if (this.violations().length > 0) throw new Error('This was seen while waiting.');
  }

  /** An operator that misses a watch for so long has lost it. */
  private watches(): string {
    const open = this.proxy.openWatches;
    const missing = watched.filter((resource) => !open.has(resource));
    return missing.length === 0 ? 'all is watched' : `nothing watches ${missing.join(', ')}`;
  }

  private async patiently(condition: () => Promise<boolean>): Promise<void> {
    const ended = async () => this.isRestored || this.violations().length > 0 || (await condition());
    await waitFor(ended, { timeoutMs: this.patienceMs / 2, intervalMs: 200 }).catch(() => undefined);
  }
}

/** What a build comes to that nobody touches any more. */
function phaseWanted({ spec }: RunboatBuild): string {
  if (spec.templateVars?.['initRun'] === 'fail') return 'Failed';
  return spec.replicas === 1 ? 'Started' : 'Stopped';
}
