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

describe('A real node', () => {
  it('runs pods with addresses that this machine reaches, and leaves nothing when its starter is killed', async () => {
    const links = () => Object.keys(os.networkInterfaces()).filter((name) => name.startsWith('runboat'));
    const before = links();
    const { program, dir, kubectl } = await hold();
    await waitFor(() => kubectl('run', 'pod', `--image=${pauseImage}`, '--image-pull-policy=Never'));
    await kubectl('wait', 'pod/pod', '--for=condition=Ready', '--timeout=60s');
    expect(await kubectl('get', 'pod', 'pod', '--output=jsonpath={.status.podIP}')).toMatch(/^10\.213\./);
    const [link] = links().filter((name) => !before.includes(name));
    expect(link).toBeDefined();
    program.kill('SIGKILL');
    await waitFor(async () => (await traces(dir)).length === 0, {
      describe: () => `nothing to be left of ${dir}`,
    });
    await waitFor(() => !links().includes(link!), { describe: `the link ${link} to be gone` });
  }, 180_000);
});
