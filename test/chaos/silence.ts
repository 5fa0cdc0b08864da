import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../support/wait-for.js';
import type { FaultProxy } from './fault-proxy.js';
import type { Operators } from './operators.js';

/** What an operator with nothing to do may do in a second; requests for the Lease do not count. */
const idle = [
  { what: 'writes', most: 0 },
  { what: 'requests', most: 6 },
  { what: 'passes over builds', most: 3 },
  { what: 's of CPU', most: 0.3 },
];

/** Passes over builds a second, without a single write, that nothing explains. */
const hotLoop = 100;

export interface Silence {
  readonly proxy: FaultProxy;
  readonly operators: Operators;
  /** How many of them there are. */
  readonly count: number;
  /** How long it must last, and how long is waited for its beginning. */
  readonly milliseconds: number;
  readonly patienceMs: number;
}

/**
 * Waits until nothing but the Lease is written, and nothing much is read, looked at or reckoned.
 * @throws Error that tells what was done instead.
 */
export async function expectSilence(silence: Silence): Promise<void> {
  const { count, milliseconds, patienceMs } = silence;
  const seconds = (count * milliseconds) / 1000;
  let seen = 'silence, not a process too busy to tell what it does';
  const quiet = async () => {
    const before = await measure(silence);
    await sleep(milliseconds);
    const after = await measure(silence);
    if (!before || !after) return false;
    const [writes = 0, , passes = 0] = after.map((value, index) => value - (before[index] ?? 0));
    if (writes === 0 && passes > hotLoop * seconds) return { isHot: true };
    const used = idle.map(({ what, most }, index) => {
      const value = (after[index] ?? 0) - (before[index] ?? 0);
      return { text: `${Number(value.toFixed(2))} ${what}`, isFine: value <= most * seconds };
    });
    seen = `silence, not ${used.map(({ text }) => text).join(', ')}`;
    return used.every(({ isFine }) => isFine) && { isHot: false };
  };
  // Sweeps and comparisons that follow a start are part of the way to it.
  const timeoutMs = patienceMs + 2 * milliseconds;
  const { isHot } = await waitFor(quiet, { timeoutMs, intervalMs: 100, describe: () => seen });
  if (isHot)
    throw new Error(`a hot loop: over ${hotLoop} passes over builds a second, and not a single write`);
}

async function measure({ proxy, operators }: Silence): Promise<number[] | undefined> {
  const used = await operators.usage();
  return used && [proxy.writes, proxy.requests, used.passes, used.cpuSeconds];
}
