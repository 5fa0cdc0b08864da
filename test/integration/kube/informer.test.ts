import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Informer } from '../../../lib/kube/informer.js';
import type { Change } from '../../../lib/kube/store.js';
import type { Cached, KubeObject } from '../../../lib/kube/types.js';
import { useNamespace, waitFor } from '../../support/cluster.js';
import { configMap, informerOf, pathOf, pod, useClient } from './support.js';

const background = { propagationPolicy: 'Background' } as const;
const namespace = useNamespace();
const client = useClient();
const path = (name?: string) => pathOf('configmaps', namespace.name, name);
let informers: Informer<Cached>[] = [];

afterEach(async () => {
  await Promise.all(informers.map((informer) => informer.stop()));
  informers = [];
});

async function follow(...args: Parameters<typeof informerOf>): Promise<Informer<Cached>> {
  const informer = informerOf(...args);
  informers.push(informer);
  informer.start();
  await informer.whenSynced();
  return informer;
}

const selected = (label: string) => ({ query: { labelSelector: `set=${label}` } });
const create = (name: string, set: string) =>
  client.get().create<KubeObject>(path(), configMap(name, { labels: { set } }));

describe('an informer', () => {
  it('has what exists, and follows what is created, changed and deleted', async () => {
    await create('a1', 'one');
    const informer = await follow(client.get(), path(), selected('one'));
    expect(informer.get('a1')).toBeDefined();
    await create('a2', 'one');
    await waitFor(() => informer.get('a2'));
    const changed = await client.get().mergePatch<KubeObject>(path('a1'), { data: { a: '2' } });
    await waitFor(() => informer.get('a1')?.metadata.resourceVersion === changed.metadata.resourceVersion);
    await client.get().delete(path('a2'), background);
    await waitFor(() => informer.get('a2') === undefined);
    expect(await informer.resync()).toBe(0);
  });

  it('lets go of what leaves its selector, and takes it back', async () => {
    await create('b', 'two');
    const informer = await follow(client.get(), path(), selected('two'));
    const label = (set: string) => client.get().mergePatch(path('b'), { metadata: { labels: { set } } });
    await label('none');
    await waitFor(() => informer.get('b') === undefined);
    await label('two');
    await waitFor(() => informer.get('b'));
  });

  it('lets go of a pod that has finished, when it asks for unfinished ones', async () => {
    const pods = pathOf('pods', namespace.name);
    const fieldSelector = 'status.phase!=Succeeded,status.phase!=Failed';
    const informer = await follow(client.get(), pods, { query: { fieldSelector } });
    await client.get().create(pods, pod('p'));
    await waitFor(() => informer.get('p'));
    const finished = { status: { phase: 'Succeeded' } };
    await client.get().mergePatch(`${pods}/p`, finished, { subresource: 'status' });
    await waitFor(() => informer.get('p') === undefined);
    expect((await informer.refresh('p'))?.metadata.name).toBe('p');
  });

  it('has its own writes at once and is not led astray by what the watch says later', async () => {
    const informer = await follow(client.get(), path(), selected('three'));
    const seen: Change<Cached>[] = [];
    informer.onChange((change) => seen.push(change));
    for (let i = 0; i < 20; i++) {
      const applied = await client.get().apply<KubeObject>(path('c'), body(i));
      informer.observe(applied());
      expect(informer.get('c')).toBeDefined();
      const { uid } = informer.get('c')!.metadata;
      await client.get().delete(path('c'), { ...background, uid });
      informer.observeDeleted('c', uid);
      expect(informer.get('c')).toBeUndefined();
    }
    const last = await create('c-end', 'three');
    await waitFor(() => informer.get('c-end')?.metadata.uid === last.metadata.uid);
    expect(seen).toHaveLength(41);
    expect(informer.size).toBe(1);
  });

  it('knows that an object is gone by the answer to the patch that took its last finalizer', async () => {
    const informer = await follow(client.get(), path(), selected('four'));
    const made = configMap('d', { labels: { set: 'four' }, finalizers: ['runboat.dev/test'] });
    informer.observe(await client.get().create<KubeObject>(path(), made));
    const answer = await client.get().delete(path('d'), background);
    informer.observe(answer.object!);
    expect(informer.get('d')).toBeDefined();
    informer.observe(
      await client.get().mergePatch<KubeObject>(path('d'), { metadata: { finalizers: null } }),
    );
    expect(informer.get('d')).toBeUndefined();
    await create('d-end', 'four');
    await waitFor(() => informer.get('d-end'));
    expect(informer.get('d')).toBeUndefined();
  });

  it('goes on without a gap over many short watches', async () => {
    const informer = await follow(client.get(), path(), {
      ...selected('five'),
      times: { watchSeconds: 1, backoffMs: 10 },
    });
    for (let i = 0; i < 30; i++) {
      await create(`e${i}`, 'five');
      await sleep(100);
    }
    await waitFor(() => informer.size === 30);
    expect(await informer.resync()).toBe(0);
  });

  it('has all of many objects after as many pages', async () => {
    const all = Array.from({ length: 1_100 }, (_, i) => i);
    while (all.length > 0) await Promise.all(all.splice(0, 25).map((i) => create(`many-${i}`, 'many')));
    const informer = await follow(client.get(), path(), selected('many'));
    expect(informer.size).toBe(1_100);
    expect(await informer.resync()).toBe(0);
  }, 60_000);
});

function body(i: number): object {
  return { ...configMap('c', { labels: { set: 'three' } }), data: { a: String(i) } };
}
