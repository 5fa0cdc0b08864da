import type { LoadOptions } from '../lib/config/load.js';
import { mergeEnvironment } from '../lib/config/merged-environment.js';
import { configFlag, envFileFlag, flagVariables } from './flags.js';
import { type Flag, type Parsed, parseFlags } from './usage.js';

export interface SettingsArguments extends Parsed {
  /** Where the settings come from. */
  readonly load: Omit<LoadOptions, 'process'>;
}

/** The flags of a command that reads settings: those of every such command, and its own. */
export function withSettingsFlags(own: readonly Flag[]): readonly Flag[] {
  return [configFlag, envFileFlag, ...own];
}

/**
 * Parses the arguments of a command that reads settings. For all its flags, a `.env` file counts as the environment; what
 * is wrong with that file is told when the settings are loaded. Throws UsageError.
 */
export function parseSettingsFlags(args: readonly string[], flags: readonly Flag[]): SettingsArguments {
  // The settings are read again later, and what the file says now must not win over what it will say then.
  const env = { ...process.env };
  const envFile = parseFlags(args, flags, env).flags[envFileFlag.name];
  const merged = mergeEnvironment({ env, envFile }).env;
  adoptOthers(merged);
  const parsed = parseFlags(args, flags, merged);
  const file = parsed.flags[configFlag.name];
  return { ...parsed, load: { env, envFile, file, knownVariables: flagVariables } };
}

/** What other parts of the process read of the environment: `KUBECONFIG`, proxies, `RUNBOAT_KUBECTL`. */
function adoptOthers(merged: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(merged)) {
    const isOurs = name.startsWith('RUNBOAT_') && name !== 'RUNBOAT_KUBECTL';
    if (!isOurs && value !== undefined) process.env[name] ??= value;
  }
}
