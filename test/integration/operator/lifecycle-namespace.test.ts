import { describe, expect, it } from '@jest/globals';
import { kubectl, waitFor } from '../../support/cluster.js';
import {
  condition,
  createBuild,
  list,
  remove,
  type StoredBuild,
  useOperator,
  waitForBuild,
  waitForPhase,
} from '../../support/operator.js';

describe('A namespace that is deleted while builds are in it', () => {
  const { namespace } = useOperator();

  it('comes to its end, whatever its builds are doing', async () => {
    const phases = {
      Started: { spec: { replicas: 1 } },
      Stopped: {},
      Failed: { vars: { initRun: 'fail' } },
      Initializing: { vars: { initRun: 'hang' } },
      Undeploying: { vars: { cleanupRun: 'hang' } },
    };
    const names = new Map<string, string>();
    for (const [phase, options] of Object.entries(phases)) {
      names.set(phase, await createBuild(namespace, options));
    }
    const refused = await createBuild(namespace, { spec: { repo: 'unknown/repo' } });
    for (const [phase, name] of names) {
      await waitForPhase(namespace, name, phase === 'Undeploying' ? 'Stopped' : phase);
    }
    await waitForPhase(namespace, refused, 'Failed');
    await remove('build', namespace, names.get('Undeploying') ?? '');
    await waitForBuild(
      namespace,
      names.get('Undeploying') ?? '',
      (build) => condition(build, 'CleanedUp')?.reason === 'CleanupRunning',
    );

    await kubectl(['delete', 'namespace', namespace, '--wait=false']);
    const left = { builds: [] as unknown[] };
    await waitFor(
      async () => {
        left.builds = (await list<StoredBuild>('build', namespace)).map(({ metadata, status }) => [
          metadata,
          status,
        ]);
        return left.builds.length === 0;
      },
      { describe: () => left },
    );
    await kubectl(['wait', 'namespace', namespace, '--for=delete', '--timeout=30s']);
    expect(await kubectl(['get', 'namespace', namespace, '--ignore-not-found'])).toBe('');
  });
});
