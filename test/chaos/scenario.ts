import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { RunboatBuild } from '../../crds/runboatbuild.generated.js';
import { KubeClient } from '../../lib/kube/client.js';
import { connect } from '../../lib/kube/connection.js';
import type { KubeObject } from '../../lib/kube/types.js';
import type { Cluster } from '../cluster/control-plane.js';
import { type RunningOperator, startOperator } from '../support/operator-process.js';
import { InitializationOracle } from '../support/oracle.js';
import { waitFor } from '../support/wait-for.js';
import { FaultProxy, type Faults } from './fault-proxy.js';

export interface ScenarioOptions {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Makes the faults, once the proxy and the operator's kill switch exist. */
  readonly faults: (kill: () => void) => Faults;
  /** The program of the operator; the checkout's own if not given. */
  readonly program?: string;
  readonly log?: (line: string) => void;
}

export interface ScenarioReport {
  readonly problems: string[];
  readonly writes: number;
  readonly events: number;
  readonly happened: ReadonlyMap<string, number>;
}

const limit = 2;
/** The operator's own times are seconds here, so that a lost event is made good and a Lease runs out soon. */
const operatorTimes = { lease: '2s', resync: '3s' };
const convergenceMs = 60_000;

type Phases = Map<string, RunboatBuild>;

/**
 * A few builds go through their lives while faults happen, and come to rest when they end. What must hold is
 * judged from outside: the limit at any instant, every build as desired, nothing left after the last deletion,
 * and silence in between.
 */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioReport> {
  const scenario = new Scenario(options);
  try {
    await scenario.prepare();
    await scenario.live();
    await scenario.settle();
    await scenario.judge();
    await scenario.remove();
  } catch (error) {
    scenario.problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await scenario.end();
  }
  return scenario.report();
}

class Scenario {
  readonly problems: string[] = [];
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-chaos-'));
  private readonly proxy: FaultProxy;
  private client!: KubeClient;
  private oracle!: InitializationOracle;
  private operator: RunningOperator | undefined;
  private supervised = Promise.resolve();
  private ended = false;

  constructor(private readonly options: ScenarioOptions) {
    this.proxy = new FaultProxy(options.cluster.kubeconfig);
  }

  async prepare(): Promise<void> {
    const { cluster, namespace } = this.options;
    this.client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
    await this.client.create('/api/v1/namespaces', { metadata: { name: namespace } });
    await this.proxy.start();
    writeFileSync(path.join(this.folder, 'kubeconfig'), this.proxy.kubeconfig());
    this.oracle = new InitializationOracle(this.client, namespace);
    await this.oracle.start();
    this.proxy.faults = this.options.faults(() => this.operator?.process.kill('SIGKILL'));
    this.supervised = this.supervise();
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
    await this.patiently('started', 'Stopped', 10_000);
  }

  async settle(): Promise<void> {
    this.proxy.faults = {};
    const wanted: Record<string, string> = { good: 'Started', started: 'Stopped', bad: 'Stopped' };
    const done = async () => {
      const builds = await this.builds();
      const names = Object.keys(wanted);
      return builds.size === names.length && names.every((name) => phaseOf(builds, name) === wanted[name]);
    };
    await waitFor(done, { timeoutMs: convergenceMs, intervalMs: 200, describe: () => this.describe() });
    await this.expectSilence();
  }

  async judge(): Promise<void> {
    const { most, at } = this.oracle.judge();
    if (most > limit) this.problems.push(`${most} initialisations were unfinished at once: ${at.join(', ')}`);
  }

