import type { PlannedFault } from './planned-faults.js';
import type { Patch } from './program-copy.js';
import type { ScenarioOptions } from './scenario.js';

/** A known kind of bug, how it gets into a copy of the program, and the scenario that must tell it. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly scenario: Pick<ScenarioOptions, 'plan' | 'initSeconds' | 'patienceMs'>;
  /** What a problem of the scenario says. */
  readonly told: RegExp;
}

const everyFifthEventCuts: PlannedFault[] = Array.from({ length: 12 }, (_, index) => ({
  on: 'event',
  number: 5 * (index + 1),
  name: 'event-cut',
}));

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a slot counted from a cold cache',
    patches: [{ file: 'operator/term.js', find: '(await informer.resync()) === 0', replace: 'true' }],
    scenario: { plan: [{ on: 'time', number: 80, name: 'time-kill-older-jobs' }], initSeconds: 25 },
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
    scenario: { plan: [] },
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
    scenario: { plan: [] },
    told: /deletes without a UID/,
  },
  {
    name: 'a watch that stops silently',
    patches: [{ file: 'lib/kube/reflector.js', find: 'await this.afterFailure(error);', replace: 'return;' }],
    scenario: { plan: everyFifthEventCuts, patienceMs: 25_000 },
    told: /in vain/,
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
    scenario: { plan: [] },
    told: /in vain for .*silence, not .* passes/,
  },
];
