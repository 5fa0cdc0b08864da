/** What a function answers, kept until the version is another one. */
export function onceAVersion<T>(version: () => number, make: () => T): () => T {
  let kept: { version: number; value: T } | undefined;
  return () => {
    const now = version();
    if (kept?.version !== now) kept = { version: now, value: make() };
    return kept.value;
  };
}
