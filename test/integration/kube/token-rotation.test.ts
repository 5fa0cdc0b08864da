import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { KubeClient } from '../../../lib/kube/client.js';
import { connect } from '../../../lib/kube/connection.js';
import type { KubeObject } from '../../../lib/kube/types.js';
import { kubectl, useNamespace, waitFor } from '../../support/cluster.js';
import { configMap, failure, informerOf, pathOf, useClient } from './support.js';

const namespace = useNamespace();
const admin = useClient();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runboat-token-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A service account that may do all in the namespace, and a token of it. */
async function account(name: string): Promise<string> {
  const path = pathOf('serviceaccounts', namespace.name);
  await admin.get().create(path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
  await kubectl([
    ...['create', 'rolebinding', name, '-n', namespace.name],
    ...['--clusterrole=admin', `--serviceaccount=${namespace.name}:${name}`],
  ]);
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = await admin.get().create<{ status: { token: string } }>(`${path}/${name}/token`, request);
  return answer.status.token;
}

async function kubeconfig(): Promise<string> {
  const config = JSON.parse(
    await kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']),
  );
  config.users[0].user = { tokenFile: 'token' };
  const file = join(folder, 'kubeconfig');
  await writeFile(file, JSON.stringify(config));
  return file;
}

it('a service account whose token was replaced in its file is signed in again without a failed request', async () => {
  await writeFile(join(folder, 'token'), await account('first'));
  const client = new KubeClient({ connection: await connect({ kubeconfigFile: await kubeconfig() }) });
  const path = pathOf('configmaps', namespace.name);
  const informer = informerOf(client, path, { times: { watchSeconds: 1, backoffMs: 10 } });
  informer.start();
  try {
    await informer.whenSynced();
    await client.create<KubeObject>(path, configMap('before'));
    await writeFile(join(folder, 'token'), await account('second'));
    await admin
      .get()
      .delete(pathOf('serviceaccounts', namespace.name, 'first'), { propagationPolicy: 'Background' });
    // The API server believes a deleted account's token for some seconds more (its cache).
    await waitFor(async () => {
      await client.create<KubeObject>(path, { ...configMap('after'), metadata: { generateName: 'after-' } });
      const review = await client.create<{ status: { userInfo: { username: string } } }>(
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      );
      return review.status.userInfo.username.endsWith(':second');
    });
    const made = await admin.get().create<KubeObject>(path, configMap('seen'));
    await waitFor(() => informer.get('seen')?.metadata.uid === made.metadata.uid);
  } finally {
    await informer.stop();
    await client.connection.close();
  }
}, 60_000);

it('a token that is not known is an error that says so', async () => {
  await writeFile(join(folder, 'token'), 'nonsense');
  const client = new KubeClient({ connection: await connect({ kubeconfigFile: await kubeconfig() }) });
  expect(await failure(client.get(pathOf('configmaps', namespace.name)))).toMatchObject({ status: 401 });
  await client.connection.close();
});
