import { parseEnv } from 'node:util';
import { FilesRead, UnreadableFile } from '../lib/config/files-read.js';
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
  forgetPreloaded(parseFlags(args, flags, {}).flags[envFileFlag.name]);
  // The settings are read again later, and what the file says now must not win over what it will say then.
  const env = { ...process.env };
  const envFile = parseFlags(args, flags, env).flags[envFileFlag.name];
  const merged = mergeEnvironment({ env, envFile }).env;
  adoptOthers(merged);
  const parsed = parseFlags(args, flags, merged);
  const file = parsed.flags[configFlag.name];
  return { ...parsed, load: { env, envFile, file, knownVariables: flagVariables } };
}

/**
 * Node.js 20 takes `--env-file` for its own behind the name of a program, too, unless `--` stands before, and puts what it
 * reads into the environment (https://github.com/nodejs/node/issues/54232). Such values would win over the file for ever.
 */
function forgetPreloaded(envFile: string | undefined): void {
  if (envFile === undefined) return;
  for (const [name, value] of Object.entries(parseEnv(textOf(envFile)))) {
    if (process.env[name] === value) delete process.env[name];
  }
}

/** Nothing for a file that cannot be read: those who load the settings tell why. */
function textOf(file: string): string {
  try {
    return new FilesRead().read(file);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    return '';
  }
}

/** What other parts of the process read of the environment: `KUBECONFIG`, proxies, `RUNBOAT_KUBECTL`. */
function adoptOthers(merged: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(merged)) {
    const isOurs = name.startsWith('RUNBOAT_') && name !== 'RUNBOAT_KUBECTL';
    if (!isOurs && value !== undefined) process.env[name] ??= value;
  }
}
