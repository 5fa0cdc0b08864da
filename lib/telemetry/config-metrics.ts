import { Gauge, type Registry } from 'prom-client';

/** Whether the settings that the files have now are in force; named as Prometheus names its own. */
export class ConfigMetrics {
  private readonly successful: Gauge;
  private readonly succeededAt: Gauge;

  /** The first version is in force. */
  constructor(registry: Registry) {
    const registers = [registry];
    this.successful = new Gauge({
      name: 'runboat_config_last_reload_successful',
      help: '1 if the settings as the files have them are in force, 0 if they were refused.',
      registers,
    });
    this.succeededAt = new Gauge({
      name: 'runboat_config_last_reload_success_timestamp_seconds',
      help: 'When settings came into force last.',
      registers,
    });
    this.reloaded(true);
  }

  reloaded(isSuccessful: boolean): void {
    this.successful.set(isSuccessful ? 1 : 0);
    if (isSuccessful) this.succeededAt.setToCurrentTime();
  }
}
