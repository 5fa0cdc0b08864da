import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Component } from '../cluster/control-plane.js';
import type { Random } from './random.js';
import { restoreSnapshot, takeSnapshot } from './snapshot.js';

export const troubleNames = [
  'api-server-killed',
  'api-server-silent',
  'etcd-killed',
  'etcd-compacted',
  'etcd-slow',
  'controller-manager-away',
  'scheduler-away',
  'etcd-restored',
] as const;

export type TroubleName = (typeof troubleNames)[number];

/** Who must know that the cluster is about to be, and then is, what it was a while ago. */
export interface Returner {
  /** Resolves when its operators have written so often, or when it waits in vain. */
  hasWritten(times: number): Promise<void>;
  beforeRestore(): Promise<void>;
  afterRestore(): Promise<void>;
}

/** In place of minutes: longer than all that waits in a scenario, its timeouts apart. */
const controllerManagerAwayMs = 20_000;
const schedulerAwayMs = 5_000;
/** Longer than a request of the operator may take, and so than its Lease. */
const silentMs = 11_000;
/** etcd hangs so long at a time, and answers so long between. */
const slow = { turns: 25, hangsMs: 300, answersMs: 100 };
/** Of a scenario with some 400 writes: the snapshot, and the loss of all that came after it. */
const writes = { beforeSnapshot: 120, beforeRestore: 220 };

/** Troubles of the whole cluster, one after the other. */
export class Troubles {
  private readonly returners = new Set<Returner>();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly cluster: Cluster) {}

  /** Ends with the cluster whole again. */
  get over(): Promise<void> {
    return this.running;
  }

  begin(names: readonly TroubleName[], random: Random): void {
    this.running = this.run(names, random);
  }

  tell(returner: Returner): void {
    this.returners.add(returner);
  }

  private async run(names: readonly TroubleName[], random: Random): Promise<void> {
    for (const name of names) {
      await sleep(random.between(1_000, 5_000));
      await (name === 'etcd-restored' ? this.restore() : troubles[name](this.cluster));
    }
  }

  private async restore(): Promise<void> {
    const all = [...this.returners];
    await Promise.all(all.map((returner) => returner.hasWritten(writes.beforeSnapshot)));
    await takeSnapshot(this.cluster);
    await Promise.all(all.map((returner) => returner.hasWritten(writes.beforeRestore)));
    await Promise.all(all.map((returner) => returner.beforeRestore()));
    await restoreSnapshot(this.cluster);
    await Promise.all(all.map((returner) => returner.afterRestore()));
  }
}

const troubles: Record<Exclude<TroubleName, 'etcd-restored'>, (cluster: Cluster) => Promise<void>> = {
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
  'etcd-slow': async (cluster) => {
    for (let turn = 0; turn < slow.turns; turn++) {
      cluster.pause('etcd');
      await sleep(slow.hangsMs);
      cluster.resume('etcd');
      await sleep(slow.answersMs);
    }
  },
  'controller-manager-away': (cluster) => away(cluster, 'kube-controller-manager', controllerManagerAwayMs),
  'scheduler-away': (cluster) => away(cluster, 'kube-scheduler', schedulerAwayMs),
};

async function away(cluster: Cluster, component: Component, milliseconds: number): Promise<void> {
  await cluster.stopComponent(component);
  await sleep(milliseconds);
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
