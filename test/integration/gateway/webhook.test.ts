import { randomBytes } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sign } from '../../../gateway/webhook/signature.js';
import { KubeClient } from '../../../lib/kube/client.js';
import { NoAnswerError } from '../../../lib/kube/errors.js';
import type { ListPage } from '../../../lib/kube/list.js';
import { createNamespace, deleteNamespace } from '../../support/cluster.js';
import { liftQuota, setQuotaOfUnused } from '../../support/quota.js';
import { waitFor } from '../../support/wait-for.js';
import { useClient } from '../kube/support.js';
import {
  admin,
  branchDeletion,
  builds,
  call,
  deliver,
  type GatewayOptions,
  pullRequest,
  push,
  secret,
  startGateway,
} from './github-support.js';

const client = useClient();
let namespace: string;
let commit: string;

beforeEach(async () => {
  namespace = await createNamespace();
  commit = randomBytes(20).toString('hex');
});

afterEach(() => deleteNamespace(namespace));

const gateway = (options: Partial<GatewayOptions> = {}) =>
  startGateway({ namespace, client: client.get(), github: { webhookSecret: secret }, ...options });

const built = async () => [...(await builds(client.get(), namespace)).keys()].sort();
const short = () => commit.slice(0, 4);

describe('a webhook', () => {
  it('of a push makes a build of the commit, in lower case, and says its name', async () => {
    const one = await gateway();
    const answer = await deliver(one, push('OCA/Web', '16.0-a/b', commit));
    const name = `oca-web-16-0-a-b-${commit.slice(0, 12)}`;
    expect(answer).toEqual({
      status: 200,
      body: { result: 'accepted', reason: expect.any(String), build: name },
    });
    expect(await builds(client.get(), namespace)).toEqual(new Map([[`oca/web 16.0-a/b - ${short()}`, name]]));
  });

  it('delivered again, and at two gateways at once, makes one build', async () => {
    const [one, two] = await Promise.all([gateway(), gateway()]);
    const delivery = push('oca/web', '16.0', commit);
    const answers = await Promise.all([one, two, one, two].map((each) => deliver(each, delivery)));
    const again = await deliver(two, delivery);
    expect(
      new Set([...answers, again].map(({ status, body }) => `${status} ${body.result} ${body.build}`)),
    ).toEqual(new Set([`200 accepted oca-web-16-0-${commit.slice(0, 12)}`]));
    expect(await built()).toHaveLength(1);
  });

  it('may be a form, whatever its Content-Type says', async () => {
    const one = await gateway();
    const { event, payload } = push('oca/web', '16.0', commit);
    const json = JSON.stringify(payload);
    const form = new URLSearchParams({ payload: json }).toString();
    for (const contentType of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'x']) {
      for (const body of [json, form]) {
        expect((await deliver(one, { event, body, contentType })).status).toBe(200);
      }
    }
    expect(await built()).toEqual([`oca/web 16.0 - ${short()}`]);
  });

  it('of what no rule matches, of tags and of other events is ignored with a reason', async () => {
    const one = await gateway();
    const tag = push('oca/web', '16.0', commit);
    const deliveries = [
      push('other/web', '16.0', commit),
      push('oca/web', 'main', commit),
      push('oca/web', `16.0${'x'.repeat(300)}`, commit),
      { ...tag, payload: { ...(tag.payload as object), ref: 'refs/tags/16.0' } },
      { event: 'issues', payload: { action: 'opened' } },
      pullRequest('labeled', { repo: 'oca/web', pr: 1, base: '16.0', commit }),
    ];
    for (const delivery of deliveries) {
      const { status, body } = await deliver(one, delivery);
      expect([status, body.result, body.build]).toEqual([200, 'ignored', null]);
      expect(body.reason).toMatch(/\.$/);
    }
    expect(await built()).toEqual([]);
  });

  it('of the test of a new webhook is answered with 200', async () => {
    const answer = await deliver(await gateway(), { event: 'ping', payload: { zen: 'Design for failure.' } });
    expect(answer.status).toBe(200);
  });
});

