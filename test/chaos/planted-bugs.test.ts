import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Cluster, startCluster } from '../cluster/control-plane.js';
import { installDefinition } from '../cluster/definition.js';
import { plantedBugs } from './planted-bugs.js';
import { ProgramCopy } from './program-copy.js';
import { runScenario } from './scenario.js';

jest.setTimeout(400_000);

describe('the fault scenarios catch', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ audit: true });
    await installDefinition(cluster);
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  it.each(plantedBugs.map((bug, index) => ({ ...bug, namespace: `planted-${index}` })))(
    '$name',
    async ({ patches, scenario, told, namespace }) => {
      const copy = new ProgramCopy(patches);
      try {
        const { problems } = await runScenario({ cluster, namespace, program: copy.program, ...scenario });
        expect(problems.join('\n')).toMatch(told);
      } finally {
        copy.remove();
      }
    },
  );
});
