import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KubeBuildActions } from '../../../gateway/builds/actions.js';
import { type BuildRecord, recordOf } from '../../../gateway/builds/build-record.js';
import { InformedDirectory } from '../../../gateway/builds/directory.js';
import { createFreshen } from '../../../gateway/builds/freshen.js';
import { deliver } from '../../../gateway/webhook/deliver.js';
import { Informer } from '../../../lib/kube/informer.js';
import type { KubeObject } from '../../../lib/kube/types.js';
import { load } from '../config/support.js';
import {
  type Asked,
  answer,
  event,
  eventually,
  FakeApiServer,
  listOf,
  status,
} from '../kube/fake-api-server.js';
import { buildObject, SETTINGS } from './builders.js';

const PATH = '/apis/runboat.dev/v1alpha1/namespaces/builds/runboatbuilds';
const nothing = () => undefined;
const NO_LOG = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const RULES = `
namespace: builds
domain: b.test
repos:
  - {repo: oca/, branch: .*, image: i}
  - {repo: slow/, branch: '^([0-9]+[.]?)+$', image: i}
`;
const IDENTITY = { repo: 'oca/web', targetBranch: '16.0', pr: null, commit: 'a'.repeat(40) };

/** An API server with builds, whose watch says only what a test lets it say. */
class World {
  readonly server = new FakeApiServer();
  readonly objects = new Map<string, KubeObject>();
  version = 10;
  watch: ServerResponse | undefined;
  /** Answers in the place of the API server, when it wants to. */
  intercept: (asked: Asked, response: ServerResponse) => boolean = () => false;

  asked(method: string): Asked[] {
    return this.server.asked.filter((each) => each.method === method);
  }

  put(parts: Parameters<typeof buildObject>[0]): KubeObject {
    const object = buildObject({ ...parts, resourceVersion: String(++this.version) });
    this.objects.set(object.metadata.name, object);
    return object;
  }

  tell(object: KubeObject, type = 'ADDED'): void {
    this.watch!.write(event(type, object));
  }

  respond(asked: Asked, response: ServerResponse): void {
    if (this.intercept(asked, response)) return;
    if (asked.query.get('watch') === '1') {
      this.watch = response;
      response.writeHead(200).flushHeaders();
      return;
    }
    const name = asked.path.slice(PATH.length + 1);
    if (asked.method === 'POST') this.create(asked, response);
    else if (name === '') answer(response, 200, listOf(this.version, [...this.objects.values()]));
    else this.one(asked, name, response);
  }

  private create({ body }: Asked, response: ServerResponse): void {
    const { metadata, spec } = JSON.parse(body) as KubeObject & { spec: object };
    const taken = this.objects.has(metadata.name);
    if (taken) answer(response, 409, status(409, 'AlreadyExists', 'taken'));
    else answer(response, 201, this.put({ name: metadata.name, created: '2026-01-05T00:00:00Z', spec }));
  }

  private one({ method }: Asked, name: string, response: ServerResponse): void {
    const object = this.objects.get(name);
    if (method === 'DELETE') this.objects.delete(name);
    if (object === undefined) answer(response, 404, status(404, 'NotFound', 'none'));
    else answer(response, 200, object);
  }
}

let world: World;
let informer: Informer<BuildRecord>;
let actions: KubeBuildActions;

beforeEach(async () => {
  world = new World();
  await world.server.start();
  world.server.respond = (asked, response) => world.respond(asked, response);
  const client = await world.server.client();
  informer = new Informer<BuildRecord>({ client, path: PATH, trim: recordOf, log: NO_LOG });
  const directory = new InformedDirectory({ informer, settings: SETTINGS, onHandlerError: nothing });
  const { config } = load({ yaml: RULES });
  actions = new KubeBuildActions({
    client,
    informer,
    directory,
    config,
    log: NO_LOG,
    path: PATH,
    withinMs: 1_500,
  });
  informer.start();
  await informer.whenSynced();
  await eventually('the watch', () => world.watch !== undefined);
});

afterEach(async () => {
  world.intercept = () => false;
  await informer.stop();
  await world.server.stop();
});

const deliveries = () => ({
  actions,
  whenSynced: () => informer.whenSynced(),
  freshen: createFreshen(informer),
});

/** Refuses so many of the requests of a method, then no more. */
function refuse(method: string, times: number, refusal: object): void {
  let left = times;
  world.intercept = (asked, response) => {
    if (asked.method !== method || left-- <= 0) return false;
    answer(response, (refusal as { code: number }).code, refusal);
    return true;
  };
}

