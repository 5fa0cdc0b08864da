import { describe, expect, it } from '@jest/globals';
import { discover, resolveResourceType, UnknownResourceTypeError } from '../../../lib/kube/discovery.js';
import { isConflict, isNotFound, isSchemaRefusal, mayHaveHappened } from '../../../lib/kube/errors.js';
import type { Deployment, KubeObject } from '../../../lib/kube/types.js';
import { useNamespace, waitFor } from '../../support/cluster.js';
import { configMap, failure, pathOf, useClient } from './support.js';

const OTHER_UID = '00000000-0000-0000-0000-000000000000';
const background = { propagationPolicy: 'Background' } as const;
const namespace = useNamespace();
const client = useClient();
const path = (name?: string) => pathOf('configmaps', namespace.name, name);
const apply = async (name: string, metadata: object, force = false) =>
  (await client.get().apply<KubeObject>(path(name), configMap(name, metadata), { force }))();

describe('a first apply with resourceVersion "1"', () => {
  it('creates an object whose name is free', async () => {
    const made = await apply('first', { resourceVersion: '1' });
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    const [manager] = made.metadata['managedFields' as never] as { manager: string; operation: string }[];
    expect(manager).toMatchObject({ manager: 'runboat', operation: 'Apply' });
  });

  it('is answered with 409 when the name is taken, forced or not, and changes nothing', async () => {
    const made = await client.get().create<KubeObject>(path(), configMap('taken'));
    for (const force of [false, true]) {
      const error = await failure(apply('taken', { resourceVersion: '1', labels: { mine: 'yes' } }, force));
      expect(error).toMatchObject({ status: 409, reason: 'Conflict' });
      expect(mayHaveHappened(error)).toBe(false);
    }
    expect(await client.get().get(path('taken'))).toEqual(made);
  });

  it('lets only one of many win', async () => {
    const all = Array.from({ length: 8 }, (_, i) =>
      apply('raced', { resourceVersion: '1', labels: { by: `${i}` } }),
    );
    const results = await Promise.allSettled(all);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(errors.every(isConflict)).toBe(true);
  });

  it('lets a later apply remove what it brought', async () => {
    await apply('shrinking', { resourceVersion: '1', labels: { a: 'x', b: 'x' } });
    const second = await apply('shrinking', { labels: { a: 'x' } });
    expect(second.metadata.labels).toEqual({ a: 'x' });
  });
});

describe('the uid and the resourceVersion of a write', () => {
  it('keep an apply from another object, whether one of that name exists or not', async () => {
    await apply('other', { resourceVersion: '1' });
    const taken = await failure(apply('other', { uid: OTHER_UID }, true));
    expect(taken).toMatchObject({ status: 422 });
    expect(isConflict(taken)).toBe(true);
    const gone = await failure(apply('nothing', { uid: OTHER_UID }, true));
    expect(gone).toMatchObject({ status: 409 });
    expect(isConflict(gone)).toBe(true);
  });

  it('keep a merge patch from another or a changed object', async () => {
    const made = await apply('patched', { resourceVersion: '1' });
    const { uid, resourceVersion } = made.metadata;
    const patch = (metadata: object) => client.get().mergePatch<KubeObject>(path('patched'), { metadata });
    const changed = await patch({ uid, resourceVersion, labels: { a: 'x' } });
    expect(changed.metadata.labels).toEqual({ a: 'x' });
    expect(isConflict(await failure(patch({ uid, resourceVersion, labels: { a: 'y' } })))).toBe(true);
    expect(isConflict(await failure(patch({ uid: OTHER_UID, labels: { a: 'y' } })))).toBe(true);
    expect(isNotFound(await failure(client.get().mergePatch(path('nothing'), { metadata: { uid } })))).toBe(
      true,
    );
  });

  it('keep a delete from another or a changed object', async () => {
    const made = await apply('deleted', { resourceVersion: '1' });
    const { uid, resourceVersion } = made.metadata;
    const remove = (options: object) => client.get().delete(path('deleted'), { ...background, ...options });
    expect(isConflict(await failure(remove({ uid: OTHER_UID })))).toBe(true);
    expect(isConflict(await failure(remove({ uid, resourceVersion: '1' })))).toBe(true);
    expect(await remove({ uid, resourceVersion })).toEqual({ state: 'deleted' });
    expect(await remove({ uid })).toEqual({ state: 'missing' });
  });
});

describe('an apply that changes nothing', () => {
  it('writes nothing', async () => {
    const first = await apply('same', { resourceVersion: '1' });
    const second = await apply('same', { uid: first.metadata.uid });
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });
});

