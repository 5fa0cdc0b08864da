import { setTimeout as sleep } from 'node:timers/promises';
import type { RunboatBuild } from '../../crds/runboatbuild.generated.js';
import { KubeClient } from '../../lib/kube/client.js';
import { connect } from '../../lib/kube/connection.js';
import { ApiError } from '../../lib/kube/errors.js';
import type { Cluster } from '../cluster/control-plane.js';
import { InitializationOracle } from '../support/oracle.js';
import { waitFor } from '../support/wait-for.js';
import { judgeAudit, readAudit, sizeOf } from './audit.js';
import { FaultProxy } from './fault-proxy.js';
import { findLeftovers } from './leftovers.js';
import { Operators } from './operators.js';
import { type FaultName, type PlannedFault, PlannedFaults } from './planned-faults.js';

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
/** Share of a core that an operator with nothing to do may use, its caches' comparisons included. */
const idleCpu = 0.15;
/** Requests that an operator with nothing to do may send in a second, but those of the Lease. */
const idleRequests = 6;

/** What must become of the builds of a scenario. */
const wanted: Record<string, string> = {
  good: 'Started',
  started: 'Stopped',
  bad: 'Stopped',
  pull: 'Stopped',
};

type Builds = Map<string, RunboatBuild>;

/**
 * A few builds go through their lives while faults happen, and come to rest when these end. What must hold is
 * judged from outside: the limit at any instant, every build as desired, silence, deletes that say what they mean,
 * cleanup before the end of a build, nothing left after the last deletion, and no late write of a deposed operator.
 */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioReport> {
  const begun = performance.now();
  const scenario = new Scenario(options);
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
  private readonly proxy: FaultProxy;
  private readonly operators: Operators;
  private readonly faults: PlannedFaults;
  private readonly auditFrom: number;
  private client!: KubeClient;
  private oracle!: InitializationOracle;
  private isRemade = false;
  private ended = false;
  private made = 0;
  private takeovers = 0;

  constructor(private readonly options: ScenarioOptions) {
    const { cluster, namespace, program, resync = '5m', initSeconds = 1, log = () => undefined } = options;
    this.proxy = new FaultProxy(cluster.kubeconfig);
    const kubectl = cluster.programs['kubectl'] ?? 'kubectl';
    this.operators = new Operators({
      namespace,
      proxy: this.proxy,
      program,
      kubectl,
      resync,
      limit,
      initSeconds,
      log,
    });
    this.faults = new PlannedFaults(options.plan, this.operators);
    this.auditFrom = sizeOf(cluster.auditLog);
  }

  async prepare(): Promise<void> {
    const { cluster, namespace, operators = 1 } = this.options;
    this.client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
    await this.client.create('/api/v1/namespaces', { metadata: { name: namespace } });
    await this.proxy.start();
    this.oracle = new InitializationOracle(this.client, namespace);
    await this.oracle.start();
    this.proxy.faults = this.faults;
    for (let started = 0; started < operators; started++) this.operators.add();
  }

  /** What users do meanwhile; each step waits for its turn, but not for ever, because faults may hold it up. */
  async live(): Promise<void> {
    await this.create('good', {});
    await this.create('started', { replicas: 1 });
    await this.create('bad', { templateVars: { initRun: 'fail' } });
    await this.create('pull', { pr: 7 });
    await this.patiently('started', 'Started', 15_000);
    await this.patch('started', { replicas: 0 });
    await this.patiently('good', 'Stopped', 5_000);
    await this.patch('good', { replicas: 1 });
    await this.patiently('bad', 'Failed', 10_000);
    await this.patch('bad', {
      resetRequestedAt: new Date().toISOString(),
      templateVars: { initRun: 'complete' },
    });
    await this.patch('started', { resetRequestedAt: new Date().toISOString() });
    await this.delete('pull');
    void this.createWhenFree('pull', { pr: 7 });
    await waitFor(async () => this.violations().length > 0 || (await this.isAsDesired()), {
      timeoutMs: 15_000,
      intervalMs: 200,
    }).catch(() => undefined);
  }

  /** The faults end, and everything is to become as desired. */
  async settle(): Promise<void> {
    await this.options.troubles;
    this.endFaults();
    await this.expect('builds as desired', () => this.isAsDesired());
    await this.expectSilence();
  }

  /** Users delete everything, with faults for a while. */
  async remove(): Promise<void> {
    this.proxy.faults = this.faults;
    for (const name of (await this.builds()).keys()) await this.delete(name);
    const gone = async () => (await this.builds()).size === 0;
    await waitFor(gone, { timeoutMs: 12_000, intervalMs: 200 }).catch(() => undefined);
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

  async end(): Promise<void> {
    const { cluster, namespace, log } = this.options;
    this.ended = true;
    if (this.problems.length > 0) log?.(this.operators.lines(40).join('\n'));
    await this.operators.end();
    await this.oracle?.stop();
    await this.proxy.stop();
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await this.client?.connection.close();
  }

  complain(problem: string): void {
    this.problems.push(problem);
  }

  report(seconds: number): ScenarioReport {
    const { problems, made: builds, takeovers } = this;
    const { writes, events } = this.proxy;
    return { problems, happened: this.faults.happened, builds, writes, events, takeovers, seconds };
  }

  private endFaults(): void {
    this.faults.end();
    this.proxy.faults = {};
    this.proxy.release();
  }

  private async isAsDesired(): Promise<boolean> {
    const builds = await this.builds();
    return this.isRemade && Object.entries(wanted).every(([name, phase]) => phaseOf(builds, name) === phase);
  }

  /** Nothing but the Lease is written while nothing happens, and nothing much is read or reckoned. */
  private async expectSilence(): Promise<void> {
    const { namespace, silenceMs = 3_000, operators = 1, patienceMs = usualPatienceMs } = this.options;
    let seen = 'nothing';
    const quiet = async () => {
      const before = await this.usage();
      await sleep(silenceMs);
      const after = await this.usage();
      if (!before || !after) return false;
      const [writes, requests, cpu] = [0, 1, 2].map((index) => (after[index] ?? 0) - (before[index] ?? 0));
      seen = `${writes} writes, ${requests} requests, ${cpu?.toFixed(2)} s of CPU in ${silenceMs / 1000} s`;
      const most = (operators * silenceMs) / 1000;
      if (process.env['SHOW']) console.log(namespace, seen);
      return writes === 0 && (requests ?? 0) <= idleRequests * most && (cpu ?? 0) <= idleCpu * most;
    };
    // Sweeps and comparisons that follow a start are part of the way to it.
    const options = {
      timeoutMs: Math.min(40_000, patienceMs) + 2 * silenceMs,
      intervalMs: 100,
      describe: () => `silence: ${seen}`,
    };
    await waitFor(quiet, options);
  }

  private async usage(): Promise<[number, number, number] | undefined> {
    const cpu = await this.operators.cpuSeconds();
    return cpu === undefined ? undefined : [this.proxy.writes, this.proxy.requests, cpu];
  }

  /** Waits; what must never happen ends the wait, because the rest of the scenario has nothing more to tell. */
  private async expect(what: string, condition: () => Promise<boolean>): Promise<void> {
    await waitFor(async () => this.violations().length > 0 || (await condition()), {
      timeoutMs: this.options.patienceMs ?? usualPatienceMs,
      intervalMs: 200,
      describe: () => [what, this.operators.lines(3).map((line) => line.slice(0, 300))],
    });
    if (this.violations().length > 0) throw new Error(`This was seen while waiting for ${what}.`);
  }

  private async create(name: string, spec: Record<string, unknown>): Promise<void> {
    const commit = Buffer.from(`${name}${this.made}`.padEnd(20, '.')).toString('hex');
    const build = {
      apiVersion: 'runboat.dev/v1alpha1',
      kind: 'RunboatBuild',
      metadata: { name, namespace: this.options.namespace },
      spec: { repo: 'oca/chaos', targetBranch: '16.0', commit, ...spec },
    };
    await insist(() => this.client.create(this.path(), build));
    this.made++;
  }

  /** Makes a build as soon as the former one of that name is gone. */
  private async createWhenFree(name: string, spec: Record<string, unknown>): Promise<void> {
    while (!this.ended) {
      try {
        await this.create(name, spec);
        this.isRemade = true;
        return;
      } catch {
        await sleep(200);
      }
    }
  }

  private async patch(name: string, spec: Record<string, unknown>): Promise<void> {
    await insist(() => this.client.mergePatch(`${this.path()}/${name}`, { spec }));
  }

  private async delete(name: string): Promise<void> {
    const path = `${this.path()}/${name}`;
    await insist(() => this.client.delete(path, { propagationPolicy: 'Background' }));
  }

  private async patiently(name: string, phase: string, timeoutMs: number): Promise<void> {
    const reached = async () => phaseOf(await this.builds(), name) === phase;
    await waitFor(async () => this.violations().length > 0 || (await reached()), {
      timeoutMs,
      intervalMs: 200,
    }).catch(() => undefined);
  }

  private async builds(): Promise<Builds> {
    const { items } = await this.client.listAll<RunboatBuild>(this.path());
    return new Map(items.map((build) => [build.metadata.name, build]));
  }

  private path(): string {
    return `/apis/runboat.dev/v1alpha1/namespaces/${this.options.namespace}/runboatbuilds`;
  }
}

/** Users try again while the API server is away. */
async function insist(write: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      const isAnswer = error instanceof ApiError && error.status < 500 && error.status !== 429;
      if (isAnswer || Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

function phaseOf(builds: Builds, name: string): string | undefined {
  return builds.get(name)?.status?.phase;
}
