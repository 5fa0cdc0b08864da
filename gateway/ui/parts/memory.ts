/** What remembers texts by their keys. */
export type Memory = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * The memory of the browser or of one of its tabs. Where it refuses to keep anything for this site, even to be asked
 * is an error (WHATWG HTML, 12.2.3): then things are remembered for as long as the page is open.
 */
export function memoryOf(
  kind: 'localStorage' | 'sessionStorage',
  owner: Readonly<Record<typeof kind, Memory>> = window,
): Memory {
  try {
    return owner[kind];
  } catch {
    return memoryOfPage();
  }
}

function memoryOfPage(): Memory {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
