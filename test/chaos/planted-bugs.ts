import type { PlannedFault } from './planned-faults.js';
import type { Patch } from './program-copy.js';
import type { ScenarioOptions } from './scenario.js';

/** A known kind of bug, how it gets into a copy of the program, and the scenario that must tell it. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** One that is over as soon as the bug is seen. */
  readonly scenario: Pick<ScenarioOptions, 'plan' | 'life' | 'patienceMs'>;
  /** What a problem of the scenario says: what a slow machine alone does not make it say. */
  readonly told: RegExp;
}

const plain: PlantedBug['scenario'] = { life: 'single', plan: [] };
/** Every event is the last one of its watch. */
const cuts = Array.from(
  { length: 40 },
  (_, index): PlannedFault => ({ on: 'event', number: index + 1, name: 'event-cut' }),
);

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a slot counted from a cold cache',
    patches: [{ file: 'operator/term.js', find: '(await informer.resync()) === 0', replace: 'true' }],
    scenario: { life: 'waiting', plan: [{ on: 'write', number: 26, name: 'stop-older-jobs' }] },
    told: /initialisations were unfinished at once/,
  },
  {
    name: 'a finalizer removed too early',
    patches: [
      {
        file: 'operator/plan/plan-cleanup.js',
        find: '    cleanupRefused,\n    cleanupFailed,',
        replace: '    removeFinalizer,\n    cleanupFailed,',
      },
    ],
    scenario: plain,
    told: /gone without a cleanup/,
  },
  {
    name: 'a delete by name without UID',
    patches: [
      {
        file: 'operator/act/cleanup.js',
        find: 'client.delete(path, { uid, propagationPolicy });',
        replace: 'client.delete(path, { propagationPolicy });',
      },
    ],
    scenario: plain,
    told: /deletes without a UID/,
  },
  {
    name: 'a watch that stops silently',
    patches: [{ file: 'lib/kube/reflector.js', find: 'await this.afterFailure(error);', replace: 'return;' }],
    // Nothing else ends the wait.
    scenario: { life: 'single', plan: cuts, patienceMs: 30_000 },
    told: /in vain for .*nothing watches/s,
  },
  {
    name: 'a hot loop',
    patches: [
      {
        file: 'operator/reconciler.js',
        find: 'Math.max(0, plan.lookAgainAt - this.services.now())',
        replace: '0',
      },
    ],
    scenario: plain,
    told: /hot loop/,
  },
];
