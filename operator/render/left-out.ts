import { groupOf } from './kinds.js';
import type { KubeResource } from './types.js';

/**
 * Fields of a Job's spec with which it would take its place among the initialisations and never give it back, or be
 * gone before its end is seen, or count pods of others; `selector` is made by Kubernetes without them.
 */
const jobFields = ['suspend', 'managedBy', 'ttlSecondsAfterFinished', 'manualSelector', 'selector'] as const;

/** The spec of a Job as the operator creates it. */
export function withoutLeftOut(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = { ...spec };
  for (const field of jobFields) delete kept[field];
  return kept;
}

/** A sentence for each Job that says which of its fields the operator leaves out. */
export function leftOut(resources: readonly KubeResource[]): string[] {
  return resources.flatMap((resource) => {
    if (resource.kind !== 'Job' || groupOf(resource.apiVersion) !== 'batch') return [];
    const spec = (resource['spec'] ?? {}) as Record<string, unknown>;
    const found = jobFields.filter((field) => spec[field] !== undefined);
    if (found.length === 0) return [];
    return [
      `Job ${resource.metadata.name} sets ${found.join(' and ')}, which the operator leaves out, because it decides itself when a job runs and for how long it is kept; take that out of the bundle.`,
    ];
  });
}
