// Jest loads this file as CommonJS and without the mapping of `.js` names to sources, so it imports
// nothing of the project: the cluster is held by a process of its own, whose life hangs on a pipe from
// this one.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

interface Held {
  runboatTestCluster?: ChildProcess;
}

/**
 * Before all integration tests: starts a cluster with the definition of RunboatBuild and tells the
 * tests of it by KUBECONFIG, RUNBOAT_TEST_CLUSTER_DIR and PATH, with the cluster's kubectl first; the
 * operators and gateways of tests have accounts with the documented rights. With
 * RUNBOAT_TEST_KUBECONFIG set, a cluster that is already there (`make cluster`) is used as it is.
 */
// biome-ignore lint/style/noDefaultExport: Jest reads the default export.
export default async function globalSetup(config: { rootDir: string }): Promise<void> {
  const present = process.env['RUNBOAT_TEST_KUBECONFIG'];
  const report = await start(config.rootDir, present ? ['--json', '--use', present] : ['--json', '--audit']);
  process.env['KUBECONFIG'] = report['kubeconfig'];
  process.env['RUNBOAT_TEST_CLUSTER_DIR'] = report['dir'];
  process.env['RUNBOAT_TEST_OPERATOR_KUBECONFIG'] = report['operator'];
  process.env['RUNBOAT_TEST_GATEWAY_KUBECONFIG'] = report['gateway'];
  process.env['PATH'] = `${report['programs']}${path.delimiter}${process.env['PATH']}`;
}

function start(root: string, options: string[]): Promise<Record<string, string>> {
  const loader = path.join(root, 'test', 'support', 'typescript.js');
  const program = path.join(root, 'test', 'cluster', 'main.ts');
  // A file address, because `--import` takes a path without a drive or a dot for a package's name.
  const args = ['--import', `file://${loader}`, program, ...options];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const holder = spawn(process.execPath, args, { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit'] });
  (globalThis as Held).runboatTestCluster = holder;
  return new Promise((resolve, reject) => {
    createInterface(holder.stdout).once('line', (line) => resolve(JSON.parse(line)));
    holder.once('error', reject);
    holder.once('exit', (code) =>
      reject(new Error(`No cluster for the tests: its program ended with ${code}.`)),
    );
  });
}
