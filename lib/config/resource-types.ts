/** A kind of resource as kubectl's users write it, in lower case: `pvc`, `deployments.apps`. */
export interface ResourceType {
  /** A plural, singular or short name. */
  readonly name: string;
  readonly version?: string;
  readonly group?: string;
}

const VERSION = /^v\d+(?:(?:alpha|beta)\d+)?$/;

/** Takes `NAME`, `NAME.GROUP` and `NAME.VERSION.GROUP` apart. What it stands for is found by discovery. */
export function parseResourceType(spelling: string): ResourceType {
  const [name = '', ...rest] = spelling.trim().toLowerCase().split('.');
  if (rest.length === 0) return { name };
  const [first = ''] = rest;
  if (!VERSION.test(first)) return { name, group: rest.join('.') };
  const group = rest.slice(1).join('.');
  return group === '' ? { name, version: first } : { name, version: first, group };
}
