import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../command.js';
import { type Cluster, type ClusterOptions, startCluster } from '../control-plane.js';
import { clusterFile } from '../paths.js';
import { findPrograms } from '../programs.js';
import { isHealthy } from '../readiness.js';
import { forwardToLoopback } from './forwarder.js';
import { containerdSocket, networkOf, nodeName, readinessPorts, writeNodeFiles } from './node-files.js';
import { nodeObstacles, pluginFolder } from './obstacles.js';
import { ownServices } from './own-services.js';
import { pauseArchive } from './pause-image.js';

/** A node whose pods are real: containers of this machine, with addresses that it reaches. */
export interface RealNode {
  /** This machine's address as the pods see it, and the network that pods come from. */
  readonly network: { machine: string; pods: string };
  /** Puts an archive made by imageFromFolder, or by `docker save`, on the node. */
  importImage(archive: string): Promise<void>;
}

const readyPatienceMs = 60_000;

/** A control plane and its only node, which ends with it. */
export interface RealCluster {
  readonly cluster: Cluster;
  readonly node: RealNode;
}

/**
 * Starts a control plane and a real node, in about 10 seconds. Everything is in the cluster's folder and
 * in namespaces of its own, and ends with this process. Several can run at once. Throws, with sentences
 * that say why, if the machine cannot run one.
 */
export async function startRealCluster(options: ClusterOptions = {}): Promise<RealCluster> {
  const obstacles = await nodeObstacles();
  if (obstacles.length > 0) throw new Error(obstacles.join('\n'));
  const tell = options.tell ?? ((line) => console.error(line));
  const { kubelet } = await findPrograms(['kubelet', 'kube-proxy', 'coredns'], tell);
  const pause = await pauseArchive(tell);
  const cluster = await startCluster({ nodes: 0, ...options, ownVolumes: true });
  try {
    return { cluster, node: await startNode(cluster, path.dirname(kubelet), pause) };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function startNode(cluster: Cluster, programs: string, pause: string): Promise<RealNode> {
  const number = freeNetwork();
  const { machine, node, pods } = networkOf(number);
  await writeNodeFiles({ folder: cluster.dir, number, plugins: pluginFolder()! });
  cluster.processes.start('node', clusterFile('node', 'node.sh'), [cluster.dir, String(number), programs]);
  const port = Number(new URL(cluster.server).port);
  await whileRunning(cluster, () => forwardToLoopback(machine, port));
  const importImage = (archive: string) => importTo(containerdSocket(cluster.dir), archive);
  const services = JSON.stringify(ownServices(number, port));
  await Promise.all([
    cluster.kubectl(['create', '--validate=false', '-f', '-'], services),
    until(cluster, 'containerd to answer', () => succeeds(importImage(pause))),
  ]);
  await until(cluster, 'the node to be ready', () => isReady(cluster));
  const { proxy, dns } = readinessPorts;
  await until(cluster, 'Service addresses to work', () => hasProxyRules(`http://${node}:${proxy}/healthz`));
  await until(cluster, 'names to be known', () => isHealthy(`http://${node}:${dns}/ready`));
  return { network: { machine, pods }, importImage };
}

/** The link to the node bears the number in its address, so that numbers in use are seen. */
function freeNetwork(): number {
  const addresses = Object.values(os.networkInterfaces()).flatMap((all) => all ?? []);
  const isTaken = (number: number) =>
    addresses.some(({ address }) => address.startsWith(networkOf(number).machine.replace(/1$/, '')));
  const free = Array.from({ length: 256 }, (_, number) => number).filter((number) => !isTaken(number));
  if (free.length === 0) throw new Error('All networks 10.213.0.0/24 to 10.213.255.0/24 are in use.');
  // At random, because two clusters may look at the same moment.
  return free[Math.floor(Math.random() * free.length)]!;
}

async function importTo(socket: string, archive: string): Promise<void> {
  const args = ['--address', socket, '--namespace', 'k8s.io', 'images', 'import', archive];
  await runCommand('ctr', args);
}

async function isReady(cluster: Cluster): Promise<boolean> {
  const condition = '{.status.conditions[?(@.type=="Ready")].status}';
  return (await cluster.kubectl(['get', 'node', nodeName, '-o', `jsonpath=${condition}`])) === 'True';
}

/** From its start on kube-proxy calls itself healthy; when it has made its rules it names their kind. */
async function hasProxyRules(address: string): Promise<boolean> {
  const health = (await (await fetch(address)).json()) as { status?: { IPv4?: object } };
  return health.status?.IPv4 !== undefined;
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  await work;
  return true;
}

async function until(cluster: Cluster, what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + readyPatienceMs;
  for (;;) {
    const problem = await condition().then(
      (holds) => (holds ? undefined : 'not yet'),
      (error: Error) => error.message,
    );
    if (problem === undefined) return;
    if (!cluster.processes.isRunning('node')) throw await ended(cluster);
    if (Date.now() > deadline) {
      const patience = readyPatienceMs / 1000;
      throw new Error(`Waited ${patience} s for ${what}, in vain: ${problem} (logs in ${cluster.dir}/logs).`);
    }
    await sleep(100);
  }
}

/** What the node's own script says is of more use than the error that follows from its end. */
async function whileRunning<T>(cluster: Cluster, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (cluster.processes.isRunning('node')) throw error;
    throw await ended(cluster);
  }
}

async function ended(cluster: Cluster): Promise<Error> {
  return new Error(`The real node ended: ${await cluster.processes.lastWords('node')}`);
}
