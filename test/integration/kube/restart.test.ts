import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { KubeClient } from '../../../lib/kube/client.js';
import { connect } from '../../../lib/kube/connection.js';
import type { KubeObject } from '../../../lib/kube/types.js';
import { type Cluster, startCluster } from '../../cluster/control-plane.js';
import { waitFor } from '../../support/cluster.js';
import { configMap, informerOf, pathOf } from './support.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 });
}, 120_000);
afterAll(() => cluster?.stop(), 60_000);

it('an informer survives the restart of the API server, by kill too, and has all that happened', async () => {
  const client = new KubeClient({ connection: await connect({ kubeconfigFile: cluster.kubeconfig }) });
  const path = pathOf('configmaps', 'default');
  const lists: number[] = [];
  const informer = informerOf(client, path, { hooks: { onList: ({ items }) => lists.push(items) } });
  informer.start();
  try {
    await informer.whenSynced();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await client.create(path, configMap(`before-${signal.toLowerCase()}`));
      await cluster.stopApiServer(signal);
      await cluster.startApiServer();
      const name = `after-${signal.toLowerCase()}`;
      const made = await waitFor(() => client.create<KubeObject>(path, configMap(name)));
      await waitFor(() => informer.get(name)?.metadata.uid === made.metadata.uid, { timeoutMs: 20_000 });
      expect(informer.get(`before-${signal.toLowerCase()}`)).toBeDefined();
    }
    expect(await informer.resync()).toBe(0);
  } finally {
    await informer.stop();
    await client.connection.close();
  }
}, 120_000);
