import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type RunningOperator, startOperator } from '../support/operator-process.js';
import type { FaultProxy } from './fault-proxy.js';
import type { Processes } from './planned-faults.js';

export interface Usage {
  readonly cpuSeconds: number;
  /** Passes of the control loop over a build. */
  readonly passes: number;
}

export interface OperatorsOptions {
  readonly namespace: string;
  readonly proxy: FaultProxy;
  readonly program: string | undefined;
  readonly kubectl: string;
  readonly resync: string;
  readonly limit: number;
  readonly initSeconds: number;
  readonly leaseMs: number;
  /** Whether the clocks of the processes are minutes apart. */
  readonly skewed: boolean;
  readonly log: (line: string) => void;
}

/** quality.md, property 1: an event loop that is blocked; longer than Lease and requests last. */
const blockMs = 20_000;
/** By how much clocks are wrong, in turns. */
const skewsMs = [7 * 60_000, -5 * 60_000];
const preload = new URL('process-faults.js', import.meta.url).href;

/** Operators that are started again whenever they end, as Kubernetes would. */
export class Operators implements Processes {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-chaos-'));
  private readonly running = new Map<string, RunningOperator>();
  private readonly starting = new Set<string>();
  private readonly doomed = new Set<string>();
  private readonly supervised: Promise<void>[] = [];
  private started = 0;
  private ended = false;
  /** The last lines of each that has ended. */
  private readonly lastWords: string[] = [];

  constructor(private readonly options: OperatorsOptions) {}

  /** Keeps one more operator running. */
  add(): void {
    this.supervised.push(this.supervise());
  }

  kill(agent: string): void {
    const operator = this.running.get(agent);
    if (operator) operator.process.kill('SIGKILL');
    // It already writes, but has not been seen to serve.
    else if (this.starting.has(agent)) this.doomed.add(agent);
  }

  stop(agent: string): void {
    this.running.get(agent)?.process.kill('SIGTERM');
  }

  block(agent: string): void {
    this.running.get(agent)?.process.kill('SIGUSR2');
  }

  pause(agent: string, milliseconds: number): void {
    const operator = this.running.get(agent);
    if (!operator) return;
    operator.process.kill('SIGSTOP');
    setTimeout(() => operator.process.kill('SIGCONT'), milliseconds);
  }

  /** What the processes have used in all; undefined while one does not answer. */
  async usage(): Promise<Usage | undefined> {
    try {
      const all = await Promise.all([...this.running.values()].map(({ address }) => readUsage(address)));
      const sum = (field: keyof Usage) => all.reduce((total, usage) => total + usage[field], 0);
      return { cpuSeconds: sum('cpuSeconds'), passes: sum('passes') };
    } catch {
      return undefined;
    }
  }

  /** What they said last, without the noise. */
  lines(count: number): string[] {
    const now = [...this.running].flatMap(([agent, { lines }]) => lines.map((line) => `${agent} ${line}`));
    return [...this.lastWords, ...now].filter((line) => !line.includes('"level":"debug"')).slice(-count);
  }

  async end(): Promise<void> {
    this.ended = true;
    for (const { process } of this.running.values()) process.kill('SIGKILL');
    await Promise.all(this.supervised);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async supervise(): Promise<void> {
    while (!this.ended) {
      const agent = `${this.options.namespace}-${++this.started}`;
      this.starting.add(agent);
      try {
        const operator = await this.start(agent);
        this.running.set(agent, operator);
        if (this.ended || this.doomed.has(agent)) operator.process.kill('SIGKILL');
        await operator.exited;
        this.lastWords.push(...operator.lines.slice(-10).map((line) => `${agent} ${line}`));
      } catch (error) {
        this.options.log(`${agent} did not start: ${String(error).slice(0, 300)}`);
      }
      this.running.delete(agent);
      this.starting.delete(agent);
    }
  }

  private start(agent: string): Promise<RunningOperator> {
    const { namespace, proxy, program, kubectl, resync, limit, initSeconds, skewed, leaseMs } = this.options;
    const skewMs = skewed ? skewsMs[this.started % skewsMs.length] : 0;
    const kubeconfig = path.join(this.folder, agent);
    writeFileSync(kubeconfig, proxy.kubeconfig(agent));
    return startOperator({
      namespace,
      kubeconfig,
      resync,
      waitReady: false,
      ...(program ? { program } : {}),
      env: {
        NODE_OPTIONS: `--import ${preload}`,
        CHAOS_BLOCK_MS: String(blockMs),
        CHAOS_CLOCK_SKEW_MS: String(skewMs),
        RUNBOAT_LEASE_DURATION: `${leaseMs / 1000}s`,
        RUNBOAT_KUBECTL: kubectl,
      },
      config: {
        limits: { initializing: limit },
        templateVars: { initRun: 'complete-after', initSeconds: String(initSeconds) },
      },
    });
  }
}

async function readUsage(address: string): Promise<Usage> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const read = (name: string) => {
    const value = new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${address} tells no ${name}`);
    return Number(value);
  };
  return {
    cpuSeconds: read('process_cpu_seconds_total'),
    passes: read('runboat_reconcile_duration_seconds_count'),
  };
}
