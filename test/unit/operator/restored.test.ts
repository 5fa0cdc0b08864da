import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { API_GROUP_VERSION, BUILD_KIND } from '../../../crds/constants.js';
import type { KubeObject } from '../../../lib/kube/types.js';
import { Controllers } from './model/controllers.js';
import { OperatorProcess } from './model/operator-process.js';
import { Random } from './model/random.js';
import { configOf } from './model/simulation.js';
import { freezeTime, runUntil, thawTime } from './model/virtual-time.js';
import { World } from './model/world.js';

const minute = 60_000;
const build = {
  apiVersion: API_GROUP_VERSION,
  kind: BUILD_KIND,
  metadata: { name: 'a' },
  spec: { repo: 'oca/one', targetBranch: '16.0', commit: 'a'.repeat(40) },
} as unknown as KubeObject;

describe('an operator whose cluster is restored from an older snapshot', () => {
  beforeEach(() => freezeTime());
  afterEach(() => thawTime());

  it('forgets what it has learnt since, and so cleans up a second time what came back', async () => {
    const world = new World();
    const server = { isAway: false };
    const operator = operatorIn(world, server);
    world.create('runboatbuilds', build);
    const phase = () => (world.get('runboatbuilds/a')?.['status'] as { phase?: string } | undefined)?.phase;
    expect(await runUntil(() => phase() === 'Stopped', minute)).toBe(true);
    const restore = world.snapshot();
    world.delete('runboatbuilds/a', 'Background');
    expect(await runUntil(() => !world.get('deployments/a-web'), minute)).toBe(true);
    expect(world.get('runboatbuilds/a')).toBeDefined();
    server.isAway = true;
    await runUntil(() => false, 10_000);
    restore();
    operator.worldRestored();
    server.isAway = false;
    await runUntil(() => false, 10_000);
    world.delete('runboatbuilds/a', 'Background');
    expect(await runUntil(() => !world.get('runboatbuilds/a'), minute)).toBe(true);
    const left = [...world.entries()].map(([key]) => key);
    expect(left.filter((key) => /^(configmaps|secrets|jobs|deployments)\//.test(key))).toEqual([]);
  });
});

function operatorIn(world: World, server: { readonly isAway: boolean }): OperatorProcess {
  const random = new Random(1);
  new Controllers({ world, random, outcomeOf: () => 'succeed' });
  const operator = new OperatorProcess({
    world,
    random,
    config: configOf({ initializing: 1, started: 1, deployed: 5, cleaning: 1 }),
    client: {
      nextFault: () => (server.isAway ? 'lost' : undefined),
      readFails: () => server.isAway,
      beforeWrite: () => {},
      afterWrite: () => {},
    },
    isBundleBroken: () => false,
    isEventLost: () => false,
    trace: () => {},
    onBug: (error) => {
      throw error;
    },
    onCrash: () => {},
    isSuccessor: false,
  });
  operator.start();
  return operator;
}
