import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { InformerHooks } from '../kube/informer-options.js';
import type { RequestInfo } from '../kube/requests.js';

/** What both processes measure of themselves and of their way to the API server, registered on `registry`. */
export class KubeMetrics {
  private readonly requests: Counter<'method' | 'resource' | 'code'>;
  private readonly requestSeconds: Histogram<'method' | 'resource'>;
  private readonly watchRestarts: Counter<'resource' | 'reason'>;
  private readonly watchEvents: Counter<'resource' | 'type'>;
  private readonly repairs: Counter<'resource'>;

  constructor(registry: Registry) {
    const registers = [registry];
    collectDefaultMetrics({ register: registry });
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

  /** Counts one request to the API server. */
  requested({ method, resource, status, seconds }: RequestInfo): void {
    this.requests.inc({ method, resource, code: String(status) });
    this.requestSeconds.observe({ method, resource }, seconds);
  }

  /** The hooks of an informer of `resource`, by its plural. */
  informerHooks(resource: string): InformerHooks {
    return {
      onEvent: (type) => this.watchEvents.inc({ resource, type }),
      onWatchEnd: (reason) => this.watchRestarts.inc({ resource, reason }),
      onRepair: (objects) => this.repairs.inc({ resource }, objects),
    };
  }
}

export interface LiveGauge<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: Label[];
  /** Sets every value; those of before are forgotten. */
  readonly read: (gauge: Gauge<Label>) => void;
}

/** Registers a gauge that is read when somebody asks. */
export function registerLiveGauge<Label extends string>(
  registry: Registry,
  { name, help, labelNames = [], read }: LiveGauge<Label>,
): void {
  const gauge: Gauge<Label> = new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect: () => {
      gauge.reset();
      read(gauge);
    },
  });
}
