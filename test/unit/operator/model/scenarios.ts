import fc from 'fast-check';
import type { Limits } from '../../../../operator/limits.js';
import { hastyEvent, restlessEvent, type UserEvent, userEvent } from './users.js';
import { type FaultKind, faultKinds } from './world-client.js';

/** What happens to a write of a kind of objects (empty: of any), after so many of them since the fault before. */
export interface Fault {
  readonly writes: number;
  readonly of: string;
  readonly kind: FaultKind;
}

export interface Scenario {
  /** Of everything that chance decides. */
  readonly seed: number;
  readonly limits: Limits;
  readonly events: readonly UserEvent[];
  readonly faults: readonly Fault[];
  /** Of watch events that are lost, per thousand. */
  readonly lostEvents: number;
  /** Somebody else has an object of the name that build `f` needs. */
  readonly collision: boolean;
  /** Of initialise jobs that a user deletes soon after they were made, per thousand. */
  readonly unwantedJobs: number;
}

const fault: fc.Arbitrary<Fault> = fc.record({
  writes: fc.oneof(fc.nat(2), fc.nat(30)),
  of: fc.constantFrom('', '', 'jobs', 'jobs', 'deployments', 'runboatbuilds', 'leases'),
  kind: fc.constantFrom(...faultKinds),
});

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  limits: fc.record({
    initializing: fc.integer({ min: 1, max: 3 }),
    started: fc.integer({ min: 1, max: 3 }),
    deployed: fc.integer({ min: 2, max: 6 }),
    cleaning: fc.integer({ min: 1, max: 3 }),
  }),
  events: fc.array(userEvent, { minLength: 1, maxLength: 50, size: 'max' }),
  faults: fc.array(fault, { maxLength: 15, size: 'max' }),
  lostEvents: fc.constantFrom(0, 0, 20, 200),
  collision: fc.boolean(),
  unwantedJobs: fc.constantFrom(0, 0, 300),
});

const crash: fc.Arbitrary<Fault> = fc.record({
  writes: fc.nat(8),
  of: fc.constantFrom('jobs', 'deployments', 'deployments'),
  kind: fc.constantFrom('crashLate', 'crashLate', 'crashAfter'),
});

/** Operators are killed again and again, with writes of theirs on the way, while places are few. */
export const handovers: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  limits: fc.constant({ initializing: 2, started: 1, deployed: 6, cleaning: 1 }),
  events: fc.array(restlessEvent, { minLength: 10, maxLength: 40, size: 'max' }),
  faults: fc.array(crash, { minLength: 3, maxLength: 15, size: 'max' }),
  lostEvents: fc.constant(0),
  collision: fc.constant(false),
  unwantedJobs: fc.constant(0),
});

/** Users delete initialise jobs as soon as they are there, and often the build too, while operators are killed. */
export const unwanted: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  limits: fc.constant({ initializing: 2, started: 2, deployed: 6, cleaning: 2 }),
  events: fc.array(hastyEvent, { minLength: 10, maxLength: 40, size: 'max' }),
  faults: fc.array(fault, { maxLength: 15, size: 'max' }),
  lostEvents: fc.constantFrom(0, 0, 200),
  collision: fc.constant(false),
  unwantedJobs: fc.constant(600),
});

const minute = 60_000;
const pullRequest = { type: 'create', branch: 0, pr: true, spec: {} } as const;
const wish = (spec: object) => ({ type: 'edit', spec }) as const;
const scarce = { initializing: 2, started: 1, deployed: 6, cleaning: 1 };

/** The operator is killed while it scales a build, and meanwhile users want another one instead. */
const changedStart: fc.Arbitrary<Scenario> = fc
  .record({ seed: fc.integer(), writes: fc.nat(12), soon: fc.nat(400), later: fc.nat(4_000) })
  .map(({ seed, writes, soon, later }) => ({
    seed,
    limits: scarce,
    events: [
      { ...pullRequest, after: 0, build: 0 },
      { ...pullRequest, after: 0, build: 1 },
      { ...wish({ replicas: 1 }), after: minute, build: 0 },
      { ...wish({ replicas: 0 }), after: soon, build: 0 },
      { ...wish({ replicas: 1 }), after: later, build: 1 },
      { ...wish({ replicas: 1 }), after: 20_000, build: 1 },
    ],
    faults: [{ writes, of: 'deployments', kind: 'crashLate' as const }],
    lostEvents: 0,
    collision: false,
    unwantedJobs: 0,
  }));

/** The operator is killed while it makes a job, and meanwhile another build has become more urgent. */
const changedOrder: fc.Arbitrary<Scenario> = fc
  .record({ seed: fc.integer(), writes: fc.nat(2), soon: fc.nat(2_000), later: fc.nat(1_000) })
  .map(({ seed, writes, soon, later }) => ({
    seed,
    limits: { ...scarce, initializing: 1 },
    events: [
      { ...pullRequest, after: 0, build: 0 },
      { ...pullRequest, after: soon, build: 1 },
      { ...wish({ priority: 2 }), after: later, build: 1 },
      { ...wish({ priority: 2 }), after: minute, build: 1 },
    ],
    faults: [{ writes, of: 'jobs', kind: 'crashLate' as const }],
    lostEvents: 0,
    collision: false,
    unwantedJobs: 0,
  }));

/** Users change their minds while an operator is killed and a write of its is still on its way. */
export const changedMinds: fc.Arbitrary<Scenario> = fc.oneof(changedStart, changedOrder);