describe('a field that another manager owns', () => {
  it('is a conflict, unless the apply is forced', async () => {
    await client.get().apply(path('owned'), configMap('owned'));
    await client.get().request({
      method: 'PATCH',
      path: path('owned'),
      query: { fieldManager: 'somebody', force: true },
      contentType: 'application/apply-patch+yaml',
      body: { ...configMap('owned'), data: { a: '2' } },
    });
    expect(isConflict(await failure(apply('owned', {})))).toBe(true);
    expect(await apply('owned', {}, true)).toMatchObject({ data: { a: '1' } });
  });
});

describe('a field that the kind does not have', () => {
  it('is refused by an apply and by a create, and never stored', async () => {
    const wrong = { ...configMap('wrong'), surprise: 1 };
    const applied = await failure(client.get().apply(path('wrong'), wrong));
    expect(isSchemaRefusal(applied)).toBe(true);
    expect(mayHaveHappened(applied)).toBe(false);
    expect(await failure(client.get().create(path(), wrong))).toMatchObject({ status: 400 });
    expect(isNotFound(await failure(client.get().get(path('wrong'))))).toBe(true);
  });
});

describe('a delete', () => {
  it('tells that an object with a finalizer is still there, until its last finalizer goes', async () => {
    await apply('held', { resourceVersion: '1', finalizers: ['runboat.dev/test'] });
    const answer = await client.get().delete(path('held'), background);
    expect(answer.state).toBe('deleting');
    const last = await client.get().mergePatch<KubeObject>(path('held'), { metadata: { finalizers: null } });
    expect(last.metadata.deletionTimestamp).toBeDefined();
    expect(last.metadata.finalizers).toBeUndefined();
    expect(await client.get().delete(path('held'), background)).toEqual({ state: 'missing' });
  });

  it('of a path that no resource has is an error', async () => {
    const nowhere = `/apis/apps/v1/namespaces/${namespace.name}/nonsenses/a`;
    expect(isNotFound(await failure(client.get().delete(nowhere, background)))).toBe(true);
  });
});

describe('a list', () => {
  it('of many pages shows one moment', async () => {
    const many = Array.from({ length: 25 }, (_, i) => configMap(`page-${i}`, { labels: { paged: 'yes' } }));
    await Promise.all(many.map((body) => client.get().create(path(), body)));
    const query = { limit: 10, labelSelector: 'paged=yes' };
    const pages = [];
    for await (const page of client.get().list<KubeObject>(path(), query)) {
      pages.push(page);
      await client.get().create(path(), configMap(`late-${pages.length}`, { labels: { paged: 'yes' } }));
    }
    expect(pages.map(({ items }) => items.length)).toEqual([10, 10, 5]);
    expect(new Set(pages.map(({ resourceVersion }) => resourceVersion)).size).toBe(1);
    expect(pages.map(({ first }) => first)).toEqual([true, false, false]);
  });
});

describe('a subresource', () => {
  it('is written by its name', async () => {
    const labels = { app: 'x' };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'none' }] } },
      },
    };
    const at = pathOf('deployments', namespace.name, 'd');
    await client.get().apply(at, deployment);
    await client.get().mergePatch(at, { spec: { replicas: 1 } }, { subresource: 'scale' });
    await waitFor(async () => (await client.get().get<Deployment>(at)).spec?.replicas === 1);
  });
});

describe('the spellings of kubectl', () => {
  it('are resolved as kubectl does', async () => {
    const kinds = await discover(client.get());
    const shown = [
      'deployment',
      'Deployments',
      'deploy',
      'deployments.apps',
      'deployments.v1.apps',
      'pvc',
      'ingress',
      'ev',
      'rb',
    ];
    const resolved = shown.map((spelling) => {
      const { group, version, kind, plural, namespaced } = resolveResourceType(kinds, spelling);
      return `${group}/${version} ${kind} ${plural} ${namespaced}`;
    });
    const deployment = 'apps/v1 Deployment deployments true';
    expect(resolved).toEqual([
      deployment,
      deployment,
      deployment,
      deployment,
      deployment,
      '/v1 PersistentVolumeClaim persistentvolumeclaims true',
      'networking.k8s.io/v1 Ingress ingresses true',
      '/v1 Event events true',
      'runboat.dev/v1alpha1 RunboatBuild runboatbuilds true',
    ]);
    expect(() => resolveResourceType(kinds, 'deployment.batch')).toThrow(UnknownResourceTypeError);
    expect(() => resolveResourceType(kinds, 'nonsense')).toThrow(/"nonsense"/);
  });

  it('name the verbs, so that a kind without lists is known', async () => {
    const kinds = await discover(client.get());
    expect(resolveResourceType(kinds, 'secrets').verbs).toContain('list');
    expect(resolveResourceType(kinds, 'tokenreviews').verbs).toEqual(['create']);
    expect(resolveResourceType(kinds, 'namespaces').namespaced).toBe(false);
  });
});
