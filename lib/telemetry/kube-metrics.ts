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
  /** The two series of a kind of request: to find them by their labels costs more than to count. */
  private readonly series = new Map<
    string,
    { count: Counter.Internal; seconds: Histogram.Internal<string> }
  >();

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
  requested(info: RequestInfo): void {
    const { count, seconds } = this.seriesOf(info);
    count.inc();
    seconds.observe(info.seconds);
  }

  private seriesOf({ method, resource, status }: RequestInfo) {
    const key = `${method} ${resource} ${status}`;
    const known = this.series.get(key);
    if (known) return known;
    const fresh = {
      count: this.requests.labels({ method, resource, code: String(status) }),
      seconds: this.requestSeconds.labels({ method, resource }),
    };
    this.series.set(key, fresh);
    return fresh;
  }

  /** The hooks of an informer of `resource`, by its plural. */
  informerHooks(resource: string): InformerHooks {
    const ofType = (type: string) => this.watchEvents.labels({ resource, type });
    const events = { ADDED: ofType('ADDED'), MODIFIED: ofType('MODIFIED'), DELETED: ofType('DELETED') };
    return {
      onEvent: (type) => events[type].inc(),
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
