import { describe, expect, it } from '@jest/globals';
import { enumeratedCases, randomCase } from '../../chaos/cases.js';
import { faultNames } from '../../chaos/planned-faults.js';

const counts = { writes: 131, events: 160 };
const all = enumeratedCases(counts).flatMap(({ plan }) => plan);

describe('The enumeration of a fault campaign', () => {
  it.each(['kill-before', 'kill-after', 'lose-answer'] as const)('has %s at every write', (name) => {
    const numbers = new Set(all.filter((fault) => fault.name === name).map(({ number }) => number));
    for (let number = 1; number <= counts.writes; number++) expect(numbers).toContain(number);
  });

  it.each(['event-lose', 'event-delay', 'event-repeat'] as const)('has %s at every event', (name) => {
    const numbers = new Set(all.filter((fault) => fault.name === name).map(({ number }) => number));
    for (let number = 1; number <= counts.events; number++) expect(numbers).toContain(number);
  });

  it('lets a scenario with lost events compare its caches in time', () => {
    for (const { plan, resync } of enumeratedCases(counts))
      if (plan.some(({ name }) => name === 'event-lose')) expect(resync).toBe('3s');
  });
});

describe('A random scenario of a fault campaign', () => {
  it('is the same for the same seed and number, and another one for others', () => {
    expect(randomCase('seed', 7)).toEqual(randomCase('seed', 7));
    expect(randomCase('seed', 8).plan).not.toEqual(randomCase('seed', 7).plan);
    expect(randomCase('other', 7).plan).not.toEqual(randomCase('seed', 7).plan);
  });

  it('has, with others of its campaign, every fault that there is', () => {
    const plans = Array.from({ length: 40 }, (_, number) => randomCase('seed', number).plan).flat();
    const names = new Set(plans.map(({ name }) => name));
    expect([...names].sort()).toEqual(Object.values(faultNames).flat().sort());
  });
});
