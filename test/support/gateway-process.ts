// The gateway as a process of its own. Nothing here needs Jest, so that programs can use it too.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '../cluster/paths.js';
import { waitFor } from './wait-for.js';

export interface GatewayProcessOptions {
  /** The namespace of the builds. */
  namespace: string;
  /** Parts of the configuration to replace. */
  config?: Record<string, unknown> | undefined;
  /** The cluster; by default that of the tests, under an account with the rights of docs/rbac. */
  kubeconfig?: string | undefined;
  /** How often the cache is compared with the API server; 5m by default. */
  resync?: string;
  /** Further environment variables. */
  env?: Record<string, string>;
  /** Waits until it is ready, unless false. */
  waitReady?: boolean;
}

export interface RunningGateway {
  /** Of the API and pages, for example http://localhost:12345. */
  readonly address: string;
  /** Of health and metrics. */
  readonly metricsAddress: string;
  readonly process: ChildProcess;
  /** Its configuration file, which is read again when it changes. */
  readonly configFile: string;
  /** Everything it printed, line by line. */
  readonly lines: readonly string[];
  /** Resolves with its end: the exit code, null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

export const ADMIN = { user: 'admin', password: 'a pass:word' };

/** The value of `Authorization`. */
export function basic({ user, password }: { user: string; password: string } = ADMIN): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A configuration for tests: every repository of `oca` may be built. */
export function gatewayConfig(
  namespace: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    namespace,
    domain: 'builds.test',
    baseUrl: 'http://runboat.test',
    repos: [{ repo: '^oca/.*', branch: '^(?!none).*', image: 'registry.test/odoo:16.0' }],
    api: { adminUser: ADMIN.user, adminPassword: ADMIN.password },
    log: { level: 'debug' },
    ...changes,
  };
}

/** Starts `bin/runboat gateway` and waits until it is ready. Throws with its output when it ends before. */
export async function startGateway(options: GatewayProcessOptions): Promise<RunningGateway> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-gateway-test-'));
  const file = path.join(folder, 'config.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(gatewayConfig(options.namespace, options.config)));
  const program = path.join(repositoryRoot, 'bin/runboat');
  const args = [program, 'gateway', '--config', file, '--resync', options.resync ?? '5m'];
  const child = spawn(process.execPath, args, {
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
  const address = await addressIn(lines, 'Serving the API and pages', child);
  const metricsAddress = await addressIn(lines, 'Serving health and metrics', child);
  const stop = () => {
    child.kill('SIGTERM');
    return exited;
  };
  const gateway = { address, metricsAddress, configFile: file, process: child, lines, exited, stop };
  if (options.waitReady !== false) await untilReady(gateway);
  return gateway;
}

function environment({ kubeconfig, env }: GatewayProcessOptions): NodeJS.ProcessEnv {
  const access = kubeconfig ?? process.env['RUNBOAT_TEST_GATEWAY_KUBECONFIG'];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('RUNBOAT_'));
  return {
    ...Object.fromEntries(inherited),
    // Jest's own flags are not for the gateway.
    NODE_OPTIONS: '',
    RUNBOAT_LISTEN_PORT: '0',
    RUNBOAT_METRICS_PORT: '0',
    ...(access ? { KUBECONFIG: access } : {}),
    ...env,
  };
}

function addressIn(lines: readonly string[], message: string, child: ChildProcess): Promise<string> {
  return whileAlive(child, lines, () => {
    const line = lines.find((candidate) => candidate.includes(message));
    return line === undefined ? undefined : (JSON.parse(line) as { address: string }).address;
  });
}

async function untilReady({ address, process: child, lines }: RunningGateway): Promise<void> {
  await whileAlive(child, lines, async () => (await fetch(`${address}/readyz`)).ok);
}

async function whileAlive<T>(
  child: ChildProcess,
  lines: readonly string[],
  condition: () => T | undefined | Promise<T>,
): Promise<NonNullable<T>> {
  const ended = { ended: true };
  const result = await waitFor<unknown>(
    () => (child.exitCode !== null || child.signalCode !== null ? ended : condition()),
    { describe: () => ['the gateway to be ready', ...lines.slice(-20)] },
  );
  if (result === ended) throw new Error(`The gateway ended before it was ready:\n${lines.join('\n')}`);
  return result as NonNullable<T>;
}
