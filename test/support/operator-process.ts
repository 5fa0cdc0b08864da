// The operator as a process of its own. Nothing here needs Jest, so that programs can use it too.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '../cluster/paths.js';
import { waitFor } from './wait-for.js';

/** The folder of the bundle whose pods do what template variables say. */
export const scriptedBundle = path.join(repositoryRoot, 'test/fixtures/bundles/scripted');

export interface OperatorOptions {
  /** The namespace of the builds. */
  namespace: string;
  /** Parts of the configuration to replace; maps are replaced as a whole, but for limits, timeouts and retention. */
  config?: Record<string, unknown> | undefined;
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

export interface RunningOperator {
  /** Of health and metrics, for example http://localhost:12345. */
  readonly address: string;
  readonly process: ChildProcess;
  /** Its configuration file, which is read again when it changes. */
  readonly configFile: string;
  /** Everything it printed, line by line. */
  readonly lines: readonly string[];
  /** The lines of its log that are JSON, parsed. */
  entries(): LogEntry[];
  /** SIGTERM; gives the exit code, null when a signal ended it. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Resolves with its end. */
  readonly exited: Promise<number | null>;
}

/** A configuration for tests: wide limits, no minimum age, every repository of `oca` built from `scripted`. */
export function testConfig(
  namespace: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  const { limits, timeouts, retention, bundles, ...rest } = changes;
  return {
    namespace,
    domain: 'builds.test',
    repos: [{ repo: '^oca/.*', branch: '.*', image: 'registry.test/odoo:16.0', kubefiles: 'scripted' }],
    bundles: { scripted: scriptedBundle, ...(bundles as object) },
    defaultBundle: 'scripted',
    limits: { initializing: 20, started: 20, deployed: 100, cleaning: 20, ...(limits as object) },
    timeouts: { initialize: '5m', cleanup: '5m', ...(timeouts as object) },
    retention: { minimumAge: '0s', finishedJobs: '72h', ...(retention as object) },
    log: { level: 'debug' },
    ...rest,
  };
}

/** Starts `bin/runboat operator` and waits until it is ready. Throws with its output when it ends before. */
export async function startOperator(options: OperatorOptions): Promise<RunningOperator> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-operator-test-'));
  const file = path.join(folder, 'config.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(testConfig(options.namespace, options.config)));
  const program = options.program ?? path.join(repositoryRoot, 'bin/runboat');
  const args = [...(options.nodeArguments ?? []), program, 'operator', '--config', file];
  const child = spawn(process.execPath, [...args, '--resync', options.resync ?? '5m'], {
    env: environment(options),
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
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  const address = await addressOf(child, lines);
  const operator = {
    address,
    process: child,
    configFile: file,
    lines,
    entries: () => entriesOf(lines),
    exited,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
  if (options.waitReady !== false) await waitUntilReady(operator);
  return operator;
}

function environment({ kubeconfig, env }: OperatorOptions): NodeJS.ProcessEnv {
  const access = kubeconfig ?? process.env['RUNBOAT_TEST_OPERATOR_KUBECONFIG'];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('RUNBOAT_'));
  return {
    ...Object.fromEntries(inherited),
    // Jest's own flags are not for the operator.
    NODE_OPTIONS: '',
    RUNBOAT_METRICS_PORT: '0',
    ...(access ? { KUBECONFIG: access } : {}),
    ...env,
  };
}

function entriesOf(lines: readonly string[]): LogEntry[] {
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogEntry);
}

async function addressOf(child: ChildProcess, lines: readonly string[]): Promise<string> {
  return await whileAlive(child, lines, () => {
    const entry = entriesOf(lines).find(({ msg }) => msg === 'Serving health and metrics');
    return entry?.['address'] as string | undefined;
  });
}

async function waitUntilReady({ address, process: child, lines }: RunningOperator): Promise<void> {
  await whileAlive(child, lines, async () => (await fetch(`${address}/readyz`)).ok);
}

async function whileAlive<T>(
  child: ChildProcess,
  lines: readonly string[],
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const ended = { ended: true };
  const result = await waitFor<unknown>(
    () => (child.exitCode !== null || child.signalCode !== null ? ended : condition()),
    {
      describe: () => ['the operator to be ready', ...lines.slice(-20)],
    },
  );
  if (result === ended) throw new Error(`The operator ended before it was ready:\n${lines.join('\n')}`);
  return result as T;
}
