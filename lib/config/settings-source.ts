import { isDeepStrictEqual } from 'node:util';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { CurrentSettings } from './current-settings.js';
import { FilesRead } from './files-read.js';
import { type LoadOptions, loadConfig } from './load.js';
import { SETTINGS } from './settings.js';
import type { Config } from './types.js';

/** What a look at the files came to. */
export type Look =
  /** Nothing to tell: all is as before, or as bad as before. */
  | { readonly type: 'same' }
  /** In force now; `changed` has the keys. */
  | { readonly type: 'accepted'; readonly changed: readonly string[]; readonly warnings: readonly string[] }
  /** Not in force; what was, is. */
  | { readonly type: 'refused'; readonly problems: readonly ConfigProblem[] };

/** Further reasons why settings cannot come into force in this process. */
export type Objections = (next: Config, now: Config) => readonly ConfigProblem[];

/** The files and variables that settings come from. They are read once more whenever the files change. */
export class SettingsSource {
  readonly current: CurrentSettings;
  /** Sentences about the first version. */
  readonly warnings: readonly string[];
  /** Those of the last try. */
  private files = new FilesRead();
  private accepted: string;
  private refusal: string | undefined;

  /** Reads the settings for the first time. Throws ConfigError. */
  constructor(private readonly options: LoadOptions) {
    const { config, warnings } = loadConfig({ ...options, files: this.files });
    this.current = new CurrentSettings(config);
    this.warnings = warnings;
    this.accepted = this.files.fingerprint;
  }

  /** Whether the files as they were last seen are in force. */
  get inOrder(): boolean {
    return this.refusal === undefined;
  }

  /**
   * Looks at the files and puts what has changed into force, if it is in order. A refusal is told once, and once more
   * when its reasons change. After one, everything is read each time, because the reason may lie outside the files.
   * Throws what listeners to the settings threw.
   */
  look(objections: Objections = () => []): Look {
    if (this.inOrder && !this.files.mayHaveChanged()) return { type: 'same' };
    const files = new FilesRead();
    this.files = files;
    try {
      const running = this.current.get();
      const { config, warnings } = loadConfig({ ...this.options, files, running });
      const problems = objections(config, running);
      if (problems.length > 0) throw new ConfigError(problems);
      return this.accept(config, warnings);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return this.refuse(error);
    }
  }

  private accept(config: Config, warnings: readonly string[]): Look {
    const { fingerprint } = this.files;
    const isSame = this.inOrder && this.accepted === fingerprint;
    this.accepted = fingerprint;
    this.refusal = undefined;
    if (isSame) return { type: 'same' };
    const changed = changedKeys(this.current.get(), config);
    if (changed.length > 0) this.current.replace(config);
    return { type: 'accepted', changed, warnings };
  }

  private refuse({ message, problems }: ConfigError): Look {
    if (this.refusal === message) return { type: 'same' };
    this.refusal = message;
    return { type: 'refused', problems };
  }
}

/** The keys whose values differ; values are told to nobody, they may be secrets. */
function changedKeys(before: Config, now: Config): string[] {
  return SETTINGS.map(({ key }) => key).filter(
    (key) => !isDeepStrictEqual(settingOf(before, key), settingOf(now, key)),
  );
}

function settingOf(config: Config, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], config);
}
