import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/control-plane.js';
import type { Random } from './random.js';

export const troubleNames = [
  'api-server-killed',
  'api-server-silent',
  'etcd-killed',
  'etcd-compacted',
  'controller-manager-away',
  'scheduler-away',
] as const;

export type TroubleName = (typeof troubleNames)[number];

const awayMs = 3_000;
/** Longer than a request of the operator may take, and so than its Lease. */
const silentMs = 11_000;

/** Lets troubles of the whole cluster happen one after the other; ends with the cluster whole again. */
export async function makeTroubles(
  cluster: Cluster,
  names: readonly TroubleName[],
  random: Random,
): Promise<void> {
  for (const name of names) {
    await sleep(random.between(1_000, 5_000));
    await troubles[name](cluster);
  }
}

const troubles: Record<TroubleName, (cluster: Cluster) => Promise<void>> = {
  'api-server-killed': async (cluster) => {
    await cluster.stopApiServer('SIGKILL');
    await cluster.startApiServer();
  },
  'api-server-silent': async (cluster) => {
    cluster.pause('kube-apiserver');
    await sleep(silentMs);
    cluster.resume('kube-apiserver');
  },
  'etcd-killed': async (cluster) => {
    await cluster.stopComponent('etcd', 'SIGKILL');
    await cluster.startComponent('etcd');
  },
  'etcd-compacted': compact,
  'controller-manager-away': (cluster) => away(cluster, 'kube-controller-manager'),
  'scheduler-away': (cluster) => away(cluster, 'kube-scheduler'),
};

async function away(
  cluster: Cluster,
  component: 'kube-controller-manager' | 'kube-scheduler',
): Promise<void> {
  await cluster.stopComponent(component);
  await sleep(awayMs);
  await cluster.startComponent(component);
}

/** Forgets all versions but the present ones, through etcd's JSON gateway. */
async function compact(cluster: Cluster): Promise<void> {
  const port = readFileSync(path.join(cluster.dir, 'etcd.port'), 'utf8');
  const call = async (method: string, body: object): Promise<{ header?: { revision?: string } }> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v3/${method}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`etcd answered ${method} with ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as { header?: { revision?: string } };
  };
  const { header } = await call('maintenance/status', {});
  await call('kv/compaction', { revision: header?.revision, physical: true });
}
