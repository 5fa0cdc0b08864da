import { Histogram, Registry } from 'prom-client';
import { ConfigMetrics } from '../lib/telemetry/config-metrics.js';
import { KubeMetrics, registerLiveGauge } from '../lib/telemetry/kube-metrics.js';

/** Everything that the gateway counts and measures. Parts of it register their own on `registry`. */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly kube = new KubeMetrics(this.registry);
  readonly config = new ConfigMetrics(this.registry);
  private readonly answers: Histogram<'method' | 'route' | 'code'>;

  constructor() {
    this.answers = new Histogram({
      name: 'runboat_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer, by template of the path; a stream is as long as it lasts.',
      labelNames: ['method', 'route', 'code'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
      registers: [this.registry],
    });
  }

  /** A gauge that is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    registerLiveGauge(this.registry, { name, help, read: (gauge) => gauge.set(read()) });
  }

  answered(method: string, route: string, code: number, seconds: number): void {
    this.answers.observe({ method, route, code }, seconds);
  }
}
