import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** 30 s if not given. */
  timeoutMs?: number;
  /** What is waited for, for the message; a function can tell what was seen last. */
  describe?: string | (() => unknown);
  /** 50 ms if not given. */
  intervalMs?: number;
}

/**
 * Asks again and again until the condition gives something true, and gives that. Throws on timeout,
 * saying what was waited for and the last answer or error; an error of the condition counts as "not yet".
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 30_000, describe = 'a condition', intervalMs = 50 }: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { value, text } = await attempt(condition);
    if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
    if (Date.now() > deadline) {
      const what = typeof describe === 'string' ? describe : JSON.stringify(describe());
      throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}; last seen: ${text}`);
    }
    await sleep(intervalMs);
  }
}

async function attempt<T>(condition: () => T | Promise<T>): Promise<{ value?: T; text: string }> {
  try {
    const value = await condition();
    return { value, text: JSON.stringify(value) ?? 'nothing' };
  } catch (error) {
    return { text: String(error) };
  }
}
