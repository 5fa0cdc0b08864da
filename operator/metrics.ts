import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { InformerHooks } from '../lib/kube/informer-options.js';
import type { RequestInfo } from '../lib/kube/requests.js';
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
  private readonly reconciles: Histogram;
  private readonly errors: Counter;
  private readonly requests: Counter<'method' | 'resource' | 'code'>;
  private readonly requestSeconds: Histogram<'method' | 'resource'>;
  private readonly watchRestarts: Counter<'resource' | 'reason'>;
  private readonly watchEvents: Counter<'resource' | 'type'>;
  private readonly repairs: Counter<'resource'>;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
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
    this.requests = new Counter({
      name: 'runboat_api_requests_total',
      help: 'Requests to the API server by method, resource and answer; code 0 is no answer.',
      labelNames: ['method', 'resource', 'code'],
      registers,
    });
    this.requestSeconds = new Histogram({
      name: 'runboat_api_request_duration_seconds',
      help: 'Time of requests to the API server.',
      labelNames: ['method', 'resource'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 10],
      registers,
    });
    this.watchRestarts = new Counter({
      name: 'runboat_watch_restarts_total',
      help: 'Watches that ended and began again.',
      labelNames: ['resource', 'reason'],
      registers,
    });
    this.watchEvents = new Counter({
      name: 'runboat_watch_events_total',
      help: 'Events that watches delivered.',
      labelNames: ['resource', 'type'],
      registers,
    });
    this.repairs = new Counter({
      name: 'runboat_cache_repairs_total',
      help: 'Objects in a cache that differed from the API server.',
      labelNames: ['resource'],
      registers,
    });
  }

  /** Gauges that are read when somebody asks. */
  observe(sources: MetricSources): void {
    this.gauge('runboat_builds', 'Builds by phase.', ['phase'], (gauge) => {
      for (const [phase, count] of countPhases(sources.builds())) gauge.set({ phase }, count);
    });
    this.gauge('runboat_slots_used', 'Used places of each limit.', ['limit'], (gauge) => {
      for (const [limit, { used }] of Object.entries(sources.slots())) gauge.set({ limit }, used);
    });
    this.gauge('runboat_slots_waiting', 'Builds that wait for a place of each limit.', ['limit'], (gauge) => {
      for (const [limit, { waiting }] of Object.entries(sources.slots())) gauge.set({ limit }, waiting);
    });
    this.gauge('runboat_slots_limit', 'The configured limits.', ['limit'], (gauge) => {
      for (const [limit, value] of Object.entries(sources.limits())) gauge.set({ limit }, value);
    });
    this.gauge(
      'runboat_leader',
      '1 while this operator leads, 0 while it waits for the Lease.',
      [],
      (gauge) => {
        gauge.set(sources.leads() ? 1 : 0);
      },
    );
    this.gauge(
      'runboat_work_queue_length',
      'Builds that are due to be looked at, now or later.',
      [],
      (gauge) => {
        gauge.set(sources.workQueue());
      },
    );
  }

  reconciled(seconds: number, failed: boolean): void {
    this.reconciles.observe(seconds);
    if (failed) this.errors.inc();
  }

  requested({ method, resource, status, seconds }: RequestInfo): void {
    this.requests.inc({ method, resource, code: String(status) });
    this.requestSeconds.observe({ method, resource }, seconds);
  }

  informerHooks(resource: string): InformerHooks {
    return {
      onEvent: (type) => this.watchEvents.inc({ resource, type }),
      onWatchEnd: (reason) => this.watchRestarts.inc({ resource, reason }),
      onRepair: (objects) => this.repairs.inc({ resource }, objects),
    };
  }

  private gauge(name: string, help: string, labelNames: string[], read: (gauge: Gauge) => void): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => {
        gauge.reset();
        read(gauge);
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
