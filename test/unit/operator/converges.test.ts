import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Simulation, scenario } from './model/simulation.js';
import { freezeTime, thawTime } from './model/virtual-time.js';

const runs = Number(process.env['RUNBOAT_MODEL_RUNS'] ?? 40);
const { hrtime } = process;
const realSeconds = () => hrtime()[0];
const seed = process.env['RUNBOAT_MODEL_SEED'];

describe('the operator in a model of the world', () => {
  beforeEach(() => freezeTime());
  afterEach(() => thawTime());

  it('keeps the limits at every step, converges, falls silent and leaks nothing', async () => {
    let failedAt: number | undefined;
    const holds = fc.asyncProperty(scenario, async (given) => {
      // Looking for a smaller example must not take for ever.
      if (failedAt !== undefined && realSeconds() - failedAt > 60) return;
      freezeTime();
      const simulation = new Simulation(given);
      const violations = await simulation.run();
      thawTime();
      if (violations.length === 0) return;
      failedAt ??= realSeconds();
      throw new Error(`${violations.join('\n')}\n\n${simulation.trace.join('\n')}`);
    });
    await fc.assert(holds, { numRuns: runs, ...(seed ? { seed: Number(seed) } : {}), endOnFailure: false });
    expect(runs).toBeGreaterThan(0);
  }, 3_600_000);
});
