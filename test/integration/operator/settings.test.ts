import { writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import {
  condition,
  createBuild,
  patch,
  read,
  remove,
  type StoredBuild,
  scriptedBundle,
  testConfig,
  useOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';

describe('A running operator', () => {
  const bed = useOperator();
  const { namespace } = bed;
  const configure = (changes: Record<string, unknown>) =>
    writeFileSync(bed.operator().configFile, JSON.stringify(testConfig(namespace, changes)));
  const refused = () =>
    bed
      .operator()
      .entries()
      .filter(({ msg }) => msg.startsWith('The new settings are refused'));
  /** Writes settings that must be refused and gives the reasons. */
  const reasonsAgainst = async (changes: Record<string, unknown>): Promise<string> => {
    const before = refused().length;
    configure(changes);
    await waitFor(() => refused().length > before);
    const { problems } = refused().at(-1)!;
    return (problems as string[]).join('\n');
  };
  const metrics = async () => (await fetch(`${bed.operator().address}/metrics`)).text();
  const inForce = async (line: string) => waitFor(async () => (await metrics()).includes(`\n${line}\n`));
  const untilChanged = (key: string) =>
    waitFor(
      () =>
        bed
          .operator()
          .entries()
          .some(({ changed }) => (changed as string[] | undefined)?.includes(key)),
      { describe: () => [`another ${key}`, ...bed.operator().lines.slice(-5)] },
    );
  const started = async () => {
    const name = await createBuild(namespace, { spec: { replicas: 1 } });
    await waitForPhase(namespace, name, 'Started');
    return name;
  };

  it('stops the oldest builds at once when the limit of started ones is lowered', async () => {
    const first = await started();
    const second = await started();
    configure({ limits: { started: 1 } });
    await waitForBuild(namespace, first, ({ spec }) => spec.replicas === 0);
    await waitForPhase(namespace, first, 'Stopped');
    expect((await read<StoredBuild>('build', namespace, second))?.status?.phase).toBe('Started');
    expect(await metrics()).toContain('runboat_slots_limit{limit="started"} 1');
    const restarts = /^runboat_watch_restarts_total\{.*reason="(?!ended)/m;
    expect(await metrics()).not.toMatch(restarts);
  });

  it('initialises what waits when its pause ends', async () => {
    configure({ limits: { initializing: 0 } });
    await inForce('runboat_slots_limit{limit="initializing"} 0');
    const name = await createBuild(namespace);
    await waitForPhase(namespace, name, 'Queued');
    configure({});
    await waitForPhase(namespace, name, 'Stopped');
  });

  it('takes up a build that no rule matched when there is one, with the environment of now', async () => {
    const name = await createBuild(namespace, { spec: { repo: 'acme/tools' } });
    await waitForBuild(namespace, name, (build) => condition(build, 'Deployed')?.reason === 'NoMatchingRule');
    const rule = { repo: '^acme/', branch: '.*', image: 'registry.test/acme:1', kubefiles: 'scripted' };
    configure({ repos: [rule] });
    await waitForPhase(namespace, name, 'Stopped');
    expect((await read<StoredBuild>('build', namespace, name))?.status?.resolved?.image).toBe(
      'registry.test/acme:1',
    );
  });

  it('lets builds keep what they were made with when their rule is gone', async () => {
    const name = await createBuild(namespace, { spec: { repo: 'acme/tools' } });
    await waitForPhase(namespace, name, 'Stopped');
    configure({});
    await patch('build', namespace, name, { spec: { replicas: 1 } });
    await waitForPhase(namespace, name, 'Started');
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  });

  it('refuses to drop a bundle that builds use, with their number, and only then', async () => {
    const rules = (kubefiles: string) => [
      { repo: '^oca/', branch: '.*', image: 'registry.test/odoo:16.0', kubefiles },
    ];
    const bundles = { other: scriptedBundle };
    configure({ bundles, repos: rules('other') });
    await untilChanged('bundles');
    const name = await createBuild(namespace);
    await waitForPhase(namespace, name, 'Stopped');
    expect(await reasonsAgainst({ limits: { started: 3 } })).toMatch(/^bundles\.other: .*one build uses it/);
    expect(await metrics()).toContain('runboat_slots_limit{limit="started"} 20');
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
    await inForce('runboat_slots_limit{limit="started"} 3');
  });

  it('refuses what needs a restart and what is wrong, and goes on as before', async () => {
    const reasons = await reasonsAgainst({
      namespace: 'other',
      resourceTypes: ['deployment', 'job'],
      http: { port: 9000 },
      nonsense: 1,
      limits: { started: -1 },
    });
    for (const key of ['namespace', 'resourceTypes', 'http.port']) {
      expect(reasons).toContain(`${key}: restart needed`);
    }
    expect(reasons).toMatch(/^nonsense: /m);
    expect(reasons).toMatch(/^limits\.started: /m);
    expect(await metrics()).toContain('runboat_config_last_reload_successful 0');
    const name = await createBuild(namespace);
    await waitForPhase(namespace, name, 'Stopped');
    configure({});
    await inForce('runboat_config_last_reload_successful 1');
  });

  it('changes nothing while it is paused', async () => {
    configure({ paused: true });
    await untilChanged('paused');
    const name = await createBuild(namespace);
    // It is looked at, as every build is when the settings change, and nothing comes of it.
    configure({ paused: true, domain: 'other.test' });
    await untilChanged('domain');
    expect((await read<StoredBuild>('build', namespace, name))?.status?.phase).toBeUndefined();
    configure({});
    await waitForPhase(namespace, name, 'Stopped');
  });
});
