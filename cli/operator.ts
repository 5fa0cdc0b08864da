import { ConfigError } from '../lib/config/config-error.js';
import { loadConfig } from '../lib/config/load.js';
import { runOperator } from '../operator/main.js';
import { configFlag, flagVariables, leaseFlag, resyncFlag } from './flags.js';
import { durationOf, stopSignal } from './long-running.js';
import { describeFlags, parseFlags, UsageError } from './usage.js';

/** `runboat operator`: runs until SIGTERM or SIGINT. */
export async function run(args: string[]): Promise<number> {
  const flags = [configFlag, resyncFlag, leaseFlag];
  const { help, words, flags: given } = parseFlags(args, flags);
  if (help) {
    process.stdout.write(describeFlags('runboat operator [OPTIONS]', flags));
    return 0;
  }
  if (words.length > 0) throw new UsageError(`runboat operator takes no argument such as "${words[0]}".`);
  const resyncMs = durationOf('resync', given, { least: 100, usual: 5 * 60_000 });
  const leaseMs = durationOf('lease-duration', given, { least: 1_000, usual: 12_000 });
  try {
    const { config, warnings } = loadConfig({
      file: given['config'],
      env: process.env,
      process: 'operator',
      knownVariables: flagVariables,
    });
    await runOperator({ config, warnings, resyncMs, leaseMs, signal: stopSignal() });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}
