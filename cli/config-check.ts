import { ConfigError } from '../lib/config/config-error.js';
import { type LoadOptions, loadConfig } from '../lib/config/load.js';
import type { Config } from '../lib/config/types.js';

export interface ConfigurationCheck extends Omit<LoadOptions, 'process'> {
  /** Takes one message for people, without a line end; the command's standard error. */
  readonly report: (message: string) => void;
}

/**
 * The first half of `runboat config check`: settings. Warnings and everything that is wrong are reported;
 * undefined when something is wrong (exit code 2), else the configuration, whose bundles can be checked then.
 */
export function checkConfiguration(check: ConfigurationCheck): Config | undefined {
  try {
    const loaded = loadConfig({ ...check, process: 'check' });
    for (const warning of loaded.warnings) check.report(`Warning: ${warning}`);
    return loaded.config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    check.report(error.message);
    return undefined;
  }
}
