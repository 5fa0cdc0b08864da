import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { InformerHooks } from '../lib/kube/informer-options.js';
import type { RequestInfo } from '../lib/kube/requests.js';

/** Everything that the gateway counts and measures. Parts of it register their own on `registry`. */
export class GatewayMetrics {
  readonly registry = new Registry();
  private readonly answers: Histogram<'method' | 'route' | 'code'>;
  private readonly requests: Counter<'method' | 'resource' | 'code'>;
  private readonly requestSeconds: Histogram<'method' | 'resource'>;
  private readonly watchRestarts: Counter<'resource' | 'reason'>;
  private readonly watchEvents: Counter<'resource' | 'type'>;
  private readonly repairs: Counter<'resource'>;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.answers = new Histogram({
      name: 'runboat_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer, by template of the path; a stream is as long as it lasts.',
      labelNames: ['method', 'route', 'code'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
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

  /** A gauge that is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: () => gauge.set(read()),
    });
  }

  answered(method: string, route: string, code: number, seconds: number): void {
    this.answers.observe({ method, route, code }, seconds);
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
}
