import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Cluster, Component } from '../cluster/control-plane.js';

/** All that remembers what etcd said; what depends on others comes later. */
const controlPlane: readonly Component[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
];

/** Keeps etcd's data as they are now. */
export async function takeSnapshot(cluster: Cluster): Promise<void> {
  const { data, snapshot } = folders(cluster);
  await rm(snapshot, { recursive: true, force: true });
  cluster.pause('etcd');
  try {
    await cp(data, snapshot, { recursive: true });
  } finally {
    cluster.resume('etcd');
  }
}

/** Starts the whole control plane anew with the data of the last snapshot. */
export async function restoreSnapshot(cluster: Cluster): Promise<void> {
  const { data, snapshot } = folders(cluster);
  for (const component of [...controlPlane].reverse()) await cluster.stopComponent(component, 'SIGKILL');
  await rm(data, { recursive: true });
  await cp(snapshot, data, { recursive: true });
  for (const component of controlPlane) await cluster.startComponent(component);
}

function folders({ dir }: Cluster): { data: string; snapshot: string } {
  return { data: path.join(dir, 'etcd'), snapshot: path.join(dir, 'etcd.snapshot') };
}