describe('a webhook that the cluster refuses', () => {
  it.each([
    [400, 'BadRequest'],
    [422, 'Invalid'],
    [403, 'Forbidden'],
  ])(
    'with %p is answered with 503 and not as ignored, so that it is delivered again',
    async (code, reason) => {
      refuse('POST', Number.POSITIVE_INFINITY, status(code, reason, 'denied by the policy of Tuesdays'));
      await expect(deliver({ build: IDENTITY }, deliveries())).rejects.toMatchObject({ status: 503 });
      expect(world.asked('POST')).toHaveLength(1);
    },
  );

  it('says why, and what to do', async () => {
    refuse('POST', 1, status(422, 'Invalid', 'denied by the policy of Tuesdays'));
    await expect(deliver({ build: IDENTITY }, deliveries())).rejects.toThrow(
      'The cluster refused to create the build: denied by the policy of Tuesdays. Deliver this webhook again once that is put right.',
    );
  });

  it('is none when no rule matches, or no build can be of its names', async () => {
    for (const odd of [
      { repo: 'not-a-repository' },
      { repo: 'other/web' },
      { targetBranch: 'x'.repeat(256) },
    ]) {
      const { result, build } = await deliver({ build: { ...IDENTITY, ...odd } }, deliveries());
      expect([result, build]).toEqual(['ignored', null]);
    }
    expect(world.asked('POST')).toEqual([]);
  });
});

describe('a webhook for which a rule takes too long', () => {
  it('is ignored, and its answer names the rule', async () => {
    const claim = { ...IDENTITY, repo: 'slow/web', targetBranch: `${'1'.repeat(60)}x` };
    const { result, reason } = await deliver({ build: claim }, deliveries());
    expect([result, reason]).toEqual(['ignored', expect.stringContaining('repos[1] take too long')]);
  });
});

describe('a call of the API that the cluster refuses', () => {
  it('is answered with 400, for its caller reads the sentence', async () => {
    refuse('POST', 1, status(422, 'Invalid', 'denied by the policy of Tuesdays'));
    await expect(actions.ensure(IDENTITY)).rejects.toMatchObject({ status: 400 });
  });
});

describe('a build that was made though there was one, of which the watch had not heard', () => {
  /** The older one is not told of yet. */
  async function makeTwice(parts: Parameters<typeof buildObject>[0] = {}): Promise<[KubeObject, KubeObject]> {
    const first = world.put({ name: 'first', created: '2026-01-04T00:00:00Z', ...parts });
    const { name, created } = await actions.ensure(IDENTITY);
    expect(created).toBe(true);
    return [first, world.objects.get(name)!];
  }

  it('is undeployed as soon as the watch tells of both', async () => {
    const [first, second] = await makeTwice();
    world.tell(first);
    expect(world.asked('DELETE')).toEqual([]);
    world.tell(second);
    await eventually('the end of the second', () => !world.objects.has(second.metadata.name));
    const [deletion] = world.asked('DELETE');
    expect(JSON.parse(deletion!.body)).toMatchObject({ preconditions: { uid: second.metadata.uid } });
    await actions.settled();
    expect([...world.objects.keys()]).toEqual(['first']);
  });

  it('is undeployed when a new list or a bookmark tells of both', async () => {
    const [first] = await makeTwice();
    world.tell(first);
    world.tell({ metadata: { resourceVersion: String(world.version) } } as KubeObject, 'BOOKMARK');
    await eventually('the end of the second', () => world.objects.size === 1);
  });

  it('is undeployed at the next bookmark when the cluster did not answer', async () => {
    const [first, second] = await makeTwice();
    refuse('DELETE', 1, status(500, 'InternalError', 'in trouble'));
    world.tell(first);
    world.tell(second);
    await eventually('the refusal', () => world.asked('DELETE').length === 1);
    await actions.settled();
    world.tell({ metadata: { resourceVersion: '500' } } as KubeObject, 'BOOKMARK');
    await eventually('the end of the second', () => world.objects.size === 1);
  });

  it.each([
    ['is the younger one', { created: '2026-01-06T00:00:00Z' }],
    ['is of another pull request', { spec: { pr: 7 } }],
    ['is being undeployed', { deleting: true }],
  ])('stays when the other %s', async (_why, parts) => {
    const [first, second] = await makeTwice(parts);
    world.tell(first);
    world.tell(second);
    world.tell(world.put({ name: 'third', spec: { commit: 'b'.repeat(40) } }));
    await eventually('all events', () => informer.get('third') !== undefined);
    await actions.settled();
    expect(world.asked('DELETE')).toEqual([]);
  });

  it('stays when the other has gone meanwhile', async () => {
    const [first, second] = await makeTwice();
    world.objects.delete('first');
    world.tell(first);
    world.tell(second);
    await eventually('a look', () => world.server.asked.some(({ path }) => path === `${PATH}/first`));
    await actions.settled();
    expect(world.asked('DELETE')).toEqual([]);
  });
});

describe('a build that a quota of the cluster holds up', () => {
  const conflict = status(409, 'Conflict', 'Operation cannot be fulfilled on resourcequotas "tight"');
  const full = status(403, 'Forbidden', 'builds "b" is forbidden: exceeded quota: tight');
  const uncounted = status(403, 'Forbidden', 'builds "b" is forbidden: status unknown for quota: tight');

  it.each([conflict, full, uncounted])('is made as soon as the quota lets it: %p', async (refusal) => {
    refuse('POST', 2, refusal);
    expect(await actions.ensure(IDENTITY)).toMatchObject({ created: true });
    expect(world.asked('POST')).toHaveLength(3);
  });

  it('is answered with 503 and the reason when it stays used up', async () => {
    refuse('POST', Number.POSITIVE_INFINITY, full);
    const why = { status: 503, detail: expect.stringContaining('quota') };
    await expect(actions.ensure(IDENTITY)).rejects.toMatchObject(why);
  });
});