describe('a quota that counts builds', () => {
  it('and is used up makes a webhook wait until there is room, or is named in the answer', async () => {
    await setQuotaOfUnused(namespace, { 'count/runboatbuilds.runboat.dev': '0' });
    const one = await gateway();
    const refused = await deliver(one, push('oca/web', '16.0', randomBytes(20).toString('hex')));
    expect([refused.status, refused.body.detail]).toEqual([503, expect.stringContaining('exceeded quota')]);
    const waiting = deliver(one, push('oca/web', '16.0', commit));
    await liftQuota(namespace);
    expect((await waiting).status).toBe(200);
  });
});

describe('what has become useless is removed', () => {
  it('when a branch is deleted: its builds, but not those of pull requests or other branches', async () => {
    const one = await gateway();
    await deliver(one, push('oca/web', '16.0', commit));
    await deliver(one, push('oca/web', '16.0', randomBytes(20).toString('hex')));
    await deliver(one, push('oca/web', '16.0-x', commit));
    await deliver(one, push('oca/hr', '16.0', commit));
    await deliver(one, pullRequest('opened', { repo: 'oca/web', pr: 5, base: '16.0', commit }));
    const { status, body } = await deliver(one, branchDeletion('OCA/web', '16.0'));
    expect([status, body.result]).toEqual([200, 'accepted']);
    expect(await built()).toEqual(
      ['oca/hr 16.0 -', 'oca/web 16.0 5', 'oca/web 16.0-x -'].map((each) => `${each} ${short()}`),
    );
  });

  it('when a pull request is closed, also when no rule matches its base any more', async () => {
    const one = await gateway();
    const head = { repo: 'oca/web', pr: 5, base: '16.0', commit };
    await deliver(one, pullRequest('opened', head));
    await deliver(one, pullRequest('opened', { ...head, pr: 6 }));
    const { status, body } = await deliver(one, pullRequest('closed', { ...head, base: 'main' }));
    expect([status, body.result]).toEqual([200, 'accepted']);
    expect(await built()).toEqual([`oca/web 16.0 6 ${short()}`]);
    await deliver(one, pullRequest('reopened', { ...head }));
    expect(await built()).toContain(`oca/web 16.0 5 ${short()}`);
  });

  it('when the base of a pull request is changed: the builds on the old base, and the head is built on the new one', async () => {
    const one = await gateway();
    const head = { repo: 'oca/web', pr: 5, base: '15.0', commit };
    await deliver(one, pullRequest('opened', head));
    const edited = pullRequest('edited', { ...head, base: '16.0', oldBase: '15.0' });
    const { body } = await deliver(one, edited);
    expect(body).toMatchObject({
      result: 'accepted',
      build: expect.stringMatching(/^oca-web-16-0-pr5-/),
    });
    expect(await built()).toEqual([`oca/web 16.0 5 ${short()}`]);
    await deliver(one, pullRequest('edited', { ...head, base: 'main', oldBase: '16.0' }));
    expect(await built()).toEqual([]);
  });

  it('though another copy of the gateway has made it and this one has not heard of it', async () => {
    // Its watches say nothing, for ever.
    class DeafClient extends KubeClient {
      override async stream(...[, , options]: Parameters<KubeClient['stream']>): Promise<Readable> {
        const silence = new PassThrough();
        options?.signal?.addEventListener('abort', () => silence.destroy());
        return silence;
      }
    }
    const deaf = await gateway({ client: new DeafClient({ connection: client.get().connection }) });
    const head = { repo: 'oca/web', pr: 5, base: '16.0', commit };
    await deliver(await gateway(), pullRequest('opened', head));
    expect(deaf.informer.size).toBe(0);
    expect((await deliver(deaf, pullRequest('closed', head))).status).toBe(200);
    expect(await built()).toEqual([]);
  });
});

