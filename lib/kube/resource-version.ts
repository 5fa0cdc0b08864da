/**
 * Compares two resourceVersions of one kind of one cluster: negative when `a` is older.
 *
 * They are etcd revisions, decimal integers that only grow; that clients may compare them is promised by KEP-5504
 * (comparable resource versions). Compared by length and then by digits, so that no precision is lost.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isNewer(a: string, than: string): boolean {
  return compareResourceVersions(a, than) > 0;
}
