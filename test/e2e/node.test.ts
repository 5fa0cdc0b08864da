import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { runCommand } from '../cluster/command.js';
import { pauseImage } from '../cluster/node/node-files.js';
import { repositoryRoot } from '../cluster/paths.js';
import { waitFor } from '../support/wait-for.js';

interface Held {
  program: ChildProcess;
  /** The cluster's folder. */
  dir: string;
  kubectl(...args: string[]): Promise<string>;
}

/** A cluster with a real node that is held by a process of its own. */
async function hold(): Promise<Held> {
  const loader = `file://${path.join(repositoryRoot, 'test', 'support', 'typescript.js')}`;
  const args = [
    '--import',
    loader,
    path.join(repositoryRoot, 'test', 'cluster', 'main.ts'),
    '--json',
    '--real',
  ];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const program = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(program.stdout!).once('line', resolve);
    program.once('exit', (code) => reject(new Error(`The cluster's program ended with ${code}.`)));
  });
  const { dir, kubeconfig, programs } = JSON.parse(line);
  const kubectl = (...command: string[]) =>
    runCommand(path.join(programs, 'kubectl'), ['--kubeconfig', kubeconfig, ...command]);
  return { program, dir, kubectl };
}

/** What of a cluster can be seen on the machine: its folder, cgroups, mounts and processes. */
async function traces(dir: string): Promise<string[]> {
  const cgroups = await runCommand('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', path.basename(dir)]);
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const processes = readdirSync('/proc').filter(
    (id) => /^\d+$/.test(id) && argumentsOf(id).includes(`${dir}/`),
  );
  return [
    ...(existsSync(dir) ? [dir] : []),
    ...cgroups.split('\n').filter((line) => line !== ''),
    ...mounts.filter((line) => line.includes(dir)),
    ...processes,
  ];
}

/** Empty when the process is gone. */
function argumentsOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function machineHas(address: string): boolean {
  return Object.values(os.networkInterfaces()).some((link) => link?.some((has) => has.address === address));
}

describe('A real node', () => {
  it('runs pods with addresses that this machine reaches, and leaves nothing when its starter is killed', async () => {
    const { program, dir, kubectl } = await hold();
    await waitFor(() => kubectl('run', 'pod', `--image=${pauseImage}`, '--image-pull-policy=Never'));
    await kubectl('wait', 'pod/pod', '--for=condition=Ready', '--timeout=60s');
    const podAddress = await kubectl('get', 'pod', 'pod', '--output=jsonpath={.status.podIP}');
    expect(podAddress).toMatch(/^10\.213\.\d+\.\d+$/);
    // By its address, for other nodes come and go beside this one.
    const machineAddress = podAddress.replace(/\d+$/, '1');
    expect(machineHas(machineAddress)).toBe(true);
    program.kill('SIGKILL');
    await waitFor(async () => (await traces(dir)).length === 0, {
      describe: () => `nothing to be left of ${dir}`,
    });
    await waitFor(() => !machineHas(machineAddress), {
      describe: `the link of ${machineAddress} to be gone`,
    });
  }, 180_000);
});
