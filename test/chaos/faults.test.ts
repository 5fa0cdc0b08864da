import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Cluster, startCluster } from '../cluster/control-plane.js';
import { installDefinition } from '../cluster/definition.js';
import type { FaultName, faultNames, PlannedFault } from './planned-faults.js';
import { runScenario, type ScenarioReport } from './scenario.js';

// Scenarios mostly wait; a loaded machine makes them wait longer.
jest.setTimeout(600_000);
const patienceMs = 180_000;

interface ShortCase {
  readonly does: string;
  readonly name: string;
  readonly plan: readonly PlannedFault[];
  readonly operators?: 1 | 2;
  readonly resync?: string;
}

/** The short form of `make chaos`: every kind of fault but some of the reads, at places known to matter. */
const cases: readonly ShortCase[] = [
  {
    name: 'killed',
    does: 'it is killed just before and just after writes',
    plan: [...at('write', 'kill-before', 14, 90), ...at('write', 'kill-after', 45, 140)],
  },
  {
    name: 'unanswered',
    does: 'answers of writes are lost, late, or never come',
    plan: [
      ...at('write', 'lose-answer', 9, 33, 60, 110),
      ...at('write', 'hang', 70),
      ...at('write', 'delay', 21),
      ...at('write', 'drop', 28, 120),
      ...at('lease', 'lease-lose-answer', 12),
    ],
  },
  {
    name: 'refused',
    does: 'the API server answers 429, 500, 409 and 410',
    plan: [
      ...at('write', 'answer-429', 10, 75),
      ...at('write', 'answer-500', 25, 50, 130),
      ...at('write', 'answer-conflict', 41, 95),
      ...at('read', 'read-500', 3, 30),
      ...at('read', 'read-410', 8, 9),
      ...at('event', 'event-expire', 40, 90),
      ...at('event', 'event-cut', 20, 60),
    ],
  },
  {
    name: 'events',
    does: 'events of watches are lost, late or repeated, and a watch falls silent',
    resync: '3s',
    plan: [
      ...at('event', 'event-lose', 6, 25, 44, 80, 100),
      ...at('event', 'event-delay', 15, 52),
      ...at('event', 'event-repeat', 31, 70),
      ...at('event', 'event-silence', 65),
    ],
  },
  {
    name: 'deposed',
    does: 'it is stopped past its Lease while another takes over, and a write of it arrives later',
    operators: 2,
    plan: [...at('write', 'pause', 35), ...at('write', 'pause-late-write', 85)],
  },
  {
    name: 'stale',
    does: 'its successor begins with older lists',
    plan: [...at('write', 'kill-older-lists', 50), ...at('time', 'time-kill-older-jobs', 60)],
  },
];

describe('an operator keeps its promises when', () => {
  let cluster: Cluster;
  const reports = new Map<string, Promise<ScenarioReport>>();

  beforeAll(async () => {
    cluster = await startCluster({ audit: true });
    await installDefinition(cluster);
    // Two at a time, because a machine that is too busy looks like a fault itself.
    let before: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
    for (const { name, does: _, ...rest } of cases) {
      const [first, second] = before;
      const report = (first ?? Promise.resolve()).then(() =>
        runScenario({ cluster, namespace: name, patienceMs, log: console.log, ...rest }),
      );
      reports.set(name, report);
      before = [second ?? Promise.resolve(), report];
    }
  });

  afterAll(async () => {
    await Promise.allSettled(reports.values());
    await cluster?.stop();
  });

  it.each(cases)('$does', async ({ name, plan }) => {
    const report = await reports.get(name);
    expect(report?.problems).toEqual([]);
    expect(report?.happened.size).toBe(new Set(plan.map((fault) => fault.name)).size);
  });
});

function at(on: keyof typeof faultNames, name: FaultName, ...numbers: number[]): PlannedFault[] {
  return numbers.map((number) => ({ on, number, name }));
}
