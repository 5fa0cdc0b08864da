import type { Condition, InitStatus, Phase } from '../../crds/runboatbuild.generated.js';
import type { JobView, Observed, Verdict } from './observed.js';

/** One step towards the desired state. Each is safe to repeat and safe to lose half-way. */
export type Action =
  | { readonly type: 'addFinalizer' }
  | { readonly type: 'deleteBuild'; readonly why: string }
  | { readonly type: 'confirmDeployment' }
  | { readonly type: 'deploy'; readonly initStatus: InitStatus; readonly resolveAgain: boolean }
  | { readonly type: 'redeploy'; readonly resetRequestedAt: string }
  | { readonly type: 'deleteJob'; readonly job: JobView }
  | { readonly type: 'confirmJob'; readonly attempt: number }
  | { readonly type: 'confirmNoPods'; readonly deleteOrphans: boolean }
  | { readonly type: 'createJob'; readonly attempt: number }
  | { readonly type: 'markStarted' }
  | { readonly type: 'readInitResult'; readonly job: JobView }
  | { readonly type: 'finishInit'; readonly succeeded: boolean }
  | { readonly type: 'forgetLostJob'; readonly attempt: number }
  | { readonly type: 'refuseStart' }
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'applyStopMode' }
  | { readonly type: 'scaleDown' }
  | { readonly type: 'removeReplicaSets' }
  | { readonly type: 'createCleanupJob' }
  | { readonly type: 'removeLastPods' }
  | { readonly type: 'noteCleanupFailure'; readonly job: JobView }
  | { readonly type: 'removeResources' }
  | { readonly type: 'removeDeployment' }
  | { readonly type: 'removeSecret' }
  | { readonly type: 'removeFinalizer' };

export type SlotKind = 'initialize' | 'start' | 'cleanup';

export interface ConditionUpdate extends Verdict {
  readonly type: Condition['type'];
  readonly status: 'True' | 'False' | 'Unknown';
}

/** What the status should say; fields left out keep their value, null removes one. */
export interface Shown {
  readonly phase?: Phase;
  readonly initStatus?: InitStatus;
  readonly attempt?: number;
  readonly initializedFor?: string | null;
  readonly queuePosition?: number | null;
  readonly queuedAt?: string | null;
  readonly initStartedAt?: string | null;
  readonly initializedAt?: string | null;
  readonly readyAt?: string | null;
  readonly conditions?: readonly ConditionUpdate[];
}

export interface Wanted {
  readonly slot: SlotKind;
  /** Of the initialisation. */
  readonly attempt?: number;
  /** Milliseconds since the epoch before which the place is of no use. */
  readonly notBefore?: number;
}

export interface Plan {
  /** The next step; without one there is nothing to do but wait. */
  readonly action?: Action;
  /** A share of a limit without which the build cannot go on. */
  readonly wants?: Wanted;
  readonly show: Shown;
  /** Status must be stored before the action, because it is what a restart goes on from. */
  readonly statusFirst?: boolean;
  /** The grant of an initialisation stays written down, though no step is due; it holds no place meanwhile. */
  readonly keepsGrant?: boolean;
  /** Milliseconds since the epoch at which to look again even if nothing happens. */
  readonly lookAgainAt?: number;
}

/** One named check of a policy: the plan if it applies, undefined to ask the next one. */
export type Check = (observed: Observed, now: number) => Plan | undefined;

/** The first plan of an ordered list of checks; throws when none applies, which is a bug of the list. */
export function firstOf(checks: readonly Check[], observed: Observed, now: number): Plan {
  for (const check of checks) {
    const plan = check(observed, now);
    if (plan) return plan;
  }
  throw new Error(`no check of the policy applies to build ${observed.build.metadata.name}`);
}

export function condition(
  type: Condition['type'],
  status: ConditionUpdate['status'],
  verdict: Verdict,
): ConditionUpdate {
  return { type, status, reason: verdict.reason, message: verdict.message };
}
