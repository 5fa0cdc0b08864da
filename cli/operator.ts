import { ConfigError } from '../lib/config/config-error.js';
import { loadConfig } from '../lib/config/load.js';
import { parseDuration } from '../lib/config/scalars.js';
import { runOperator } from '../operator/main.js';
import { configFlag, flagVariables, leaseFlag, resyncFlag } from './flags.js';
import { describeFlags, parseFlags, UsageError } from './usage.js';

/** After SIGTERM the process ends within this time, milliseconds, whatever still hangs. */
const stopWithin = 9_000;

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

function durationOf(
  flag: string,
  given: Readonly<Record<string, string | undefined>>,
  { least, usual }: { least: number; usual: number },
): number {
  const text = given[flag];
  if (text === undefined) return usual;
  const duration = parseDuration(text);
  if (typeof duration === 'number' && duration >= least) return duration;
  throw new UsageError(
    `--${flag} wants a duration of at least ${least} ms, such as 30s or 5m; "${text}" is none.`,
  );
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    controller.abort();
    setTimeout(() => process.exit(1), stopWithin).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  return controller.signal;
}
