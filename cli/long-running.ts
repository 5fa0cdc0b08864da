import { setFlagsFromString } from 'node:v8';
import { parseDuration } from '../lib/config/scalars.js';
import { UsageError } from './usage.js';

/** After SIGTERM the process ends within this time, milliseconds, whatever still hangs. */
const stopWithin = 9_000;

/** By how much the heap may grow, in percent of what was alive at the last collection, before the next one. */
const heapGrowth = 50;

/**
 * Keeps the garbage of long lists from staying in memory: by itself V8 lets the heap grow to several times of what
 * is alive. Reading 10 000 builds five times, it held 209 MB with 38 MB alive; with this it holds 130 MB, for a fifth
 * more CPU while lists are read. Node has no option of its own for it.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowth}`);
}

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
