import type { ConfigProblem } from '../lib/config/config-error.js';
import type { Config } from '../lib/config/types.js';
import type { BuildView } from './plan/observed.js';

/** A problem for each bundle that the next settings do not have any more and that builds use. */
export function droppedBundles(next: Config, now: Config, builds: Iterable<BuildView>): ConfigProblem[] {
  const dropped = Object.keys(now.bundles).filter((name) => !Object.hasOwn(next.bundles, name));
  if (dropped.length === 0) return [];
  const used = [...builds].map(({ spec, status }) => status?.resolved?.kubefiles ?? spec.kubefiles);
  return dropped.flatMap((name) => {
    const count = used.filter((bundle) => bundle === name).length;
    return count === 0 ? [] : [{ path: `bundles.${name}`, message: inUse(name, count) }];
  });
}

function inUse(name: string, count: number): string {
  const who = count === 1 ? 'one build uses it' : `${count} builds use it`;
  return `the bundle \`${name}\` cannot be dropped: ${who}, and cleaning up needs it; put it back, or delete what uses it first`;
}
