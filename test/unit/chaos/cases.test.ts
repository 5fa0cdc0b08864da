import { describe, expect, it } from '@jest/globals';
import { enumeratedCases, randomCase } from '../../chaos/cases.js';
import { faultNames } from '../../chaos/planned-faults.js';

describe('the cases of the fault campaign', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(randomCase('a', 3)).toEqual(randomCase('a', 3));
    expect(randomCase('a', 3).plan).not.toEqual(randomCase('b', 3).plan);
    expect(randomCase('a', 3).plan).not.toEqual(randomCase('a', 4).plan);
  });

  it('have every fault that there is', () => {
    const plans = Array.from({ length: 40 }, (_, number) => randomCase('seed', number).plan).flat();
    const names = new Set(plans.map(({ name }) => name));
    expect([...names].sort()).toEqual(Object.values(faultNames).flat().sort());
  });

  it('lose events only where the caches are compared within the scenario', () => {
    const cases = Array.from({ length: 40 }, (_, number) => randomCase('seed', number));
    const losing = cases.filter(({ plan }) => plan.some(({ name }) => name === 'event-lose'));
    expect(losing.length).toBeGreaterThan(0);
    expect(new Set(losing.map(({ resync }) => resync))).toEqual(new Set(['3s']));
  });

  it('enumerate every fault at every write and every event', () => {
    const cases = enumeratedCases({ writes: 10, events: 7 });
    const places = (name: string) =>
      new Set(cases.flatMap(({ plan }) => plan.filter((fault) => fault.name === name)).map((f) => f.number));
    for (const name of ['kill-before', 'kill-after', 'lose-answer'])
      for (let write = 1; write <= 10; write++) expect(places(name)).toContain(write);
    for (const name of ['event-lose', 'event-delay', 'event-repeat'])
      for (let event = 1; event <= 7; event++) expect(places(name)).toContain(event);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});
