import type { Config } from './types.js';

/** `now` is in force already. */
export type SettingsListener = (now: Config, before: Config) => void;

/** The settings in force, which can be replaced while the process runs. */
export class CurrentSettings {
  /**
   * A configuration that always says what is in force: each of its keys is looked up when it is read. Parts that live
   * long keep this object and take nothing out of it before they need it.
   */
  readonly live: Config;
  private readonly listeners = new Set<SettingsListener>();

  constructor(private config: Config) {
    this.live = liveView(config, () => this.config);
  }

  /** The settings of this moment; they stay as they are when others come into force. */
  get(): Config {
    return this.config;
  }

  /** Called synchronously, in order of registration. The answer takes the listener away. */
  onChange(listener: SettingsListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Puts others into force and tells all listeners. Throws AggregateError with what listeners threw. */
  replace(next: Config): void {
    const before = this.config;
    this.config = next;
    const errors: unknown[] = [];
    for (const listener of this.listeners) {
      try {
        listener(next, before);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'A part could not take over changed settings');
  }
}

/** The same keys, always all there, as getters. */
function liveView(config: Config, now: () => Config): Config {
  const getters = Object.keys(config).map((key) => [
    key,
    { enumerable: true, get: () => now()[key as keyof Config] },
  ]);
  return Object.defineProperties({}, Object.fromEntries(getters)) as Config;
}
