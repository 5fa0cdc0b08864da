import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Phase } from '../../../crds/runboatbuild.generated.js';
import type { BuildFilter } from '../../../gateway/builds/build-filter.js';
import { matchesFilter } from '../../../gateway/builds/build-filter.js';
import { stateOf } from '../../../gateway/builds/build-state.js';
import { type BuildAt, HandFed, recordAt, TestListener } from './events-support.js';

const NAMES = ['a', 'b'];
const PHASES: Phase[] = ['Stopped', 'Started'];

/** With ten times as many, each of the races that the feed takes care of was found when that care was taken away. */
const RUNS = 5_000;

interface ServerEvent {
  build: BuildAt;
  type: 'MODIFIED' | 'DELETED';
}

/** The API server: builds, and all that ever happened to them. */
class Server {
  version = 10;
  readonly builds = new Map<string, BuildAt>();
  readonly events: ServerEvent[] = [];
  private made = 0;

  write(name: string, phase: Phase): void {
    const uid = this.builds.get(name)?.uid ?? `uid-${++this.made}`;
    const build = { name, uid, phase, version: ++this.version };
    this.builds.set(name, build);
    this.events.push({ build, type: 'MODIFIED' });
  }

  delete(name: string): void {
    const build = this.builds.get(name);
    if (build === undefined) return;
    this.builds.delete(name);
    this.events.push({ build: { ...build, version: ++this.version }, type: 'DELETED' });
  }
}

/** A gateway that follows the server as slowly as the test wants. */
class Gateway {
  readonly fed: HandFed;

  constructor(private readonly server: Server) {
    this.fed = new HandFed({ historyLimit: 8, lostAfterMs: 1_000_000, latest: () => server.version });
    this.list();
  }

  step(): boolean {
    const next = this.server.events.find(({ build }) => build.version > this.fed.position);
    if (next !== undefined) this.fed.event(next.build, next.type);
    return next !== undefined;
  }

  list(): void {
    this.fed.list(this.server.version, ...this.server.builds.values());
  }

  observe(name: string): void {
    const build = this.server.builds.get(name);
    if (build !== undefined) this.fed.observe(build);
    else if (this.fed.directory.get(name) !== undefined) {
      this.fed.observeDeleted({ name, uid: this.fed.directory.get(name)!.metadata.uid });
    }
  }
}

const which = fc.nat(1);
const name = fc.constantFrom(...NAMES);
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('write' as const), name, phase: fc.constantFrom(...PHASES) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), name }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('step' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('observe' as const), which, name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), which, loses: fc.boolean() }) },
);
const filter = fc.constantFrom<BuildFilter>({}, { status: 'started' }, { name: 'a' });

async function apply(
  world: World,
  step: typeof operation extends fc.Arbitrary<infer T> ? T : never,
): Promise<void> {
  const { server, gateways, listener } = world;
  switch (step.do) {
    case 'write':
      return server.write(step.name, step.phase);
    case 'delete':
      return server.delete(step.name);
    case 'step':
      return void gateways[step.which]!.step();
    case 'observe':
      return gateways[step.which]!.observe(step.name);
    case 'list':
      return gateways[step.which]!.list();
    case 'move':
      if (!step.loses) listener.take();
      await listener.leave();
      return listener.connect(gateways[step.which]!.fed);
  }
}

interface World {
  server: Server;
  gateways: Gateway[];
  listener: TestListener;
}

function expected(server: Server, wanted: BuildFilter): [string, string][] {
  return [...server.builds.values()]
    .map((build) => recordAt(build))
    .filter((record) => matchesFilter(record, wanted))
    .map((record) => [record.metadata.name, stateOf(record)]);
}

/** What streams still have to write is written. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a listener that moves between gateways', () => {
  it('knows in the end what the cluster knows, however late they are and whatever they skip, and so do they', async () => {
    await fc.assert(
      fc.asyncProperty(
        filter,
        fc.array(operation, { maxLength: 30, size: 'max' }),
        async (wanted, operations) => {
          const server = new Server();
          const gateways = [new Gateway(server), new Gateway(server)];
          const world = { server, gateways, listener: new TestListener(wanted) };
          await world.listener.connect(gateways[0]!.fed);
          for (const step of operations) await apply(world, step);
          for (const gateway of gateways) while (gateway.step()) world.listener.take();
          await settled();
          world.listener.take();
          expect([...world.listener.builds].sort()).toEqual(expected(server, wanted).sort());
          expect(gateways.map(({ fed }) => fed.feed.position)).toEqual(
            gateways.map(({ fed }) => String(fed.position)),
          );
        },
      ),
      { numRuns: RUNS },
    );
  }, 60_000);
});
