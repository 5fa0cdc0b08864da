import { it } from '@jest/globals';

/**
 * Steps of one story, each a test that stands on those before it: after one has failed, the rest fails
 * at once and says why. `explain` is asked for what is worth knowing after a failure.
 */
export function scenario(
  explain: () => Promise<string>,
): (name: string, work: () => Promise<void>, timeoutMs?: number) => void {
  let broken: string | undefined;
  return (name, work, timeoutMs = 180_000) => {
    it(
      name,
      async () => {
        if (broken !== undefined) throw notTried(broken);
        broken = name;
        try {
          await work();
        } catch (error) {
          process.stderr.write(`\nAfter the failure of "${name}":\n${await explain()}\n`);
          throw error;
        }
        broken = undefined;
      },
      timeoutMs,
    );
  };
}

/** Without a stack: the place to look at is that of the earlier failure. */
function notTried(broken: string): Error {
  const error = new Error(`Not tried, because an earlier step failed: ${broken}.`);
  error.stack = error.message;
  return error;
}
