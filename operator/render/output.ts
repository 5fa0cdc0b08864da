import { dump } from 'js-yaml';
import type { KubeResource } from './types.js';

/** Rendered resources as one YAML text of several documents, as `kubectl apply -f -` takes it. */
export function toYaml(resources: readonly KubeResource[]): string {
  return resources.map((resource) => dump(resource, { noRefs: true, lineWidth: -1 })).join('---\n');
}
