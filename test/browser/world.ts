import { afterAll, beforeAll, jest } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import type { RunboatBuildSpec } from '../../crds/runboatbuild.generated.js';
import { kubectl, useNamespace } from '../support/cluster.js';
import { type FakeKubelet, type FakeLog, startFakeKubelet } from '../support/fake-kubelet.js';
import { type RunningGateway, startGateway, TestBuilds } from '../support/gateway.js';
import { type RunningOperator, startOperator, testConfig } from '../support/operator-process.js';
import { waitFor } from '../support/wait-for.js';

// Whole stories, in a browser, beside a cluster; those for clusters alone are shorter.
jest.setTimeout(180_000);

/** A cluster's namespace with an operator and a gateway, whose builds do what a test says. */
export interface World {
  readonly address: string;
  /** A build whose initialisation runs until `finish`, unless the template variables say otherwise. */
  create(name: string, spec?: Partial<RunboatBuildSpec>, vars?: Record<string, string>): Promise<void>;
  /** Ends an initialisation that runs, well or not. */
  finish(name: string, how?: 'complete' | 'fail'): Promise<void>;
  /** Waits until the API says so. */
  untilStatus(name: string, status: string): Promise<void>;
  /** `initializing` only once it has its job; before that, `waiting`. */
  statusOf(name: string): Promise<string>;
  /** What the pods of a build write. */
  log(name: string): FakeLog;
  stopGateway(): Promise<void>;
  startGateway(): Promise<void>;
}

export interface WorldOptions {
  /** How many builds may be initialised at once. */
  readonly initializing?: number;
  /** How many may be started at once. */
  readonly started?: number;
}

/** The page of a build. */
export function pageOf(world: World, name: string): string {
  return `${world.address}/webui/build.html?name=${name}`;
}

/** Waits until the page of a build shows this state. */
export async function shows(page: Page, word: string): Promise<void> {
  await page.locator('.build-state .state', { hasText: word }).waitFor();
}

export function button(page: Page, name: string): Locator {
  return page.getByRole('button', { name, exact: true });
}

export function useWorld({ initializing = 4, started = 10 }: WorldOptions = {}): World {
  const namespace = useNamespace();
  const builds = new TestBuilds(namespace);
  let operator: RunningOperator | undefined;
  let gateway: RunningGateway | undefined;
  let kubelet: FakeKubelet | undefined;
  let port = 0;
  const limits = { initializing, started };
  const start = async () => {
    const { repos, bundles, defaultBundle, limits: all } = testConfig(namespace.name, { limits });
    const config = { repos, bundles, defaultBundle, limits: all };
    const env = { RUNBOAT_LISTEN_PORT: String(port) };
    gateway = await startGateway({ namespace: namespace.name, config, env });
    // One that comes back has the address that pages know.
    port = Number(new URL(gateway.address).port);
  };
  beforeAll(async () => {
    await builds.open();
    kubelet = await startFakeKubelet(builds.kube, process.env['RUNBOAT_TEST_CLUSTER_DIR']!);
    operator = await startOperator({ namespace: namespace.name, config: { limits } });
    await start();
  }, 90_000);
  afterAll(async () => {
    await gateway?.stop();
    await operator?.stop();
    await kubelet?.stop();
    await builds.close();
  }, 30_000);
  const statusOf = async (name: string): Promise<string> => {
    const answer = await fetch(`${gateway!.address}/api/v1/builds/${name}`);
    if (!answer.ok) return String(answer.status);
    const { status, init_status } = (await answer.json()) as { status: string; init_status: string };
    return status === 'initializing' && init_status === 'todo' ? 'waiting' : status;
  };
  const log = (name: string) => kubelet!.log(namespace.name, `${name}-initialize`);
  return {
    get address() {
      return gateway!.address;
    },
    statusOf,
    untilStatus: async (name, status) => {
      await waitFor(async () => (await statusOf(name)) === status, { describe: `${name} to be ${status}` });
    },
    create: async (name, spec = {}, vars = {}) => {
      const templateVars = { initRun: 'hang', initOn: kubelet!.node, runOn: kubelet!.node, ...vars };
      // Empty, and there from the beginning, as on a real node.
      log(name);
      await builds.create(name, { ...spec, templateVars });
      await waitFor(async () => (await statusOf(name)) !== '404', { describe: `the gateway to see ${name}` });
    },
    finish: async (name, how = 'complete') => {
      const pods = ['pods', '-l', `runboat/build=${name},runboat/job-kind=initialize`, '-n', namespace.name];
      await waitFor(async () => (await kubectl(['get', ...pods, '-o', 'name'])) !== '');
      await kubectl(['annotate', '--overwrite', ...pods, `runboat.test/run=${how}`]);
    },
    log,
    stopGateway: async () => void (await gateway!.stop()),
    startGateway: start,
  };
}
