// The command runboat as a process of its own. Nothing here needs Jest, so that programs can use it too.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '../cluster/paths.js';
import { waitFor } from './wait-for.js';

/** What tests may choose of a process. */
export interface ProcessOptions {
  /** The namespace of the builds. */
  namespace: string;
  /** The cluster; by default that of the tests, under an account with the rights of docs/rbac. */
  kubeconfig?: string | undefined;
  /** How often caches are compared with the API server; 5m by default. */
  resync?: string;
  /** Arguments of Node itself. */
  nodeArguments?: readonly string[];
  /** Further environment variables. */
  env?: Record<string, string>;
  /** The program; that of this checkout by default. */
  program?: string;
  /** Waits until it is ready, unless false. */
  waitReady?: boolean;
}

export interface LogEntry {
  msg: string;
  level: string | number;
  [field: string]: unknown;
}

export interface RunboatProcess {
  readonly process: ChildProcess;
  /** Its configuration file, which is read again when it changes. */
  readonly configFile: string;
  /** Everything it printed, line by line. */
  readonly lines: readonly string[];
  /** The lines of its log that are JSON, parsed. */
  entries(): LogEntry[];
  /** Resolves with its end: the exit code, null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM; gives the exit code, null when a signal ended it. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface Start {
  readonly command: 'operator' | 'gateway';
  /** The whole configuration. */
  readonly config: Record<string, unknown>;
  /** What the command needs beside the options. */
  readonly env: Record<string, string>;
  /** The variable that names the kubeconfig of an account with the rights of this command. */
  readonly account: string;
}

/** Starts `bin/runboat COMMAND` with a configuration file of its own, which goes with it. */
export function startRunboat(start: Start, options: ProcessOptions): RunboatProcess {
  const folder = mkdtempSync(path.join(os.tmpdir(), `runboat-${start.command}-test-`));
  const file = path.join(folder, 'config.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(start.config));
  const program = options.program ?? path.join(repositoryRoot, 'bin/runboat');
  const args = [program, start.command, '--config', file, '--resync', options.resync ?? '5m'];
  const child = spawn(process.execPath, [...(options.nodeArguments ?? []), ...args], {
    env: environment(start, options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => lines.push(line));
  }
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(code);
    });
  });
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  return {
    process: child,
    configFile: file,
    lines,
    entries: () => entriesOf(lines),
    exited,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
}

function environment({ env, account }: Start, options: ProcessOptions): NodeJS.ProcessEnv {
  const access = options.kubeconfig ?? process.env[account];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('RUNBOAT_'));
  return {
    ...Object.fromEntries(inherited),
    // Jest's own flags are not for the program.
    NODE_OPTIONS: '',
    ...env,
    ...(access ? { KUBECONFIG: access } : {}),
    ...options.env,
  };
}

function entriesOf(lines: readonly string[]): LogEntry[] {
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogEntry);
}

/** Waits for a message of its log and gives the field `address`. Throws with its output when it ends before. */
export async function addressOf(running: RunboatProcess, message: string): Promise<string> {
  return await whileAlive(running, () => {
    const entry = running.entries().find(({ msg }) => msg === message);
    return entry?.['address'] as string | undefined;
  });
}

/** Waits until `/readyz` at this address says so. Throws with its output when it ends before. */
export async function untilReady(running: RunboatProcess, address: string): Promise<void> {
  await whileAlive(running, async () => (await fetch(`${address}/readyz`)).ok);
}

/** A process that is waited for in vain is killed: nobody would ever end it. */
async function whileAlive<T>(
  { process: child, lines, kill }: RunboatProcess,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const ended = { ended: true };
  const result = await waitFor<unknown>(
    () => (child.exitCode !== null || child.signalCode !== null ? ended : condition()),
    {
      // A loaded machine takes its time to start a process.
      timeoutMs: 120_000,
      describe: () => [`${child.spawnargs.join(' ')} to be ready`, ...lines.slice(-20)],
    },
  ).catch(async (error: unknown) => {
    await kill();
    throw error;
  });
  if (result === ended) throw new Error(`The process ended before it was ready:\n${lines.join('\n')}`);
  return result as T;
}
