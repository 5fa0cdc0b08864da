import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { useNamespace, waitFor } from '../../support/cluster.js';
import { call, type RunningGateway, startGateway, TestBuilds } from '../../support/gateway.js';
import { SseClient } from './sse-client.js';

const namespace = useNamespace();
const builds = new TestBuilds(namespace);
let gateways: RunningGateway[];
let clients: SseClient[] = [];

beforeAll(async () => {
  await builds.open();
  gateways = await Promise.all([1, 2].map(() => startGateway({ namespace: namespace.name })));
});
afterEach(() => {
  for (const client of clients) client.leave();
  clients = [];
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await builds.close();
});

async function listen(which: number, query = '', lastEventId?: string): Promise<SseClient> {
  const client = await SseClient.open(gateways[which]!.address, query, lastEventId);
  clients.push(client);
  return client;
}

/** Waits until a gateway has seen a build in a status: its watch may be late. */
async function seen(which: number, name: string, status = 'initializing'): Promise<void> {
  await waitFor(async () => {
    const answer = await call(gateways[which]!.address, `/api/v1/builds/${name}`);
    return answer.ok && ((await answer.json()) as { status: string }).status === status;
  });
}

const of = (repo: string) => ({ repo: `oca/${repo}` });

describe('events', () => {
  it('are the state in the reverse of the order of the list, then each change that can be seen', async () => {
    await builds.create('first', { ...of('plain'), targetBranch: '17.0' });
    await builds.create('second', { ...of('plain'), pr: 3 });
    await builds.create('third', { ...of('plain'), pr: 12 });
    await seen(0, 'third');
    const client = await listen(0, '?repo=OCA/plain');
    const state = await client.until('synced');
    const listed = (await (await call(gateways[0]!.address, '/api/v1/builds?repo=oca/plain')).json()) as {
      name: string;
    }[];
    expect(state.slice(0, -1)).toEqual(listed.reverse().map(({ name }) => `upd ${name} initializing`));
    await builds.patch('first', { metadata: { annotations: { seen: 'no' } } });
    await builds.create('other', of('unasked'));
    await builds.setStatus('second', { phase: 'Stopped' });
    await builds.delete('third');
    expect(await client.until('del third initializing')).toEqual([
      'upd second stopped',
      'del third initializing',
    ]);
    const one = await (await call(gateways[0]!.address, '/api/v1/builds/second')).json();
    expect(client.messages.find(({ data }) => data.build?.status === 'stopped')?.data.build).toEqual(one);
  });

  it('come with headers that keep everything on the way from holding them back', async () => {
    const { answer } = await listen(0);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const compressed = await fetch(`${gateways[0]!.address}/api/v1/build-events`, { method: 'HEAD' });
    expect([compressed.status, compressed.headers.get('content-encoding')]).toEqual([200, null]);
  });

  it('tell that a build has left the filter', async () => {
    await builds.create('leaver', of('leaving'), { phase: 'Started' });
    await seen(0, 'leaver', 'started');
    const client = await listen(0, '?repo=oca/leaving&status=started');
    await client.until('synced');
    await builds.setStatus('leaver', { phase: 'Stopping' });
    expect(await client.until('del leaver stopping')).toEqual(['del leaver stopping']);
  });

  it('tell of our own writes once', async () => {
    await builds.create('own', of('own'), { phase: 'Stopped' });
    await seen(0, 'own', 'stopped');
    const client = await listen(0, '?repo=oca/own');
    await client.until('synced');
    const path = '/api/v1/builds/own';
    for (const step of ['start', 'stop', 'start']) {
      await call(gateways[0]!.address, `${path}/${step}`, { method: 'POST', admin: true });
    }
    await call(gateways[0]!.address, path, { method: 'DELETE', admin: true });
    expect((await client.until('del own stopped')).at(-1)).toBe('del own stopped');
    expect(client.messages.filter(({ data }) => data.event === 'del')).toHaveLength(1);
  });

  it('go on where they were at another gateway, deletions included', async () => {
    await builds.create('stays', of('moving'));
    await builds.create('goes', of('moving'));
    await seen(0, 'goes');
    const client = await listen(0, '?repo=oca/moving');
    await client.until('synced');
    await builds.setStatus('stays', { phase: 'Stopped' });
    await client.until('upd stays stopped');
    client.leave();
    await builds.delete('goes');
    await builds.setStatus('stays', { phase: 'Started' });
    const { lastEventId } = client;
    const moved = await listen(1, '?repo=oca/moving', lastEventId);
    // If that gateway is late, it has nothing to catch up with at first.
    const told = (await moved.until('upd stays started')).filter((event) => event !== 'synced');
    expect(told).toEqual(['del goes initializing', 'upd stays started']);
    moved.leave();
    const back = await listen(0, '?repo=oca/moving', moved.lastEventId);
    expect(await back.until('synced')).toEqual(['synced']);
  });

  it.each(['1', '9999999999999', 'nonsense'])('begin anew for an id that is of no use: %s', async (id) => {
    const client = await listen(0, '?repo=oca/nothing', id);
    expect(await client.until('synced')).toEqual(['reset', 'synced']);
  });

  it('are refused with 400 for a filter that cannot be', async () => {
    for (const query of ['pr=x', 'status=none']) {
      expect((await call(gateways[0]!.address, `/api/v1/build-events?${query}`)).status).toBe(400);
    }
  });

  it('say goodbye when the gateway ends, and begin anew at one that cannot know what was deleted', async () => {
    await builds.create('lost', of('restart'));
    await builds.create('kept', of('restart'));
    const old = await startGateway({ namespace: namespace.name });
    const client = await SseClient.open(old.address, '?repo=oca/restart');
    await client.until('synced');
    const code = old.stop();
    await client.until('goodbye');
    await waitFor(() => client.isOver);
    expect(await code).toBe(0);
    await builds.delete('lost');
    await builds.setStatus('kept', { phase: 'Failed' });
    const next = await startGateway({ namespace: namespace.name });
    try {
      const again = await SseClient.open(next.address, '?repo=oca/restart', client.lastEventId);
      expect(await again.until('synced')).toEqual(['reset', 'upd kept failed', 'synced']);
      again.leave();
    } finally {
      await next.stop();
    }
  });

  it('have a sign of life at least every 15 s', async () => {
    const client = await listen(0, '?repo=oca/silent');
    await client.until('synced');
    const before = client.comments;
    await waitFor(() => client.comments > before, { timeoutMs: 15_000 });
  });
});
