import { afterEach, beforeEach, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { changedMinds, handovers, type Scenario, scenario, unwanted } from './model/scenarios.js';
import { Simulation } from './model/simulation.js';
import { freezeTime, thawTime } from './model/virtual-time.js';

// The same histories each time, so that a change is judged by itself: RUNBOAT_MODEL_SEED=random looks for other ones,
// best with more RUNBOAT_MODEL_RUNS. A number is the seed of a failure, to see it again.
const runs = Number(process.env['RUNBOAT_MODEL_RUNS'] ?? 24);
const { hrtime } = process;
const realSeconds = () => hrtime()[0];
const seed = process.env['RUNBOAT_MODEL_SEED'] ?? '34';

describe('the operator in a model of the world', () => {
  beforeEach(() => freezeTime());
  afterEach(() => thawTime());

  it('keeps the limits at every step, converges, falls silent and leaks nothing', async () => {
    await check(scenario, runs);
  }, 3_600_000);

  it('does so when operators follow each other with writes of the former still on their way', async () => {
    await check(handovers, runs / 2);
  }, 3_600_000);

  it('does so when users change their minds while an operator is killed', async () => {
    await check(changedMinds, runs / 2);
  }, 3_600_000);

  it('does so when users delete initialise jobs, and builds, as soon as they are there', async () => {
    await check(unwanted, runs / 2);
  }, 3_600_000);
});

async function check(scenarios: fc.Arbitrary<Scenario>, numRuns: number): Promise<void> {
  let failedAt: number | undefined;
  const holds = fc.asyncProperty(scenarios, async (given) => {
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
  await fc.assert(holds, {
    numRuns: Math.ceil(numRuns),
    ...(seed === 'random' ? {} : { seed: Number(seed) }),
  });
}
