import { isDeepStrictEqual } from 'node:util';
import type { ConfigProblem } from './config-error.js';
import { isTree, type Tree } from './draft.js';
import type { Config } from './types.js';

/** What a process takes from its settings once, when it starts. */
const FIXED: readonly { readonly key: string; readonly of: (config: Config) => unknown }[] = [
  { key: 'namespace', of: (config) => config.namespace },
  { key: 'resourceTypes', of: (config) => config.resourceTypes },
  { key: 'http.port', of: (config) => config.http.port },
  { key: 'metricsPort', of: (config) => config.metricsPort },
];

/** A problem for each of these settings that is another one than in the running process. */
export function changedFixedSettings(values: Tree, running: Config): ConfigProblem[] {
  return FIXED.filter(({ key, of }) => !isDeepStrictEqual(valueAt(values, key), of(running))).map(
    ({ key }) => ({
      path: key,
      message: `restart needed: ${key} cannot change while the process runs; restart it, or put the old value back`,
    }),
  );
}

function valueAt(values: Tree, key: string): unknown {
  return key.split('.').reduce<unknown>((value, name) => (isTree(value) ? value[name] : undefined), values);
}
