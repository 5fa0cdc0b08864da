import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, startCluster } from '../../cluster/control-plane.js';
import { removeLeftovers } from '../../cluster/leftovers.js';
import type { ClusterReport } from '../../cluster/main.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { waitFor } from '../../support/cluster.js';

describe('Clusters that are started at the same moment', () => {
  let clusters: Cluster[] = [];
  beforeAll(async () => {
    clusters = await Promise.all([startCluster({ audit: true }), startCluster()]);
  });
  afterAll(() => Promise.all(clusters.map((cluster) => cluster.stop())));

  it('do not see each other', async () => {
    const [first, second] = clusters;
    expect(first!.server).not.toBe(second!.server);
    await first!.kubectl(['create', 'namespace', 'only-here']);
    await expect(second!.kubectl(['get', 'namespace', 'only-here'])).rejects.toThrow('not found');
  });

  it('keep address and data when the API server restarts', async () => {
    const [cluster] = clusters;
    const { server } = cluster!;
    await cluster!.kubectl(['create', 'namespace', 'kept']);
    await cluster!.stopApiServer('SIGKILL');
    await expect(cluster!.kubectl(['get', 'namespace', 'kept'])).rejects.toThrow('refused');
    await cluster!.startApiServer();
    expect(cluster!.server).toBe(server);
    expect(await cluster!.kubectl(['get', 'namespace', 'kept', '-o', 'name'])).toBe('namespace/kept\n');
  });

  it('stand still while a component is paused, and go on after it', async () => {
    const [, cluster] = clusters;
    cluster!.pause('kube-apiserver');
    const listing = cluster!.kubectl(['get', 'namespaces', '-o', 'name', '--request-timeout=2s']);
    await expect(listing).rejects.toThrow();
    cluster!.resume('kube-apiserver');
    expect(await cluster!.kubectl(['get', 'namespaces', '-o', 'name'])).toContain('namespace/default');
  });

  it('do without a component that was stopped until it is started again', async () => {
    const [, cluster] = clusters;
    await cluster!.stopComponent('kube-scheduler');
    await cluster!.kubectl(['run', 'waiting', '--image=example.org/image', '--restart=Never']);
    const phase = () => cluster!.kubectl(['get', 'pod', 'waiting', '-o', 'jsonpath={.status.phase}']);
    expect(await phase()).toBe('Pending');
    await cluster!.startComponent('kube-scheduler');
    await waitFor(async () => (await phase()) === 'Running', { describe: 'the pod to run' });
  });

  it('bind volume claims of the default class', async () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '200Mi' } } },
    };
    const [cluster] = clusters;
    await cluster!.kubectl(['apply', '-f', '-'], JSON.stringify(claim));
    const phase = () => cluster!.kubectl(['get', 'pvc', 'data', '-o', 'jsonpath={.status.phase}']);
    await waitFor(async () => (await phase()) === 'Bound', { describe: 'the claim to be bound' });
  });

  it('refuse a service account what no role allows it', async () => {
    const asAccount = '--as=system:serviceaccount:default:default';
    await expect(clusters[0]!.kubectl(['get', 'secrets', asAccount])).rejects.toThrow('forbidden');
  });

  it('log every write of a user where an audit log was asked for', async () => {
    const [cluster] = clusters;
    await cluster!.kubectl(['create', 'configmap', 'audited']);
    const lines = (await readFile(cluster!.auditLog, 'utf8')).trim().split('\n');
    const events = lines.map((line) => JSON.parse(line)).filter(({ stage }) => stage === 'ResponseComplete');
    const write = events.find(({ objectRef }) => objectRef?.name === 'audited');
    expect(write).toMatchObject({
      verb: 'create',
      user: { username: 'admin' },
      responseStatus: { code: 201 },
    });
  });
});

describe('Nothing is left of a cluster', () => {
  it('that was stopped', async () => {
    const cluster = await startCluster();
    expect(await processesOf(cluster.dir)).toHaveLength(6);
    await cluster.stop();
    expect(await processesOf(cluster.dir)).toEqual([]);
    expect(existsSync(cluster.dir)).toBe(false);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('whose program ended by %s', async (signal) => {
    const { program, dir } = await startHolder();
    program.kill(signal);
    await waitUntilGone(dir);
  });

  it('once the next one starts, when its guard was killed too', async () => {
    const { program, dir } = await startHolder();
    const guard = Number(await readFile(path.join(dir, 'guard.pid'), 'utf8'));
    process.kill(guard, 'SIGKILL');
    program.kill('SIGKILL');
    await waitFor(async () => (await processesOf(dir)).length === 5, {
      describe: 'guard and program to be gone',
    });
    await removeLeftovers();
    await waitUntilGone(dir);
  });
});

/** A cluster held by a program of its own, as `make cluster` does. */
async function startHolder() {
  const loader = path.join(repositoryRoot, 'test', 'support', 'typescript.js');
  const args = [
    '--import',
    `file://${loader}`,
    path.join(repositoryRoot, 'test', 'cluster', 'main.ts'),
    '--json',
  ];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const program = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(program.stdout).once('line', resolve);
    program.once('exit', (code) => reject(new Error(`the program that holds a cluster ended with ${code}`)));
  });
  const report: ClusterReport = JSON.parse(line);
  return { program, dir: report.dir };
}

async function waitUntilGone(dir: string): Promise<void> {
  await waitFor(async () => !existsSync(dir) && (await processesOf(dir)).length === 0, {
    timeoutMs: 15_000,
    describe: `the processes and the folder ${dir} to be gone`,
  });
}

/** The command lines of all processes that name the cluster's folder. */
async function processesOf(dir: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(dir));
}
