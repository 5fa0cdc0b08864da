import { parseDuration } from '../lib/config/scalars.js';
import { UsageError } from './usage.js';

/** After SIGTERM the process ends within this time, milliseconds, whatever still hangs. */
const stopWithin = 9_000;

/** Aborted by SIGTERM or SIGINT; the process is to end then. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    controller.abort();
    setTimeout(() => process.exit(1), stopWithin).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  return controller.signal;
}

/** The duration of a flag in milliseconds. Throws UsageError for what is none, or is too short. */
export function durationOf(
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
