export interface ResourceAddress {
  /** Empty for the core group. */
  group: string;
  version: string;
  plural: string;
  namespace?: string | undefined;
  name?: string | undefined;
}

/** The path of a collection, or of one object when `name` is given. */
export function resourcePath(address: ResourceAddress): string {
  const { group, version, plural, namespace, name } = address;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${plural}${object}`;
}

/** The path of one object of a collection. */
export function objectPath(collectionPath: string, name: string): string {
  return `${collectionPath}/${encodeURIComponent(name)}`;
}

/** `plural` or `plural/subresource` of a path, a label of few values for metrics; `other` outside of resources. */
export function resourceOfPath(path: string): string {
  const [, plural, subresource] = RESOURCE.exec(path) ?? [];
  if (plural === undefined) return 'other';
  return subresource === undefined ? plural : `${plural}/${subresource}`;
}

/** Group and version, the namespace if something follows it, plural, name, subresource. */
const RESOURCE =
  /^\/(?:api|apis\/[^/?]+)\/[^/?]+(?:\/namespaces\/[^/?]+(?=\/[^/?]))?\/([^/?]+)(?:\/[^/?]+(?:\/([^/?]+))?)?/;

export type QueryValue = string | number | boolean | undefined;
export type Query = Readonly<Record<string, QueryValue>>;

/** `?a=1&b=2`, or nothing when no value is defined. */
export function queryString(query: Query = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
