import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Informer } from '../../../lib/kube/informer.js';
import type { InformerOptions, WatchEnd } from '../../../lib/kube/informer-options.js';
import type { Change } from '../../../lib/kube/store.js';
import type { Cached, KubeLog } from '../../../lib/kube/types.js';
import {
  type Asked,
  answer,
  configMap,
  event,
  eventually,
  FakeApiServer,
  listOf,
  status,
} from './fake-api-server.js';

const PATH = '/api/v1/namespaces/ns/configmaps';
const TIMES = {
  resyncMs: 3_600_000,
  graceMs: 20,
  silenceMs: 60_000,
  backoffMs: 5,
  maxBackoffMs: 20,
  healthyMs: 200,
};

/** An API server of one collection: tests change `items` and `version` and play the watches. */
class World {
  readonly server = new FakeApiServer();
  version = 10;
  items: ReturnType<typeof configMap>[] = [configMap('a', 1), configMap('b', 2)];
  readonly lists: Asked[] = [];
  readonly watches: { asked: Asked; response: ServerResponse }[] = [];
  /** Answers instead of the list or the watch, when it wants to. */
  intercept: (asked: Asked, response: ServerResponse) => boolean = () => false;

  async start(): Promise<void> {
    await this.server.start();
    this.server.respond = (asked, response) => this.respond(asked, response);
  }

  /** The last watch. */
  get watch(): ServerResponse {
    return this.watches.at(-1)!.response;
  }

  get watchedFrom(): (string | null)[] {
    return this.watches.map(({ asked }) => asked.query.get('resourceVersion'));
  }

  private respond(asked: Asked, response: ServerResponse): void {
    const isWatch = asked.query.get('watch') === '1';
    if (isWatch) this.watches.push({ asked, response });
    else if (asked.path === PATH) this.lists.push(asked);
    if (this.intercept(asked, response)) return;
    if (isWatch) {
      response.writeHead(200);
      response.flushHeaders();
    } else if (asked.path === PATH) answer(response, 200, listOf(this.version, this.items));
    else this.respondOne(asked.path.slice(PATH.length + 1), response);
  }

  private respondOne(name: string, response: ServerResponse): void {
    const found = this.items.find(({ metadata }) => metadata.name === name);
    if (found === undefined) answer(response, 404, status(404, 'NotFound', 'none', { name }));
    else answer(response, 200, found);
  }
}

interface Entry {
  level: string;
  fields: { err?: unknown; objects?: number };
  message: string;
}

const world = new World();
let informer: Informer<Cached> | undefined;
let changes: Change<Cached>[];
let logged: Entry[];
let ends: WatchEnd[];
let restores: number;

beforeEach(async () => {
  [changes, logged, ends, restores] = [[], [], [], 0];
  [world.version, world.items, world.intercept] = [10, [configMap('a', 1), configMap('b', 2)], () => false];
  world.lists.length = 0;
  world.watches.length = 0;
  await world.start();
});
afterEach(async () => {
  await informer?.stop();
  await world.server.stop();
});

