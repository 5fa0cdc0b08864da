import { isDeepStrictEqual } from 'node:util';
import type { Condition, RunboatBuildStatus } from '../../crds/runboatbuild.generated.js';
import type { Observed } from './observed.js';
import type { ConditionUpdate, Shown } from './plan.js';

/** Conditions in the order in which a build goes through them. */
const order: readonly Condition['type'][] = ['Deployed', 'Initialized', 'Ready', 'UpToDate', 'CleanedUp'];

/**
 * The status that says what is observed and what the plan shows; the same object as before when nothing
 * changes. Fields that the operator's commit-status reporter owns are left alone.
 */
export function nextStatus(observed: Observed, show: Shown, now: number): RunboatBuildStatus {
  const before: RunboatBuildStatus = observed.build.status ?? {};
  const { conditions: updates = [], ...fields } = show;
  const conditions = mergeConditions(
    before.conditions ?? [],
    updates,
    observed.build.metadata.generation,
    now,
  );
  const merged = {
    ...before,
    ...common(observed),
    ...fields,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
  const next = withoutNull(merged);
  return isDeepStrictEqual(next, before) ? before : next;
}

function common(observed: Observed): Partial<RunboatBuildStatus> {
  const { build, deployment, facts } = observed;
  const resolved = facts.resolved;
  return {
    observedGeneration: build.metadata.generation,
    replicas: deployment?.statusReplicas ?? 0,
    readyReplicas: deployment?.readyReplicas ?? 0,
    ...(deployment?.lastScaled ? { lastScaledAt: deployment.lastScaled } : {}),
    ...(resolved
      ? {
          url: resolved.url,
          resolved: { image: resolved.image, kubefiles: resolved.kubefiles, rule: resolved.rule },
        }
      : {}),
  };
}

function mergeConditions(
  before: readonly Condition[],
  updates: readonly ConditionUpdate[],
  generation: number,
  now: number,
): Condition[] {
  const merged = new Map(before.map((condition) => [condition.type, condition]));
  for (const update of updates)
    merged.set(update.type, mergeCondition(merged.get(update.type), update, generation, now));
  return order.flatMap((type) => merged.get(type) ?? []);
}

function mergeCondition(
  before: Condition | undefined,
  update: ConditionUpdate,
  observedGeneration: number,
  now: number,
): Condition {
  const message = shorten(update.message, 1024);
  const unchanged =
    before?.status === update.status && before.reason === update.reason && before.message === message;
  // A condition that says the same is left as it is, or each change of the spec would rewrite all of them.
  if (unchanged) return before;
  const lastTransitionTime =
    before?.status === update.status
      ? before.lastTransitionTime
      : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return { ...update, message, observedGeneration, lastTransitionTime };
}

/** Cuts a sentence to what a condition or an Event can hold, without splitting a character. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function withoutNull(status: Record<string, unknown>): RunboatBuildStatus {
  return Object.fromEntries(
    Object.entries(status).filter(([, value]) => value !== null),
  ) as RunboatBuildStatus;
}

/**
 * The JSON merge patch (RFC 7396) that turns one status into another: only what differs, null for what goes.
 * Undefined when nothing differs.
 */
export function statusPatch(
  before: RunboatBuildStatus | undefined,
  after: RunboatBuildStatus,
): Record<string, unknown> | undefined {
  const old = (before ?? {}) as Record<string, unknown>;
  const fresh = after as Record<string, unknown>;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(old)) if (!(key in fresh)) patch[key] = null;
  for (const [key, value] of Object.entries(fresh))
    if (!isDeepStrictEqual(old[key], value)) patch[key] = value;
  return Object.keys(patch).length > 0 ? patch : undefined;
}
