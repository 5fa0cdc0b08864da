import { mkdir, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from './command.js';
import {
  argumentsOf,
  auditLogPath,
  type Component,
  type ComponentSettings,
  components,
  writeComponentFiles,
} from './components.js';
import { type ClusterUser, kubeconfigPath, writeCredentials, writeKubeconfigs } from './credentials.js';
import { removeLeftovers } from './leftovers.js';
import { clusterFile } from './paths.js';
import { folderPrefix, reservePort } from './ports.js';
import { ClusterProcesses } from './processes.js';
import { clusterPrograms, findPrograms } from './programs.js';
import { isHealthy } from './readiness.js';
import { applySimulation, simulationIsReady } from './simulation.js';

export type { Component } from './components.js';

export interface ClusterOptions {
  /** Simulated nodes; each takes any number of pods. */
  nodes?: number;
  /** Keeps the volumes of claims in the cluster's folder, as a real node needs it (see node/); only as root. */
  ownVolumes?: boolean;
  /** Whether the API server writes an audit log, one JSON line a request and stage, without bodies. */
  audit?: boolean;
  tell?: (line: string) => void;
}

/** A real control plane with simulated nodes, in processes of this machine that end with this one. */
export interface Cluster {
  /** The cluster's folder: data, credentials and `logs/`; removed at the end. */
  readonly dir: string;
  /** Path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** The API server's address, https. */
  readonly server: string;
  /** Absolute paths of the cluster's programs and kubectl. */
  readonly programs: Record<string, string>;
  /** Path of the audit log, which is only written with the option `audit`. */
  readonly auditLog: string;
  /** Further programs can be started among them, to end with the cluster. */
  readonly processes: ClusterProcesses;
  /** Runs kubectl and gives what it printed. Throws a CommandError with its `stderr` if it fails. */
  kubectl(args: string[], input?: string): Promise<string>;
  stopApiServer(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it with the same address and data, and waits until it is ready. */
  startApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /** Stops a program in its tracks (SIGSTOP) till `resume`. */
  pause(component: Component): void;
  resume(component: Component): void;
  stopComponent(component: Component, signal?: NodeJS.Signals): Promise<void>;
  startComponent(component: Component): Promise<void>;
  /** Ends all processes and removes the folder. */
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const portAttempts = 5;

/**
 * Starts a cluster, in about 5 seconds: usable when this resolves, pods included. Throws, with the last
 * lines of the log concerned, if a program does not start; nothing is left running then.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const programs = await findPrograms(clusterPrograms, options.tell);
  await removeLeftovers();
  const dir = await mkdtemp(path.join(os.tmpdir(), folderPrefix));
  const processes = new ClusterProcesses(dir);
  try {
    await processes.recordGuard();
    const controlPlane = new ControlPlane(dir, programs, processes, options);
    await controlPlane.start();
    return controlPlane;
  } catch (error) {
    await processes.endAll();
    throw error;
  }
}

class ControlPlane implements Cluster {
  readonly kubeconfig: string;
  readonly auditLog: string;
  readonly #ports: ComponentSettings['ports'] = { etcd: 0, 'kube-apiserver': 0 };
  #tokens: Record<ClusterUser, string> | undefined;

  constructor(
    readonly dir: string,
    readonly programs: Record<(typeof clusterPrograms)[number], string>,
    readonly processes: ClusterProcesses,
    private readonly options: ClusterOptions,
  ) {
    this.kubeconfig = kubeconfigPath(dir, 'admin');
    this.auditLog = auditLogPath(dir);
  }

  get server(): string {
    return `https://127.0.0.1:${this.#ports['kube-apiserver']}`;
  }

  async start(): Promise<void> {
    await mkdir(path.join(this.dir, 'certificates'));
    this.#tokens = await writeCredentials(this.dir);
    await writeComponentFiles(this.dir);
    await this.#startOnFreePort('etcd');
    await this.#startOnFreePort('kube-apiserver');
    await writeKubeconfigs(this.dir, this.server, this.#tokens);
    for (const component of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const)
      this.#spawn(component);
    const api = { server: this.server, token: this.#tokens.admin, certificates: this.#certificate() };
    await applySimulation(api, this.options.nodes ?? 4);
    await this.#until('the nodes and service accounts to be ready', components, () => simulationIsReady(api));
  }

  kubectl(args: string[], input?: string): Promise<string> {
    const env = { ...process.env, KUBECONFIG: this.kubeconfig };
    return runCommand(this.programs.kubectl, args, { env, input });
  }

  stopApiServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    return this.stopComponent('kube-apiserver', signal);
  }

  startApiServer(): Promise<void> {
    return this.startComponent('kube-apiserver');
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  pause(component: Component): void {
    this.processes.signal(component, 'SIGSTOP');
  }

  resume(component: Component): void {
    this.processes.signal(component, 'SIGCONT');
  }

  stopComponent(component: Component, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    return this.processes.end(component, signal);
  }

  async startComponent(component: Component): Promise<void> {
    this.#spawn(component);
    if (component === 'etcd' || component === 'kube-apiserver') await this.#waitHealthy(component);
  }

  stop(): Promise<void> {
    return this.processes.endAll();
  }

  async #startOnFreePort(component: 'etcd' | 'kube-apiserver'): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#ports[component] = await reservePort(this.dir, component);
      this.#spawn(component);
      try {
        return await this.#waitHealthy(component);
      } catch (error) {
        await this.processes.end(component, 'SIGKILL');
        const lostRace = (await this.processes.lastWords(component)).includes('address already in use');
        if (!lostRace || attempt === portAttempts) throw error;
      }
    }
  }

  #spawn(component: Component): void {
    const settings = { folder: this.dir, ports: this.#ports, audit: this.options.audit === true };
    const program = this.programs[component];
    const args = argumentsOf(component, settings);
    if (component === 'kube-controller-manager' && this.options.ownVolumes === true)
      this.processes.start(component, clusterFile('node', 'provisioner.sh'), [this.dir, program, ...args]);
    else this.processes.start(component, program, args);
  }

  #waitHealthy(component: 'etcd' | 'kube-apiserver'): Promise<void> {
    const token = this.#tokens?.['kube-apiserver'];
    const check =
      component === 'etcd'
        ? () => isHealthy(`http://127.0.0.1:${this.#ports.etcd}/health`)
        : () => isHealthy(`${this.server}/readyz`, this.#certificate(), token);
    return this.#until(`${component} to be ready`, [component], check);
  }

  #certificate(): string {
    return path.join(this.dir, 'certificates', 'apiserver.crt');
  }

  /** Waits for a condition, and gives up as soon as one of the programs it depends on has ended. */
  async #until(what: string, needed: readonly Component[], condition: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + startTimeoutMs;
    while (!(await condition())) {
      const ended = needed.find((component) => !this.processes.isRunning(component));
      if (ended !== undefined) throw new Error(`${ended} ended: ${await this.processes.lastWords(ended)}`);
      if (Date.now() > deadline) throw new Error(await this.#tooLate(what, needed));
      await sleep(50);
    }
  }

  async #tooLate(what: string, needed: readonly Component[]): Promise<string> {
    const logs = await Promise.all(
      needed.map(async (name) => `${name}: ${await this.processes.lastWords(name)}`),
    );
    return `Waited ${startTimeoutMs / 1000} s for ${what}, in vain. The last lines of the logs:\n${logs.join('\n')}`;
  }
}