function recorder(): KubeLog {
  const record = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  return { debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') };
}

async function create(options: Partial<InformerOptions<Cached>> = {}): Promise<Informer<Cached>> {
  const made = new Informer<Cached>({
    client: await world.server.client(),
    path: PATH,
    trim: ({ metadata: { name, uid, resourceVersion } }) => ({ metadata: { name, uid, resourceVersion } }),
    log: recorder(),
    hooks: { onWatchEnd: (why) => ends.push(why), onRestored: () => restores++ },
    ...options,
    times: { ...TIMES, ...options.times },
  });
  made.onChange((change) => changes.push(change));
  informer = made;
  return made;
}

/** An informer that has listed and opened its watch. */
async function follow(options: Partial<InformerOptions<Cached>> = {}): Promise<Informer<Cached>> {
  const made = await create(options);
  made.start();
  await made.whenSynced();
  await nextWatch(0);
  return made;
}

async function nextWatch(before = world.watches.length): Promise<void> {
  await eventually('the next watch', () => world.watches.length > before);
}

const show = () => [...informer!.list()].map(({ metadata: m }) => `${m.name}@${m.resourceVersion}`).sort();
const shows = (...expected: string[]) =>
  eventually(`the cache to be ${expected}`, () => show().join() === expected.join()).catch((error: Error) => {
    throw new Error(`${error.message}; it is ${show()}`);
  });

describe('an informer', () => {
  it('lists once, then watches from where the list was, with bookmarks', async () => {
    await follow({ query: { labelSelector: 'x=y' } });
    expect(show()).toEqual(['a@1', 'b@2']);
    expect(informer!.synced).toBe(true);
    expect(world.lists).toHaveLength(1);
    expect(world.lists[0]!.query.get('labelSelector')).toBe('x=y');
    const query = Object.fromEntries(world.watches[0]!.asked.query);
    expect(query).toMatchObject({ resourceVersion: '10', allowWatchBookmarks: 'true', labelSelector: 'x=y' });
    expect(Number(query['timeoutSeconds'])).toBeGreaterThan(60);
  });

  it('follows what is added, changed and deleted', async () => {
    await follow();
    world.watch.write(event('ADDED', configMap('c', 11)) + event('MODIFIED', configMap('a', 12)));
    await shows('a@12', 'b@2', 'c@11');
    world.watch.write(event('DELETED', configMap('b', 13)));
    await shows('a@12', 'c@11');
    expect(changes.at(-1)).toEqual({ old: configMap('b', 2) });
  });

  it('reads events that come in pieces of bytes', async () => {
    await follow();
    const bytes = Buffer.from(event('ADDED', configMap('c', 11, { annotations: { text: 'größer ☃' } })));
    for (const byte of bytes) {
      world.watch.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await shows('a@1', 'b@2', 'c@11');
  });

  it('reads an event of several megabytes', async () => {
    await follow();
    world.watch.write(event('ADDED', { ...configMap('c', 11), data: { text: 'x'.repeat(8_000_000) } }));
    await shows('a@1', 'b@2', 'c@11');
  });

  it('keeps of an object only what is wanted', async () => {
    await follow();
    world.watch.write(event('ADDED', { ...configMap('c', 11), data: { text: 'much' } }));
    await shows('a@1', 'b@2', 'c@11');
    expect(informer!.get('c')).toEqual(configMap('c', 11));
  });

  it('goes on when a handler fails, and tells the others and the log', async () => {
    const made = await create();
    made.onChange(() => {
      throw new Error('a broken handler');
    });
    const later: unknown[] = [];
    made.onChange((change) => later.push(change));
    made.start();
    await shows('a@1', 'b@2');
    await nextWatch(0);
    world.watch.write(event('ADDED', configMap('c', 11)));
    await shows('a@1', 'b@2', 'c@11');
    expect(later).toHaveLength(3);
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(3);
  });

  it('leaves out an object that cannot be trimmed, and goes on with the others', async () => {
    const trim: InformerOptions<Cached>['trim'] = ({ metadata }) => {
      if (metadata.name.startsWith('bad')) throw new Error('not as expected');
      return { metadata };
    };
    world.items.push(configMap('bad', 3));
    await follow({ trim });
    world.watch.write(event('ADDED', configMap('bad2', 11)) + event('ADDED', configMap('c', 12)));
    await shows('a@1', 'b@2', 'c@12');
  });

  it('can be waited for with a signal, and says so when it is stopped before', async () => {
    world.intercept = () => true;
    const made = await create();
    made.start();
    const waiting = made.whenSynced();
    const expectation = expect(waiting).rejects.toThrow(/was stopped/);
    await expect(made.whenSynced(AbortSignal.timeout(10))).rejects.toThrow(/timeout/);
    await made.stop();
    await expectation;
    expect(made.synced).toBe(false);
  });

  it('ends its watch when it is stopped', async () => {
    const made = await follow();
    const closed = new Promise((resolve) => world.watch.once('close', resolve));
    await made.stop();
    await closed;
  });
});

describe('when the watch ends', () => {
  it('in order, it goes on from the last event', async () => {
    await follow({ times: { healthyMs: 0 } });
    world.watch.write(event('MODIFIED', configMap('a', 12)));
    await shows('a@12', 'b@2');
    world.watch.end();
    await nextWatch(1);
    expect(world.watchedFrom).toEqual(['10', '12']);
    expect(world.lists).toHaveLength(1);
    expect(logged).toEqual([]);
  });

  it('it goes on from the last bookmark', async () => {
    await follow();
    world.watch.write(event('BOOKMARK', { metadata: { resourceVersion: '25' } }));
    world.watch.end();
    await nextWatch(1);
    expect(world.watchedFrom).toEqual(['10', '25']);
  });

  it('by a broken connection, it goes on from the last event without a full list', async () => {
    await follow();
    world.version = 12;
    world.watch.write(event('MODIFIED', configMap('a', 12)));
    await shows('a@12', 'b@2');
    world.server.cutAll();
    await nextWatch(1);
    expect(world.watchedFrom).toEqual(['10', '12']);
    expect(world.lists.map(({ query }) => query.get('limit'))).toEqual(['500', '1']);
    expect(ends).toEqual(['failed']);
  });

  it('in the middle of a line, the half event is not taken', async () => {
    await follow();
    const line = event('MODIFIED', configMap('a', 12));
    world.watch.write(line.slice(0, -10));
    world.watch.end();
    await nextWatch(1);
    expect(world.watchedFrom).toEqual(['10', '10']);
    world.watch.write(line);
    await shows('a@12', 'b@2');
  });

  it.each([
    ['by a status', (response: ServerResponse) => answer(response, 410, status(410, 'Expired', 'too old'))],
    [
      'by an event',
      (response: ServerResponse) =>
        response.end(event('ERROR', status(410, 'Expired', 'too old resource version'))),
    ],
  ])('because its version is too old (%s), it lists again and tells what changed', async (_how, refuse) => {
    await follow();
    world.intercept = ({ query }, response) => {
      if (query.get('resourceVersion') !== '10') return false;
      refuse(response);
      return true;
    };
    [world.version, world.items] = [30, [configMap('a', 21), configMap('c', 22)]];
    changes.length = 0;
    world.watch.end();
    await shows('a@21', 'c@22');
    await eventually('the watch from there', () => world.watchedFrom.at(-1) === '30');
    expect(changes).toHaveLength(3);
    expect(ends).toContain('expired');
  });

  it('by silence, it is cut and begun anew', async () => {
    await follow({ times: { silenceMs: 60 } });
    await nextWatch(1);
    expect(ends[0]).toBe('silent');
    expect(world.watchedFrom.slice(0, 2)).toEqual(['10', '10']);
    expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('is not called silent while bookmarks come', async () => {
    await follow({ times: { silenceMs: 150 } });
    for (let i = 0; i < 8; i++) {
      world.watch.write(event('BOOKMARK', { metadata: { resourceVersion: String(11 + i) } }));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(world.watches).toHaveLength(1);
  });

  it.each([
    ['is not JSON', 'Bad Gateway\n'],
    ['is no event', '{"type":"SHOUTED","object":{}}\n'],
    ['is another error', event('ERROR', status(500, 'InternalError', 'etcd is ill'))],
  ])('because a line %s, it lists again, since something may be missing', async (_what, line) => {
    await follow();
    [world.version, world.items] = [30, [configMap('a', 21)]];
    world.watch.write(line);
    await shows('a@21');
    expect(logged.some(({ level }) => level === 'warn')).toBe(true);
  });

  it('again and again without any event, it lists again', async () => {
    await follow();
    [world.version, world.items] = [30, [configMap('a', 21)]];
    world.intercept = ({ query }, response) => {
      if (query.get('resourceVersion') !== '10' || query.get('watch') !== '1') return false;
      response.writeHead(200);
      response.flushHeaders();
      setTimeout(() => response.destroy(), 5);
      return true;
    };
    world.watch.destroy();
    await shows('a@21');
  });

  it('at once, again and again, it does not ask in a tight loop', async () => {
    world.intercept = ({ query }, response) => {
      if (query.get('watch') !== '1') return false;
      response.writeHead(200);
      response.end();
      return true;
    };
    const made = await create({ times: { backoffMs: 40, maxBackoffMs: 40 } });
    made.start();
    await eventually('five watches', () => world.watches.length === 5);
    const begun = performance.now();
    await nextWatch();
    await nextWatch();
    expect(performance.now() - begun).toBeGreaterThan(20);
  });
});

describe('when the API server is in trouble', () => {
  it('the first list is tried until it is answered, and the reason is logged', async () => {
    let refusals = 0;
    world.intercept = (_asked, response) => {
      if (++refusals > 3) return false;
      answer(response, 403, status(403, 'Forbidden', 'you may not list configmaps'));
      return true;
    };
    await follow();
    expect(show()).toEqual(['a@1', 'b@2']);
    expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(3);
    expect(String(logged[0]!.fields.err)).toContain('you may not list configmaps');
  });

  it('a watch that is refused for a while goes on where it was', async () => {
    await follow();
    let refusals = 0;
    world.intercept = ({ query }, response) => {
      if (query.get('watch') !== '1' || ++refusals > 4) return false;
      answer(response, 503, 'starting');
      return true;
    };
    world.watch.end();
    await nextWatch(5);
    expect(new Set(world.watchedFrom)).toEqual(new Set(['10']));
    expect(
      world.lists.every(({ query }) => query.get('limit') === '1' || query === world.lists[0]!.query),
    ).toBe(true);
  });
});

describe('when etcd was restored from an older snapshot', () => {
  it('everything is replaced after the connection broke', async () => {
    await follow();
    world.watch.write(event('MODIFIED', configMap('a', 50)));
    await shows('a@50', 'b@2');
    [world.version, world.items] = [20, [configMap('a', 15), configMap('c', 18)]];
    world.server.cutAll();
    await shows('a@15', 'c@18');
    await eventually('the watch from there', () => world.watchedFrom.at(-1) === '20');
    expect(restores).toBe(1);
    world.watch.write(event('MODIFIED', configMap('c', 21)));
    await shows('a@15', 'c@21');
  });

  it('the comparison finds it, even if the watch goes on', async () => {
    const made = await follow();
    world.watch.write(event('MODIFIED', configMap('a', 50)));
    await shows('a@50', 'b@2');
    [world.version, world.items] = [20, [configMap('a', 15)]];
    await made.resync();
    await shows('a@15');
    expect(restores).toBe(1);
  });
});

describe('the comparison with the API server', () => {
  it('asks for metadata only and finds nothing to do', async () => {
    const made = await follow();
    expect(await made.resync()).toBe(0);
    expect(world.lists.at(-1)!.headers.accept).toMatch(/as=PartialObjectMetadataList;g=meta.k8s.io;v=v1/);
    expect(world.watches).toHaveLength(1);
  });

  it('repairs what was added, changed, replaced and deleted without an event', async () => {
    world.items.push(configMap('c', 3));
    const made = await follow();
    const replaced = { metadata: { name: 'c', uid: 'another', resourceVersion: '13' } };
    [world.version, world.items] = [14, [configMap('a', 11), replaced, configMap('d', 12)]];
    expect(await made.resync()).toBe(4);
    expect(show()).toEqual(['a@11', 'c@13', 'd@12']);
    expect(made.get('c')!.metadata.uid).toBe('another');
    expect(logged).toMatchObject([{ level: 'warn', fields: { objects: 4 } }]);
    await nextWatch(1);
  });

  it('gives a late event time to come', async () => {
    const made = await follow({ times: { graceMs: 200 } });
    [world.version, world.items] = [12, [configMap('a', 11)]];
    const comparing = made.resync();
    await eventually('the comparison', () => world.lists.length === 2);
    world.watch.write(event('MODIFIED', configMap('a', 11)) + event('DELETED', configMap('b', 12)));
    expect(await comparing).toBe(0);
    expect(show()).toEqual(['a@11']);
  });

  it('leaves what we wrote after the moment of the list', async () => {
    const made = await follow();
    const comparing = made.resync();
    made.observe(configMap('c', 11));
    expect(await comparing).toBe(0);
    expect(show()).toEqual(['a@1', 'b@2', 'c@11']);
  });

  it('lists again when very much differs', async () => {
    const made = await follow();
    [world.version, world.items] = [500, Array.from({ length: 150 }, (_, i) => configMap(`n${i}`, 100 + i))];
    await made.resync();
    expect(made.size).toBe(150);
    expect(world.server.asked.filter(({ path }) => path.startsWith(`${PATH}/`))).toHaveLength(0);
  });

  it('that lists again is done only when all of it is there, though the list has to be tried again', async () => {
    const made = await follow();
    [world.version, world.items] = [500, Array.from({ length: 150 }, (_, i) => configMap(`n${i}`, 100 + i))];
    let refusals = 3;
    world.intercept = ({ headers, query }, response) => {
      const isWhole = !headers.accept?.includes('PartialObjectMetadataList') && query.get('watch') === null;
      if (!isWhole || refusals-- <= 0) return false;
      answer(response, 403, status(403, 'Forbidden', 'not now'));
      return true;
    };
    expect(await made.resync()).toBeGreaterThanOrEqual(150);
    expect(made.size).toBe(150);
  });

  it('that lists again ends with the informer', async () => {
    const made = await follow();
    world.items = Array.from({ length: 150 }, (_, i) => configMap(`n${i}`, 100 + i));
    const isWhole = ({ headers }: Asked) => !headers.accept?.includes('PartialObjectMetadataList');
    world.intercept = (asked) => isWhole(asked);
    const comparing = made.resync();
    comparing.catch(() => undefined);
    const before = world.lists.length;
    await eventually('the new list', () => world.lists.slice(before).some(isWhole));
    await made.stop();
    await expect(comparing).rejects.toThrow(/was stopped/);
  });

  it('comes by itself, and goes on after a failure', async () => {
    await follow({ times: { resyncMs: 30 } });
    let refusals = 0;
    world.intercept = ({ headers }, response) => {
      if (!headers.accept?.includes('PartialObjectMetadataList') || ++refusals > 2) return false;
      answer(response, 403, status(403, 'Forbidden', 'not now'));
      return true;
    };
    [world.version, world.items] = [12, [configMap('a', 11)]];
    await shows('a@11');
    expect(refusals).toBeGreaterThan(2);
  });
});

describe('the answers to our own writes', () => {
  it('are in the cache at once, and their events change nothing', async () => {
    const made = await follow();
    made.observe(configMap('a', 12));
    expect(show()).toEqual(['a@12', 'b@2']);
    const count = changes.length;
    world.watch.write(event('MODIFIED', configMap('a', 11)) + event('MODIFIED', configMap('a', 12)));
    world.watch.write(event('MODIFIED', configMap('b', 13)));
    await shows('a@12', 'b@13');
    expect(changes).toHaveLength(count + 1);
  });

  it('make their events no work, and the watch goes on from these', async () => {
    let trimmed = 0;
    const trim = ({ metadata: { name, uid, resourceVersion } }: Cached) => {
      trimmed++;
      return { metadata: { name, uid, resourceVersion } };
    };
    const made = await follow({ trim });
    made.observe(configMap('a', 12));
    const before = trimmed;
    world.watch.write(event('MODIFIED', configMap('a', 12)) + event('MODIFIED', configMap('b', 13)));
    await shows('a@12', 'b@13');
    expect(trimmed).toBe(before + 1);
    made.observe(configMap('a', 14));
    const watches = world.watches.length;
    world.watch.write(event('MODIFIED', configMap('a', 14)));
    world.watch.end();
    await nextWatch(watches);
    expect(world.watchedFrom.at(-1)).toBe('14');
  });

  it('say nothing about the events of the next watch, before which etcd may have been restored', async () => {
    const made = await follow();
    made.observe(configMap('a', 12));
    const watches = world.watches.length;
    world.watch.end();
    await nextWatch(watches);
    world.watch.write(event('MODIFIED', configMap('b', 12)));
    await shows('a@12', 'b@12');
  });

  it('are told to followers all the same', async () => {
    const made = await follow();
    const seen: string[] = [];
    made.onProgress(({ resourceVersion }) => seen.push(resourceVersion));
    made.observe(configMap('a', 12));
    world.watch.write(event('MODIFIED', configMap('a', 12)));
    await eventually('the event to be told', () => seen.includes('12'));
  });

  it('that took the last finalizer of a deleted object mean that it is gone', async () => {
    const made = await follow();
    made.observe(configMap('a', 12, { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y'] }));
    expect(show()).toEqual(['a@12', 'b@2']);
    made.observe(
      configMap('a', 12, { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }),
    );
    expect(show()).toEqual(['b@2']);
    made.observe(configMap('a', 11));
    expect(show()).toEqual(['b@2']);
  });

  it('that show a pod with time to end keep it', async () => {
    const made = await follow();
    made.observe(
      configMap('a', 12, { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 }),
    );
    expect(show()).toEqual(['a@12', 'b@2']);
  });

  it('that say "gone" take the object out for good', async () => {
    const made = await follow();
    made.observeDeleted('a', 'uid-a');
    expect(show()).toEqual(['b@2']);
    world.watch.write(event('MODIFIED', configMap('a', 11)) + event('MODIFIED', configMap('b', 12)));
    await shows('b@12');
  });

  it('do not bring what left the selector into the cache', async () => {
    const matches = (object: { metadata: { labels?: Record<string, string> } }) =>
      object.metadata.labels?.['in'] !== 'no';
    const made = await follow({ matches });
    made.observe(configMap('a', 12, { labels: { in: 'no' } }));
    expect(show()).toEqual(['b@2']);
    made.observe(configMap('a', 13, { labels: { in: 'yes' } }));
    expect(show()).toEqual(['a@13', 'b@2']);
  });
});

describe('a live read', () => {
  it('goes into the cache', async () => {
    const made = await follow();
    world.items = [configMap('a', 12)];
    expect(await made.refresh('a')).toEqual(configMap('a', 12));
    expect(show()).toEqual(['a@12', 'b@2']);
  });

  it('that finds nothing takes the object out', async () => {
    const made = await follow();
    world.items = [];
    expect(await made.refresh('a')).toBeUndefined();
    expect(show()).toEqual(['b@2']);
  });

  it('that finds nothing leaves what was created meanwhile', async () => {
    const made = await follow();
    world.items = [];
    let reply = () => {};
    world.intercept = (_asked, response) => {
      reply = () => answer(response, 404, status(404, 'NotFound', 'none', { name: 'a' }));
      return true;
    };
    const reading = made.refresh('a');
    await eventually('the read', () => world.server.asked.some(({ path }) => path === `${PATH}/a`));
    made.observe({ metadata: { name: 'a', uid: 'another', resourceVersion: '15' } });
    reply();
    expect(await reading).toBeUndefined();
    expect(show()).toEqual(['a@15', 'b@2']);
  });

  it('that the cache has newer answers with what the cache has', async () => {
    const made = await follow();
    world.items = [configMap('a', 12)];
    made.observe(configMap('a', 14));
    expect(await made.refresh('a')).toEqual(configMap('a', 14));
  });

  it('answers also with what the selector leaves out', async () => {
    const made = await follow({ matches: () => false });
    world.items = [configMap('a', 12)];
    expect(await made.refresh('a')).toEqual(configMap('a', 12));
    expect(show()).toEqual(['b@2']);
  });

  it('that fails is an error and changes nothing', async () => {
    const made = await follow();
    world.intercept = (_asked, response) => {
      answer(response, 403, status(403, 'Forbidden', 'no'));
      return true;
    };
    await expect(made.refresh('a')).rejects.toThrow(/Forbidden/);
    expect(show()).toEqual(['a@1', 'b@2']);
  });
});
