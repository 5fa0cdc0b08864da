import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Cluster, startCluster } from '../cluster/control-plane.js';
import { installDefinition } from '../cluster/definition.js';
import type { FaultName, faultNames, PlannedFault } from './planned-faults.js';
import { plantedBugs } from './planted-bugs.js';
import { ProgramCopy } from './program-copy.js';
import { runScenario, type ScenarioOptions, type ScenarioReport } from './scenario.js';
import { Turns } from './turns.js';

// Scenarios mostly wait; a loaded machine makes them wait longer.
jest.setTimeout(600_000);
const patienceMs = 180_000;
const slowness = 2;
/** So many scenarios at once: a machine that is too busy looks like a fault itself. */
const parallel = 6;

interface ShortCase {
  readonly does: string;
  readonly name: string;
  readonly plan: readonly PlannedFault[];
  readonly operators?: 1 | 2;
  readonly skewed?: boolean;
  readonly resync?: string;
}

/** The short form of `make chaos`: faults of each kind, at places known to matter. */
const cases: readonly ShortCase[] = [
  {
    name: 'killed',
    does: 'it is killed just before and just after writes while users delete jobs, and its successor begins with older lists',
    plan: [
      ...at('write', 'delete-job-background', 6, 40),
      ...at('write', 'kill-before', 14),
      ...at('write', 'kill-older-lists', 50),
      ...at('write', 'stop-older-jobs', 75),
      ...at('write', 'kill-after', 100),
    ],
  },
  {
    name: 'unanswered',
    does: 'answers of writes are lost, late, never come, or are 429, 500, 409 and 410',
    plan: [
      ...at('write', 'lose-answer', 9, 33, 60),
      ...at('write', 'hang', 70),
      ...at('write', 'delay', 21),
      ...at('write', 'drop', 28),
      ...at('lease', 'lease-lose-answer', 12),
      ...at('write', 'answer-429', 10, 75),
      ...at('write', 'answer-500', 25, 50),
      ...at('write', 'answer-conflict', 41, 90),
      ...at('write', 'delete-job-foreground', 6, 55),
      ...at('read', 'read-500', 3, 30),
      ...at('read', 'read-410', 8, 9),
      ...at('event', 'event-expire', 40, 90),
    ],
  },
  {
    name: 'events',
    does: 'events of watches are lost, late or repeated, and watches are cut or fall silent',
    resync: '3s',
    plan: [
      ...at('event', 'event-lose', 6, 25, 44, 80, 100),
      ...at('event', 'event-delay', 15, 52),
      ...at('event', 'event-repeat', 31, 70),
      ...at('event', 'event-cut', 20, 60),
      ...at('event', 'event-silence', 65),
      ...at('write', 'delete-job-orphan', 6, 45),
    ],
  },
  {
    name: 'deposed',
    does: 'it is stopped past its Lease, and another operator leads whose clock is minutes away',
    operators: 2,
    skewed: true,
    plan: [...at('write', 'pause-late-write', 20), ...at('write', 'pause', 60)],
  },
];

let cluster: Cluster;
const turns = new Turns(parallel);
const reports = new Map<string, Promise<ScenarioReport>>();
const copies: ProgramCopy[] = [];

/** Begins a scenario as soon as it is its turn; a test gets the report by its name. */
function begin(namespace: string, options: Omit<ScenarioOptions, 'cluster' | 'namespace'>): void {
  const report = turns.take(() => runScenario({ cluster, namespace, slowness, ...options }));
  reports.set(namespace, report);
}

beforeAll(async () => {
  cluster = await startCluster({ audit: true });
  await installDefinition(cluster);
  for (const { name, does: _, ...rest } of cases)
    begin(name, { life: 'brief', patienceMs, log: console.log, ...rest });
  for (const [index, { patches, scenario }] of plantedBugs.entries()) {
    const copy = new ProgramCopy(patches);
    copies.push(copy);
    begin(`planted-${index}`, { program: copy.program, patienceMs, ...scenario });
  }
});

afterAll(async () => {
  await Promise.allSettled(reports.values());
  await cluster?.stop();
  for (const copy of copies) copy.remove();
});

describe('an operator keeps its promises when', () => {
  it.each(cases)('$does', async ({ name, plan }) => {
    const report = await reports.get(name);
    expect(report?.problems).toEqual([]);
    expect(report?.happened.size).toBe(new Set(plan.map((fault) => fault.name)).size);
  });
});

describe('the judges of the fault campaign', () => {
  it.each(plantedBugs.map(({ name, told }, index) => ({ name, told, namespace: `planted-${index}` })))(
    'catch $name',
    async ({ told, namespace }) => {
      const report = await reports.get(namespace);
      expect(report?.problems.join('\n')).toMatch(told);
    },
  );
});

function at(on: keyof typeof faultNames, name: FaultName, ...numbers: number[]): PlannedFault[] {
  return numbers.map((number) => ({ on, number, name }));
}
