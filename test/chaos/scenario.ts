import { KubeClient } from '../../lib/kube/client.js';
import { connect } from '../../lib/kube/connection.js';
import type { Cluster } from '../cluster/control-plane.js';
import { InitializationOracle } from '../support/oracle.js';
import { waitFor } from '../support/wait-for.js';
import { judgeAudit, readAudit, sizeOf } from './audit.js';
import { FaultProxy } from './fault-proxy.js';
import { findLeftovers } from './leftovers.js';
import { Operators } from './operators.js';
import { type FaultName, type PlannedFault, PlannedFaults } from './planned-faults.js';
import { expectSilence } from './silence.js';
import { Users } from './users.js';

export interface ScenarioOptions {
  /** With an audit log. */
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly plan: readonly PlannedFault[];
  /** 1 if not given. */
  readonly operators?: 1 | 2;
  /**
   * How often the operator compares its caches: a lost event is made good then. The usual 5 min if not given, which
   * is longer than a scenario, so that all other faults must be made good without it.
   */
  readonly resync?: string;
  /** How long an initialisation takes; 1 s if not given. */
  readonly initSeconds?: number;
  /** Troubles of the cluster itself, which end before everything must become as desired. */
  readonly troubles?: Promise<unknown>;
  /** How long is waited for everything to become as desired, milliseconds; 60 000 if not given. */
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
  readonly seconds: number;
}

const limit = 2;
const usualPatienceMs = 60_000;
/** What must become of the builds of a scenario. */
const wanted = { good: 'Started', started: 'Stopped', bad: 'Stopped', pull: 'Stopped' };

/**
 * A few builds go through their lives while faults happen, and come to rest when these end. What must hold is
 * judged from outside: the limit at any instant, every build as desired, silence, deletes that say what they mean,
 * cleanup before the end of a build, nothing left after the last deletion, and no late write of a deposed operator.
 */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioReport> {
  const begun = performance.now();
  const scenario = new Scenario(options, await connect({ kubeconfigFile: options.cluster.kubeconfig }));
  try {
    await scenario.prepare();
    await scenario.live();
    await scenario.settle();
    await scenario.remove();
  } catch (error) {
    scenario.complain(error instanceof Error ? error.message : String(error));
  }
  scenario.judge();
  await scenario.end();
  return scenario.report((performance.now() - begun) / 1000);
}

class Scenario {
  private readonly problems: string[] = [];
  private readonly client: KubeClient;
  private readonly oracle: InitializationOracle;
  private readonly users: Users;
  private readonly proxy: FaultProxy;
  private readonly operators: Operators;
  private readonly faults: PlannedFaults;
  private readonly auditFrom: number;
  private readonly patienceMs: number;
  private isRemade = false;
  private takeovers = 0;

  constructor(
    private readonly options: ScenarioOptions,
    connection: KubeClient['connection'],
  ) {
    const { cluster, namespace, program, resync = '5m', initSeconds = 1, log = () => undefined } = options;
    this.patienceMs = options.patienceMs ?? usualPatienceMs;
    this.client = new KubeClient({ connection });
    this.oracle = new InitializationOracle(this.client, namespace);
    this.users = new Users(this.client, namespace);
    this.proxy = new FaultProxy(cluster.kubeconfig);
    const kubectl = cluster.programs['kubectl'] ?? 'kubectl';
    const { proxy } = this;
    this.operators = new Operators({ namespace, proxy, program, kubectl, resync, limit, initSeconds, log });
    this.faults = new PlannedFaults(options.plan, this.operators);
    this.auditFrom = sizeOf(cluster.auditLog);
  }

  async prepare(): Promise<void> {
    const { namespace, operators = 1 } = this.options;
    await this.client.create('/api/v1/namespaces', { metadata: { name: namespace } });
    await this.proxy.start();
    await this.oracle.start();
    this.proxy.faults = this.faults;
    for (let started = 0; started < operators; started++) this.operators.add();
  }

  /** What users do meanwhile; each step waits for its turn, but not for ever, because faults may hold it up. */
  async live(): Promise<void> {
    const { users } = this;
    const phaseIs = (name: string, phase: string) => async () => (await users.phases()).get(name) === phase;
    await users.create('good', {});
    await users.create('started', { replicas: 1 });
    await users.create('bad', { templateVars: { initRun: 'fail' } });
    await users.create('pull', { pr: 7 });
    await this.patiently(phaseIs('started', 'Started'), 15_000);
    await users.patch('started', { replicas: 0 });
    await this.patiently(phaseIs('good', 'Stopped'), 5_000);
    await users.patch('good', { replicas: 1 });
    await this.patiently(phaseIs('bad', 'Failed'), 10_000);
    const resetRequestedAt = new Date().toISOString();
    await users.patch('bad', { resetRequestedAt, templateVars: { initRun: 'complete' } });
    await users.patch('started', { resetRequestedAt });
    await users.delete('pull');
    void users.createWhenFree('pull', { pr: 7 }).then(() => {
      this.isRemade = true;
    });
    await this.patiently(() => this.isAsDesired(), 15_000);
  }

  /** The faults end, and everything is to become as desired. */
  async settle(): Promise<void> {
    await this.options.troubles;
    this.endFaults();
    await this.expect('builds as desired', () => this.isAsDesired());
    const { silenceMs: milliseconds = 3_000, operators: count = 1 } = this.options;
    const { proxy, operators, patienceMs } = this;
    await expectSilence({ proxy, operators, count, milliseconds, patienceMs });
  }

  /** Users delete everything, with faults for a while. */
  async remove(): Promise<void> {
    this.proxy.faults = this.faults;
    for (const name of (await this.users.phases()).keys()) await this.users.delete(name);
    const gone = async () => (await this.users.phases()).size === 0;
    await this.patiently(gone, 12_000);
    this.endFaults();
    await this.expect('no build', gone);
    const clean = async () => (await findLeftovers(this.client, this.options.namespace)).length === 0;
    await this.expect('nothing left of builds', clean);
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

  report(seconds: number): ScenarioReport {
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
      ...(most > limit ? [`${most} initialisations were unfinished at once: ${at.join(', ')}`] : []),
      ...(uncleaned.length > 0 ? [`gone without a cleanup: ${uncleaned.join(', ')}`] : []),
      ...(unguarded.length > 0 ? [`deletes without a UID: ${unguarded.slice(0, 5).join(', ')}`] : []),
    ];
  }

  private endFaults(): void {
    this.faults.end();
    this.proxy.faults = {};
    this.proxy.release();
  }

  private async isAsDesired(): Promise<boolean> {
    const phases = await this.users.phases();
    return this.isRemade && Object.entries(wanted).every(([name, phase]) => phases.get(name) === phase);
  }

  /** Waits; what must never happen ends the wait, because the rest of the scenario has nothing more to tell. */
  private async expect(what: string, condition: () => Promise<boolean>): Promise<void> {
    await waitFor(async () => this.violations().length > 0 || (await condition()), {
      timeoutMs: this.patienceMs,
      intervalMs: 200,
      describe: () => [what, this.operators.lines(3).map((line) => line.slice(0, 300))],
    });
    if (this.violations().length > 0) throw new Error(`This was seen while waiting for ${what}.`);
  }

  private async patiently(condition: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const ended = async () => this.violations().length > 0 || (await condition());
    await waitFor(ended, { timeoutMs, intervalMs: 200 }).catch(() => undefined);
  }
}
