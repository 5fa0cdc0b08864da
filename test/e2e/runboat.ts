import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../cluster/command.js';
import { namespace, type World } from '../cluster/node/world.js';
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

const release = 'runboat';
const installPatienceS = 240;

/** Installs the chart by helm, with the image of `make image`, and waits until both processes are ready. */
export async function installRunboat(world: World, settings: Settings): Promise<Runboat> {
  const archive = path.join(repositoryRoot, 'test-output', 'image.tar');
  if (!existsSync(archive)) throw new Error(`There is no ${archive}; make it with: make image`);
  await world.node.importImage(archive);
  const adminPassword = randomBytes(12).toString('hex');
  const values = path.join(world.cluster.dir, 'values.json');
  await writeFile(values, JSON.stringify(chartValues(settings, adminPassword)), { mode: 0o600 });
  const { helm } = await findPrograms(['helm']);
  const chart = path.join(repositoryRoot, 'charts', 'runboat');
  const where = ['--namespace', release, '--create-namespace', '--values', values];
  await runCommand(helm, ['install', release, chart, ...where, '--wait', `--timeout=${installPatienceS}s`]);
  const kubectl = (...args: string[]) => world.cluster.kubectl([...args, '--namespace', release]);
  const operator = ['--selector', 'app.kubernetes.io/component=operator'];
  return {
    url: await gatewayUrl(kubectl),
    admin: { authorization: basic({ user: 'admin', password: adminPassword }) },
    killOperator: async () =>
      void (await kubectl('delete', 'pod', ...operator, '--grace-period=0', '--force')),
    logs: () =>
      kubectl('logs', '--selector', `app.kubernetes.io/instance=${release}`, '--tail=30', '--prefix'),
  };
}

function chartValues(settings: Settings, adminPassword: string): object {
  const { repos, env, secretEnv, bundles = {}, limits, retention, templateVars } = settings;
  const { version } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  return {
    image: { tag: version, pullPolicy: 'Never' },
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
    secrets: { adminPassword, webhookSecret: secret, buildEnv: secretEnv },
    postgresql: { enabled: false },
  };
}

/** The files of a folder without subfolders, as the chart wants a bundle. */
function filesOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]),
  );
}

/** The pod's own address: Services need a proxy that nobody runs here. */
async function gatewayUrl(kubectl: (...args: string[]) => Promise<string>): Promise<string> {
  const gateway = ['--selector', 'app.kubernetes.io/component=gateway'];
  const address = await kubectl('get', 'pod', ...gateway, '--output', 'jsonpath={.items[0].status.podIP}');
  const url = `http://${address}:8000`;
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, { describe: `the gateway at ${url}` });
  return url;
}