describe('a webhook that cannot be trusted or understood', () => {
  it.each([
    ['no signature', { signature: null }, 401],
    ['another signature', { signature: `sha256=${'0'.repeat(64)}` }, 401],
    ['the signature of an older kind', { signature: `sha1=${'0'.repeat(40)}` }, 401],
    ['no event', { event: undefined }, 400],
    ['a body that is no JSON', { body: '{"ref": ' }, 400],
    ['an empty body', { body: '' }, 400],
    ['a list', { body: '[]' }, 400],
    ['a payload without what a push has', { body: '{}' }, 400],
  ])('for %s is answered with the right status', async (_, change, status) => {
    const one = await gateway();
    const answer = await deliver(one, { ...push('oca/web', '16.0', commit), ...change });
    expect(answer).toEqual({ status, body: { detail: expect.stringMatching(/\.$/) } });
    expect(await built()).toEqual([]);
  });

  it('because it is over 25 MiB is answered with 413, and just below it is read', async () => {
    const one = await gateway();
    const limit = 25 * 1024 * 1024;
    const { event, payload } = push('oca/web', '16.0', commit);
    const json = JSON.stringify(payload);
    const body = Buffer.alloc(limit, ' ');
    body.write(json);
    expect((await deliver(one, { event, body })).status).toBe(200);
    const larger = Buffer.concat([body, Buffer.from(' ')]);
    expect((await deliver(one, { event, body: larger })).status).toBe(413);
  });

  it('because no secret is configured is answered with 503, though it is signed', async () => {
    const one = await gateway({ github: {} });
    const { status, body } = await deliver(one, push('oca/web', '16.0', commit));
    expect([status, await built()]).toEqual([503, []]);
    expect(body.detail).toContain('RUNBOAT_GITHUB_WEBHOOK_SECRET');
  });

  it('is taken when the configuration allows unsigned ones', async () => {
    const one = await gateway({ github: { allowUnsignedWebhooks: true } });
    expect((await deliver(one, { ...push('oca/web', '16.0', commit), signature: null })).status).toBe(200);
    expect(await built()).toHaveLength(1);
    const { event, payload } = push('oca/web', '16.0', randomBytes(20).toString('hex'));
    const body = Buffer.alloc(1024 * 1024 + 1, ' ');
    body.write(JSON.stringify(payload));
    expect((await deliver(one, { event, body, signature: null })).status).toBe(413);
  });

  it('needs its signature all the same when there is a secret', async () => {
    const one = await gateway({ github: { allowUnsignedWebhooks: true, webhookSecret: secret } });
    expect((await deliver(one, { ...push('oca/web', '16.0', commit), signature: null })).status).toBe(401);
  });

  it('by another method is answered with 405', async () => {
    const response = await fetch(`${(await gateway()).url}/webhooks/github`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('a webhook, which is served without Express,', () => {
  const { payload } = push('oca/web', '16.0', '0123456789'.repeat(4));
  const good = JSON.stringify(payload);
  const signed = (body: string) => ({
    'x-github-event': 'push',
    'x-hub-signature-256': sign(Buffer.from(body), secret),
  });

  it.each([
    [200, good, signed(good)],
    [200, good, { ...signed(good), 'sec-fetch-site': 'none' }],
    [400, '{', signed('{')],
    [400, good, { 'x-hub-signature-256': signed(good)['x-hub-signature-256'] }],
    [401, good, { 'x-github-event': 'push' }],
    [403, good, { ...signed(good), 'sec-fetch-site': 'same-site' }],
    [403, good, { ...signed(good), origin: 'http://builds.test' }],
  ])('is answered as Express would: %d', async (status, body, headers) => {
    const one = await gateway();
    // First, so that the build is there already for both.
    await deliver(one, { event: 'push', payload });
    // A query makes it another address, which is left to Express.
    const answers = ['', '?by=express'].map(async (query) => {
      const response = await fetch(`${one.url}/webhooks/github${query}`, { method: 'POST', body, headers });
      const { date, 'x-request-id': id, ...rest } = Object.fromEntries(response.headers);
      expect([Date.parse(date!), id]).toEqual([expect.any(Number), expect.stringMatching(/^\w+-\w+$/)]);
      return { status: response.status, headers: rest, body: await response.json() };
    });
    const [direct, byExpress] = await Promise.all(answers);
    expect(direct).toEqual(byExpress);
    expect(direct).toMatchObject({
      status,
      headers: { 'content-security-policy': expect.any(String), 'x-content-type-options': 'nosniff' },
    });
  });

  it('is counted by its path', async () => {
    const one = await gateway();
    await deliver(one, { event: 'ping', payload: {} });
    const line =
      'runboat_http_request_duration_seconds_count{method="POST",route="/webhooks/github",code="200"} 1';
    await waitFor(async () => (await one.metrics.registry.metrics()).includes(line));
  });
});

describe('while the API server fails', () => {
  /** Its first writes end without an answer, some of them after the effect. */
  class FlakyClient extends KubeClient {
    failures = 3;
    override async create<T>(...args: Parameters<KubeClient['create']>): Promise<T> {
      if (this.failures-- <= 0) return super.create<T>(...args);
      if (this.failures === 0) await super.create<T>(...args);
      throw new NoAnswerError({ method: 'POST', path: args[0], why: 'a test says so', sent: true });
    }
  }

  it('the write is repeated, and the answer is that it is done', async () => {
    const flaky = new FlakyClient({ connection: client.get().connection });
    const one = await gateway({ client: flaky });
    const { status, body } = await deliver(one, push('oca/web', '16.0', commit));
    expect([status, body.result]).toEqual([200, 'accepted']);
    expect([...(await builds(client.get(), namespace)).values()]).toEqual([body.build]);
  });

  it('for longer than GitHub waits, the answer is 503', async () => {
    const flaky = new FlakyClient({ connection: client.get().connection });
    flaky.failures = Number.POSITIVE_INFINITY;
    const one = await gateway({ client: flaky });
    const begun = performance.now();
    const { status } = await deliver(one, push('oca/web', '16.0', commit));
    expect(status).toBe(503);
    expect(performance.now() - begun).toBeLessThan(9_500);
  });

  /** Lists are not answered for a while. */
  class UnreadableClient extends KubeClient {
    failures = 0;
    override list<T>(...args: Parameters<KubeClient['list']>): AsyncIterable<ListPage<T>> {
      if (this.failures-- <= 0) return super.list<T>(...args);
      throw new NoAnswerError({ method: 'GET', path: args[0], why: 'a test says so', sent: true });
    }
  }

  it('builds that are to be removed are looked for until that succeeds', async () => {
    const unreadable = new UnreadableClient({ connection: client.get().connection });
    const one = await gateway({ client: unreadable });
    const head = { repo: 'oca/web', pr: 5, base: '16.0', commit };
    await deliver(one, pullRequest('opened', head));
    unreadable.failures = 2;
    const { status, body } = await deliver(one, pullRequest('closed', head));
    expect([status, body.result]).toEqual([200, 'accepted']);
    expect(await built()).toEqual([]);
  });

  it('for longer than GitHub waits while they are looked for, the answer is 503, also to DELETE', async () => {
    const unreadable = new UnreadableClient({ connection: client.get().connection });
    const one = await gateway({ client: unreadable });
    unreadable.failures = Number.POSITIVE_INFINITY;
    const closed = pullRequest('closed', { repo: 'oca/web', pr: 5, base: '16.0', commit });
    const url = `${one.url}/api/v1/builds?repo=oca/web`;
    const answers = await Promise.all([
      deliver(one, closed),
      call(url, { method: 'DELETE', headers: admin }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    for (const { body } of answers) expect(body.detail).toMatch(/\.$/);
  });

  it('before the first list is in, the delivery waits for it', async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    class LateClient extends KubeClient {
      override async get<T>(...args: Parameters<KubeClient['get']>): Promise<T> {
        await opened;
        return super.get<T>(...args);
      }
    }
    const late = new LateClient({ connection: client.get().connection });
    const one = await gateway({ client: late, waitForSync: false });
    const answer = deliver(one, push('oca/web', '16.0', commit));
    // Another delivery, which needs nothing of the cluster, has come all the way back meanwhile.
    expect((await deliver(one, { event: 'issues', payload: {} })).body.result).toBe('ignored');
    expect([one.informer.synced, await built()]).toEqual([false, []]);
    open();
    expect((await answer).status).toBe(200);
    expect(await built()).toHaveLength(1);
  });
});
