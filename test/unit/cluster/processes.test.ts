import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive } from '../../cluster/lock-file.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { ClusterProcesses } from '../../cluster/processes.js';
import { waitFor } from '../../support/cluster.js';

/** Runs until it is killed, and deaf to politeness. */
const stubborn = ['-c', 'trap "" TERM INT; while :; do sleep 0.1; done'];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'runboat-cluster-'));
});

describe('The processes of a cluster', () => {
  it('end with all that belongs to them', async () => {
    const processes = new ClusterProcesses(folder);
    processes.start('stubborn', '/bin/sh', [...stubborn, folder]);
    const pid = await processId('stubborn');
    expect(isAlive(pid)).toBe(true);
    await processes.endAll();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });

  it('are killed when they do not end in time', async () => {
    const processes = new ClusterProcesses(folder);
    processes.start('stubborn', '/bin/sh', [...stubborn, folder]);
    const pid = await processId('stubborn');
    await processes.end('stubborn', 'SIGTERM', 300);
    expect(isAlive(pid)).toBe(false);
    expect(processes.isRunning('stubborn')).toBe(false);
    await processes.endAll();
  });

  it('end although they are paused', async () => {
    const processes = new ClusterProcesses(folder);
    processes.start('paused', '/bin/sh', ['-c', 'while :; do sleep 0.1; done', folder]);
    await processId('paused');
    processes.signal('paused', 'SIGSTOP');
    await processes.end('paused', 'SIGTERM');
    expect(processes.isRunning('paused')).toBe(false);
    await processes.endAll();
  });

  it('cannot be started twice, nor signalled when they do not run', async () => {
    const processes = new ClusterProcesses(folder);
    processes.start('one', '/bin/sh', [...stubborn, folder]);
    expect(() => processes.start('one', '/bin/sh', [...stubborn, folder])).toThrow('already runs');
    expect(() => processes.signal('other', 'SIGTERM')).toThrow('does not run');
    await processes.endAll();
  });
});

describe('When the program that started them is killed, the processes of a cluster', () => {
  let starter: ChildProcess;
  beforeEach(() => {
    const source = path.join(repositoryRoot, 'test', 'cluster', 'processes.ts');
    const program = `
      import { ClusterProcesses } from ${JSON.stringify(source)};
      new ClusterProcesses(${JSON.stringify(folder)})
        .start('stubborn', '/bin/sh', ${JSON.stringify([...stubborn, folder])});
      setInterval(() => {}, 1000);`;
    const loader = `file://${path.join(repositoryRoot, 'test', 'support', 'typescript.js')}`;
    const args = ['--import', loader, '--input-type=module', '--eval', program];
    starter = spawn(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: '' }, stdio: 'inherit' });
  });
  afterEach(() => {
    starter.kill('SIGKILL');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('end too (%s)', async (signal) => {
    const pid = await processId('stubborn');
    starter.kill(signal);
    await waitFor(() => !isAlive(pid) && !existsSync(folder), { describe: 'process and folder to be gone' });
  });
});

function processId(name: string): Promise<number> {
  const file = path.join(folder, 'pids', name);
  return waitFor(async () => Number(await readFile(file, 'utf8')), { describe: `the id of ${name}` });
}
