import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../cluster/command.js';
import { namespace, type World, type WorldWithoutDatabase } from '../cluster/node/world.js';
import { repositoryRoot } from '../cluster/paths.js';
import { findPrograms } from '../cluster/programs.js';
import { secret } from '../support/deliveries.js';
import { basic } from '../support/gateway-process.js';
import { waitFor } from '../support/wait-for.js';

/** A runboat that was installed as people install it: by its chart, from its image. */
export interface Runboat {
  /** Of the API and pages, as this machine reaches it. */
  readonly url: string;
  readonly admin: { authorization: string };
  /** The folder of the chart. */
  readonly chart: string;
  /** Kills the operator's pod in the middle of whatever it does. */
  killOperator(): Promise<void>;
  /** The last lines of both logs. */
  logs(): Promise<string>;
}

/** Parts of the configuration, by their names in the file. */
export interface Settings {
  repos: object[];
  env: Record<string, string>;
  secretEnv: Record<string, string>;
  /** Folders of bundles, by their names. */
  bundles?: Record<string, string>;
  limits?: object;
  retention?: object;
  templateVars?: Record<string, string>;
}

/** The domain of the builds. */
export const domain = 'builds.test';

/** The name of the release and of its namespace. */
export const release = 'runboat';
const installPatienceS = 240;

/** Installs the chart for builds with a database server of their own; see `installChart`. */
export function installRunboat(world: World, settings: Settings): Promise<Runboat> {
  return installChart(world, chartValues(settings));
}

/** Installs the chart by helm, with the image of `make image`, and waits until all its pods are ready. */
export async function installChart(world: WorldWithoutDatabase, values: object): Promise<Runboat> {
  const archive = path.join(repositoryRoot, 'test-output', 'image.tar');
  if (!existsSync(archive)) throw new Error(`There is no ${archive}; make it with: make image`);
  await world.node.importImage(archive);
  const file = path.join(world.cluster.dir, 'values.json');
  await writeFile(file, JSON.stringify({ image: imageValues(), ...values }), { mode: 0o600 });
  const chart = path.join(repositoryRoot, 'charts', 'runboat');
  const patience = ['--wait', `--timeout=${installPatienceS}s`];
  await helm('install', release, chart, '--create-namespace', '--values', file, ...patience);
  const kubectl = (...args: string[]) => world.cluster.kubectl([...args, '--namespace', release]);
  const operator = ['--selector', 'app.kubernetes.io/component=operator'];
  const password = await kubectl('get', 'secret', release, '--output=jsonpath={.data.admin-password}');
  return {
    url: await gatewayUrl(kubectl),
    chart,
    admin: {
      authorization: basic({ user: 'admin', password: Buffer.from(password, 'base64').toString() }),
    },
    killOperator: async () =>
      void (await kubectl('delete', 'pod', ...operator, '--grace-period=0', '--force')),
    logs: () =>
      kubectl('logs', '--selector', `app.kubernetes.io/instance=${release}`, '--tail=30', '--prefix'),
  };
}

/** Runs helm in the namespace of the release. */
export async function helm(...args: string[]): Promise<string> {
  const programs = await findPrograms(['helm']);
  return runCommand(programs.helm, [...args, '--namespace', release]);
}

/** Runs `helm test` as people do; gives what it printed, which ends with the log of the test's pod. */
export async function helmTest(): Promise<{ passed: boolean; said: string }> {
  const programs = await findPrograms(['helm']);
  const command = '"$@" 2>&1 || echo "It ended with $?."';
  const args = ['test', release, '--namespace', release, '--logs', '--hide-notes'];
  const said = await runCommand('/bin/sh', ['-c', command, 'sh', programs.helm, ...args]);
  return { passed: !/^It ended with \d+\.$/m.test(said), said };
}

function imageValues(): object {
  const { version } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  return { tag: version, pullPolicy: 'Never' };
}

function chartValues(settings: Settings): object {
  const { repos, env, secretEnv, bundles = {}, limits, retention, templateVars } = settings;
  return {
    config: {
      domain,
      repos,
      env,
      ...(limits ? { limits } : {}),
      ...(templateVars ? { templateVars } : {}),
      extra: { github: { commitStatuses: false }, ...(retention ? { retention } : {}) },
    },
    builds: { namespace },
    bundles: Object.fromEntries(Object.entries(bundles).map(([name, folder]) => [name, filesOf(folder)])),
    secrets: { webhookSecret: secret, buildEnv: secretEnv },
    postgresql: { enabled: false },
  };
}

/** The files of a folder without subfolders, as the chart wants a bundle. */
function filesOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]),
  );
}

/** The pod's own address: this machine does not reach those of Services. */
async function gatewayUrl(kubectl: (...args: string[]) => Promise<string>): Promise<string> {
  const gateway = ['--selector', 'app.kubernetes.io/component=gateway'];
  const address = await kubectl('get', 'pod', ...gateway, '--output', 'jsonpath={.items[0].status.podIP}');
  const url = `http://${address}:8000`;
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, { describe: `the gateway at ${url}` });
  return url;
}
