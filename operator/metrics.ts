import { Counter, Histogram, Registry } from 'prom-client';
import { ConfigMetrics } from '../lib/telemetry/config-metrics.js';
import { KubeMetrics, registerLiveGauge } from '../lib/telemetry/kube-metrics.js';
import type { BuildView } from './plan/observed.js';

export interface MetricSources {
  readonly builds: () => Iterable<BuildView>;
  /** Used and waiting by limit. */
  readonly slots: () => Record<string, { used: number; waiting: number }>;
  readonly limits: () => Readonly<Record<string, number>>;
  readonly workQueue: () => number;
  readonly leads: () => boolean;
}

/** Everything that the operator counts and measures; names after the conventions of Prometheus. */
export class OperatorMetrics {
  readonly registry = new Registry();
  readonly kube = new KubeMetrics(this.registry);
  readonly config = new ConfigMetrics(this.registry);
  private readonly reconciles: Histogram;
  private readonly errors: Counter;

  constructor() {
    const registers = [this.registry];
    this.reconciles = new Histogram({
      name: 'runboat_reconcile_duration_seconds',
      help: 'Time of one pass over a build.',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
      registers,
    });
    this.errors = new Counter({
      name: 'runboat_reconcile_errors_total',
      help: 'Passes over a build that failed and are tried again.',
      registers,
    });
  }

  /** Gauges that are read when somebody asks. */
  observe(sources: MetricSources): void {
    registerLiveGauge(this.registry, {
      name: 'runboat_builds',
      help: 'Builds by phase.',
      labelNames: ['phase'],
      read: (gauge) => {
        for (const [phase, count] of countPhases(sources.builds())) gauge.set({ phase }, count);
      },
    });
    this.byLimit('runboat_slots_used', 'Used places of each limit.', () =>
      Object.entries(sources.slots()).map(([limit, { used }]) => [limit, used]),
    );
    this.byLimit('runboat_slots_waiting', 'Builds that wait for a place of each limit.', () =>
      Object.entries(sources.slots()).map(([limit, { waiting }]) => [limit, waiting]),
    );
    this.byLimit('runboat_slots_limit', 'The configured limits.', () => Object.entries(sources.limits()));
    registerLiveGauge(this.registry, {
      name: 'runboat_leader',
      help: '1 while this operator leads, 0 while it waits for the Lease.',
      read: (gauge) => gauge.set(sources.leads() ? 1 : 0),
    });
    registerLiveGauge(this.registry, {
      name: 'runboat_work_queue_length',
      help: 'Builds that are due to be looked at, now or later.',
      read: (gauge) => gauge.set(sources.workQueue()),
    });
  }

  reconciled(seconds: number, failed: boolean): void {
    this.reconciles.observe(seconds);
    if (failed) this.errors.inc();
  }

  private byLimit(name: string, help: string, read: () => [limit: string, value: number][]): void {
    registerLiveGauge(this.registry, {
      name,
      help,
      labelNames: ['limit'],
      read: (gauge) => {
        for (const [limit, value] of read()) gauge.set({ limit }, value);
      },
    });
  }
}

function countPhases(builds: Iterable<BuildView>): Map<string, number> {
  const phases = [
    'Queued',
    'Initializing',
    'Stopped',
    'Starting',
    'Started',
    'Stopping',
    'Failed',
    'Undeploying',
  ];
  const counts = new Map<string, number>([...phases, 'None'].map((phase) => [phase, 0]));
  for (const { status } of builds) {
    const phase = status?.phase ?? 'None';
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  return counts;
}
