import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { clusterFile } from './paths.js';

export interface StartOptions {
  /** `inherit`: to this process's own output instead of the log. */
  output?: 'inherit';
  env?: NodeJS.ProcessEnv;
}

/**
 * The processes of one cluster. They write to `logs/` in the cluster's folder and end with this
 * process, however it ends (see guard.sh).
 */
export class ClusterProcesses {
  readonly #children = new Map<string, ChildProcess>();
  readonly #guard: ChildProcess & { stdin: Writable };

  constructor(readonly folder: string) {
    mkdirSync(path.join(folder, 'pids'));
    mkdirSync(path.join(folder, 'logs'));
    // A session of its own keeps the guard clear of Ctrl-C, which reaches a whole process group.
    this.#guard = spawn('/bin/sh', [clusterFile('guard.sh'), folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    }) as ChildProcess & { stdin: Writable };
    letGo(this.#guard);
  }

  /** Notes the guard's id in the folder: while it lives, the folder is in use. */
  async recordGuard(): Promise<void> {
    await writeFile(path.join(this.folder, 'guard.pid'), String(this.#guard.pid));
  }

  /** The cluster's folder must occur in the arguments: by that a process is known as ours. */
  start(name: string, program: string, args: readonly string[], options: StartOptions = {}): void {
    if (this.isRunning(name)) throw new Error(`${name} already runs in the cluster ${this.folder}.`);
    const log = openSync(this.logFile(name), 'a');
    const output = options.output ?? log;
    const child = spawn('/bin/sh', [clusterFile('component.sh'), this.folder, name, program, ...args], {
      cwd: this.folder,
      env: options.env ?? process.env,
      // In a group of its own, so that Ctrl-C reaches only the program that ends all in order.
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(log);
    letGo(child);
    this.#children.set(name, child);
  }

  isRunning(name: string): boolean {
    const child = this.#children.get(name);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  signal(name: string, signal: NodeJS.Signals): void {
    if (!this.isRunning(name)) throw new Error(`${name} does not run in the cluster ${this.folder}.`);
    this.#children.get(name)!.kill(signal);
  }

  /** Sends the signal and waits for the end; after `patienceMs` the process is killed. */
  async end(name: string, signal: NodeJS.Signals, patienceMs = 10_000): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined || !this.isRunning(name)) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    child.kill(signal);
    // A paused process would not see any other signal.
    child.kill('SIGCONT');
    const impatience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await ended;
    clearTimeout(impatience);
    await rm(path.join(this.folder, 'pids', name), { force: true });
  }

  /** Kills all processes and waits until the guard has removed the folder. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((name) => this.end(name, 'SIGKILL')));
    if (this.#guard.exitCode !== null || this.#guard.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#guard.once('exit', () => resolve()));
    this.#guard.ref();
    this.#guard.stdin.end();
    await ended;
  }

  logFile(name: string): string {
    return path.join(this.folder, 'logs', `${name}.log`);
  }

  /** The last lines of a program's log, for messages. */
  async lastWords(name: string): Promise<string> {
    const log = await readFile(this.logFile(name), 'utf8').catch(() => '');
    return log.trim().split('\n').slice(-8).join('\n');
  }
}

/** Lets this process end although the child runs. */
function letGo(child: ChildProcess): void {
  child.unref();
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
}