  async remove(): Promise<void> {
    for (const name of (await this.builds()).keys()) await this.delete(name);
    const gone = async () => (await this.builds()).size === 0;
    await waitFor(gone, { timeoutMs: convergenceMs, intervalMs: 200, describe: () => this.describe() });
    const clean = async () => (await this.leftovers()).length === 0;
    await waitFor(clean, {
      timeoutMs: convergenceMs,
      intervalMs: 300,
      describe: 'nothing to be left of builds',
    });
    await this.judge();
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.operator?.kill();
    await this.supervised;
    await this.oracle?.stop();
    await this.proxy.stop();
    await this.options.cluster.kubectl(['delete', 'namespace', this.options.namespace, '--wait=false']);
    await this.client?.connection.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  report(): ScenarioReport {
    const { writes, events, happened } = this.proxy;
    if (this.problems.length > 0) this.options.log?.(this.operator?.lines.slice(-40).join('\n') ?? '');
    return { problems: this.problems, writes, events, happened };
  }

  /** Starts the operator whenever there is none, as Kubernetes would. */
  private async supervise(): Promise<void> {
    while (!this.ended) {
      const { cluster, namespace, program } = this.options;
      try {
        this.operator = await startOperator({
          namespace,
          kubeconfig: path.join(this.folder, 'kubeconfig'),
          resync: operatorTimes.resync,
          waitReady: false,
          ...(program ? { program } : {}),
          env: {
            RUNBOAT_LEASE_DURATION: operatorTimes.lease,
            RUNBOAT_KUBECTL: cluster.programs['kubectl'] ?? 'kubectl',
          },
          config: {
            limits: { initializing: limit },
            templateVars: { initRun: 'complete-after', initSeconds: '1' },
          },
        });
      } catch (error) {
        // It was killed before it said where it listens: that is what faults do.
        if (this.ended) return;
        this.options.log?.(`the operator did not start: ${String(error).slice(0, 300)}`);
        continue;
      }
      await this.operator.exited;
    }
  }

  /** Nothing but the Lease is written while nothing happens. */
  private async expectSilence(): Promise<void> {
    let before = -1;
    const quiet = async () => {
      const now = this.proxy.writes;
      const same = now === before;
      before = now;
      return same;
    };
    await waitFor(quiet, {
      timeoutMs: 40_000,
      intervalMs: 4_000,
      describe: 'the operator to write nothing more',
    });
  }

  private async create(name: string, spec: Record<string, unknown>): Promise<void> {
    const commit = Buffer.from(name.padEnd(20, '.')).toString('hex');
    await this.client.create(this.path(), {
      apiVersion: 'runboat.dev/v1alpha1',
      kind: 'RunboatBuild',
      metadata: { name, namespace: this.options.namespace },
      spec: { repo: 'oca/chaos', targetBranch: '16.0', commit, ...spec },
    });
  }

  private async patch(name: string, spec: Record<string, unknown>): Promise<void> {
    await this.client.mergePatch(`${this.path()}/${name}`, { spec });
  }

  private async delete(name: string): Promise<void> {
    await this.client.delete(`${this.path()}/${name}`, { propagationPolicy: 'Background' });
  }

  private async patiently(name: string, phase: string, timeoutMs: number): Promise<void> {
    const reached = async () => phaseOf(await this.builds(), name) === phase;
    await waitFor(reached, { timeoutMs, intervalMs: 100 }).catch(() => undefined);
  }

  private async builds(): Promise<Phases> {
    const { items } = await this.client.listAll<RunboatBuild>(this.path());
    return new Map(items.map((build) => [build.metadata.name, build]));
  }

  private describe(): unknown {
    const entries = this.operator?.lines.filter((line) => !line.includes('"level":"debug"')) ?? [];
    return { waits: 'all builds as desired', lastLines: entries.slice(-3).map((line) => line.slice(0, 300)) };
  }

  private path(): string {
    return `/apis/runboat.dev/v1alpha1/namespaces/${this.options.namespace}/runboatbuilds`;
  }

  /** Whatever still carries a build's label, of the kinds that a build is made of or that come with it. */
  private async leftovers(): Promise<string[]> {
    const { namespace } = this.options;
    const core = ['configmaps', 'secrets', 'services', 'persistentvolumeclaims', 'pods', 'endpoints'];
    const collections = [
      ...core.map((plural) => `/api/v1/namespaces/${namespace}/${plural}`),
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      `/apis/apps/v1/namespaces/${namespace}/replicasets`,
      `/apis/batch/v1/namespaces/${namespace}/jobs`,
      `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
    ];
    const lists = collections.map((path) =>
      this.client.listAll<KubeObject>(path, { labelSelector: 'runboat/build' }),
    );
    return (await Promise.all(lists)).flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
  }
}

function phaseOf(builds: Phases, name: string): string | undefined {
  return builds.get(name)?.status?.phase;
}
