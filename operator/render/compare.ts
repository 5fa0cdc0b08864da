import { isDeepStrictEqual } from 'node:util';
import { groupOf } from './kinds.js';

/** Where two renderings differ first, and how. */
export interface Difference {
  readonly path: string;
  readonly actual: unknown;
  readonly expected: unknown;
}

type Tree = Readonly<Record<string, unknown>>;

/** Compares resources by identity, in any order; Secret data decoded. Undefined when they are equal. */
export function firstDifference(
  actual: readonly unknown[],
  expected: readonly unknown[],
): Difference | undefined {
  const wanted = new Map(expected.map((resource) => [identityOf(resource as Tree), resource as Tree]));
  for (const resource of actual) {
    const identity = identityOf(resource as Tree);
    const other = wanted.get(identity);
    if (other === undefined)
      return { path: `${identity} (it exists only with tokens)`, actual: resource, expected: undefined };
    wanted.delete(identity);
    const found = differ(decoded(resource as Tree), decoded(other), identity);
    if (found !== undefined) return found;
  }
  const [left] = wanted;
  return (
    left && { path: `${left[0]} (it exists only with values in place)`, actual: undefined, expected: left[1] }
  );
}

function identityOf(resource: Tree): string {
  const metadata = resource['metadata'] as { name?: unknown; namespace?: unknown } | undefined;
  const group = groupOf(String(resource['apiVersion']));
  return `${String(resource['kind'])}${group && `.${group}`} ${String(metadata?.namespace ?? '')}/${String(metadata?.name)}`;
}

function decoded(resource: Tree): Tree {
  const field =
    resource['kind'] === 'Secret' ? 'data' : resource['kind'] === 'ConfigMap' ? 'binaryData' : undefined;
  const data = field === undefined ? undefined : resource[field];
  if (field === undefined || typeof data !== 'object' || data === null) return resource;
  const plain = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(String(value), 'base64').toString('latin1'),
  ]);
  return { ...resource, [field]: Object.fromEntries(plain) };
}

function differ(actual: unknown, expected: unknown, path: string): Difference | undefined {
  if (isDeepStrictEqual(actual, expected) || isSameText(actual, expected, path)) return undefined;
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length === expected.length) {
    return firstOf(actual.map((item, index) => () => differ(item, expected[index], `${path}[${index}]`)));
  }
  if (!isMap(actual) || !isMap(expected)) return { path, actual, expected };
  const keys = [...new Set([...Object.keys(actual), ...Object.keys(expected)])];
  return firstOf(keys.map((key) => () => differ(actual[key], expected[key], `${path}.${key}`)));
}

// Where Kubernetes only takes text, our text is right and a bare number in place would have been refused.
const TEXT_PLACES =
  /^ConfigMap [^.]*\.data\.|\.(labels|annotations|matchLabels|stringData)\.[^[]*$|\.env\[\d+\]\.value$/;

function isSameText(actual: unknown, expected: unknown, path: string): boolean {
  const bare = typeof expected === 'number' || typeof expected === 'boolean';
  return bare && actual === String(expected) && TEXT_PLACES.test(path);
}

function firstOf(checks: readonly (() => Difference | undefined)[]): Difference | undefined {
  for (const check of checks) {
    const found = check();
    if (found !== undefined) return found;
  }
  return undefined;
}

function isMap(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
