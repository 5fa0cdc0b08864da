/**
 * A task that many ask for at the same time: each caller gets the end of a run that began after it asked, and those
 * that wait for one share it.
 */
export function shareRuns(run: () => Promise<unknown>): () => Promise<unknown> {
  let current: Promise<unknown> | undefined;
  let next: Promise<unknown> | undefined;
  const begin = (): Promise<unknown> => {
    current = run().finally(() => {
      current = undefined;
    });
    return current;
  };
  return () => {
    if (current === undefined) return begin();
    next ??= current
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  };
}
