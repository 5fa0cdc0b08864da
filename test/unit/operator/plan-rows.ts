import { expect, it } from '@jest/globals';
import type { Phase } from '../../../crds/runboatbuild.generated.js';
import type { Action, Plan, SlotKind } from '../../../operator/plan/plan.js';
import { planBuild } from '../../../operator/plan/plan-build.js';
import { now, type ObservedParts, observed } from '../../support/observed.js';

/** A state in words, what is observed in it, and the parts of the plan that matter. */
export type Row = readonly [state: string, seen: ObservedParts, expected: Expected];

export interface Expected {
  readonly action?: Action['type'] | 'none';
  readonly wants?: SlotKind | 'none';
  readonly phase?: Phase;
  /** Condition type to status and reason, for example `Ready: 'False Stopped'`. */
  readonly conditions?: Record<string, string>;
  /** Further parts of the plan as it is. */
  readonly plan?: Partial<Plan>;
  /** Seconds from now. */
  readonly lookAgainIn?: number;
}

/** One test a row: `the plan for STATE`. */
export function testRows(rows: readonly Row[]): void {
  it.each(rows.map((row) => [...row] as [string, ObservedParts, Expected]))(
    '%s',
    (_state, seen, expected) => {
      const plan = planBuild(observed(seen), now);
      const { plan: parts, lookAgainIn, ...named } = expected;
      expect(summaryOf(plan)).toMatchObject(named);
      if (parts) expect(plan).toMatchObject(parts);
      if (lookAgainIn !== undefined)
        expect(((plan.lookAgainAt ?? Number.NaN) - now) / 1000).toBe(lookAgainIn);
    },
  );
}

function summaryOf({ action, wants, show }: Plan): Record<string, unknown> {
  const conditions = (show.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]);
  return {
    action: action?.type ?? 'none',
    wants: wants?.slot ?? 'none',
    phase: show.phase,
    conditions: Object.fromEntries(conditions),
  };
}
