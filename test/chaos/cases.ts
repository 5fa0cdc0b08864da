import type { LifeName } from './lives.js';
import { type FaultName, faultNames, type PlannedFault } from './planned-faults.js';
import { Random } from './random.js';

/** One scenario of a campaign, as data. */
export interface Case {
  /** Unique in the campaign; the name of its namespace too. */
  readonly name: string;
  readonly plan: readonly PlannedFault[];
  readonly operators: 1 | 2;
  readonly resync: string;
  readonly life: LifeName;
  readonly skewed: boolean;
}

/** Only the comparison of the caches makes these good. */
const losses: readonly FaultName[] = ['event-lose', 'event-silence'];
/** In one scenario so many faults of an enumeration happen, far from each other; after a kill all takes longer. */
const perScenario = { kill: 4, other: 8 };
/** How many writes, reads, renewals, events and tenths of a second a scenario can come to. */
const reach = { write: 700, read: 400, lease: 200, event: 600, time: 400 };
/** Least and most of each between two faults. */
const gaps: Record<keyof typeof faultNames, readonly [number, number]> = {
  write: [8, 40],
  read: [10, 50],
  lease: [20, 60],
  event: [12, 50],
  time: [60, 300],
};

/** The scenario of this number of a campaign with this seed: faults of all kinds at random places. */
export function randomCase(seed: string, number: number): Case {
  const random = new Random(`${seed}/${number}`);
  const operators = random.pick([1, 2] as const);
  const resync = random.pick(['3s', '5m']);
  const kinds = Object.keys(faultNames) as (keyof typeof faultNames)[];
  const plan = kinds.flatMap((on) => {
    const names = faultNames[on].filter((name) => resync === '3s' || !losses.includes(name));
    return [...places(random, on)].map((place) => ({
      on,
      number: place,
      name: random.pick<FaultName>(names),
    }));
  });
  return {
    name: `random-${number}`,
    plan,
    operators,
    resync,
    life: 'whole',
    skewed: random.pick([true, false]),
  };
}

/** Each of the faults at every one of so many writes or events of a scenario. */
export function enumeratedCases(counts: { writes: number; events: number }): Case[] {
  const ofWrites = (['kill-before', 'kill-after', 'lose-answer'] as const).flatMap((name) =>
    everyPlace('write', name, counts.writes),
  );
  const ofEvents = (['event-lose', 'event-delay', 'event-repeat'] as const).flatMap((name) =>
    everyPlace('event', name, counts.events),
  );
  return [...ofWrites, ...ofEvents];
}

function* places(random: Random, on: keyof typeof faultNames): Generator<number> {
  const [least, most] = gaps[on];
  for (let place = random.between(1, most); place <= reach[on]; place += random.between(least, most))
    yield place;
}

function everyPlace(on: 'write' | 'event', name: FaultName, count: number): Case[] {
  const atOnce = name.startsWith('kill') ? perScenario.kill : perScenario.other;
  const apart = Math.ceil(count / atOnce);
  return Array.from({ length: apart }, (_, index) => ({
    name: `${name}-${index + 1}`,
    plan: Array.from({ length: atOnce }, (_, turn) => ({ on, number: index + 1 + turn * apart, name })),
    operators: 1 as const,
    resync: losses.includes(name) ? '3s' : '5m',
    life: 'brief',
    skewed: false,
  }));
}
