// A Python runboat's builds, as its `kubectl apply -k` and its patches leave them, become ours.
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { dump, loadAll } from 'js-yaml';
import type { KubeObject } from '../../../lib/kube/types.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { kubectl, useNamespace, waitFor } from '../../support/cluster.js';
import { blocksOf, runSteps } from '../../support/console-blocks.js';
import { ADMIN, basic, startGateway } from '../../support/gateway-process.js';
import {
  cluster,
  labelled,
  list,
  patch,
  pathOf,
  read,
  remove,
  startOperator,
  testConfig,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { runboat, temporaryFile } from './run-command.js';

jest.setTimeout(180_000);

const namespace = useNamespace();

interface OldOptions {
  readonly initStatus: string;
  readonly replicas?: number;
  readonly commit?: string;
}

/** Creates the objects of a build in the ways of the Python runboat; gives its name. */
async function oldBuild({ initStatus, replicas = 0, commit }: OldOptions): Promise<string> {
  const name = `b${randomUUID()}`;
  const spec = { repo: 'oca/test', targetBranch: 'main', commit: commit ?? randomBytes(20).toString('hex') };
  const build = { apiVersion: 'runboat.dev/v1alpha1', kind: 'RunboatBuild', metadata: { name }, spec };
  for (const mode of initStatus === 'todo' ? ['deployment'] : ['deployment', 'initialize']) {
    const { stdout } = await runboat(['render', '--mode', mode, '-f', '-', '--config', config()], {
      input: dump(build),
    });
    const objects = (loadAll(stdout) as KubeObject[]).map((object) => inOldWays(object, spec));
    await kubectl(['apply', '-f', '-'], objects.map((object) => dump(object)).join('\n---\n'));
  }
  const deployment = pathOf('deployment', namespace.name, `${name}-web`);
  const annotations = { 'runboat/init-status': initStatus, 'runboat/last-scaled': '2026-01-02T03:04:05Z' };
  await (await cluster()).mergePatch(deployment, { metadata: { annotations }, spec: { replicas } });
  return name;
}

/** A limit and a class, which the bundle does not know of and nobody may change. */
const oldVolume = {
  accessModes: ['ReadWriteOnce'],
  storageClassName: 'host-path',
  resources: { requests: { storage: '1Mi' }, limits: { storage: '2Mi' } },
};

/** Annotations on every resource, no UID, and the Deployment's state and finalizer as its file has them. */
function inOldWays(object: KubeObject, spec: { repo: string; targetBranch: string; commit: string }) {
  const { metadata } = object;
  const identity = {
    'runboat/repo': spec.repo,
    'runboat/target-branch': spec.targetBranch,
    'runboat/pr': '',
    'runboat/git-commit': spec.commit,
  };
  const annotations = { ...metadata.annotations, ...identity };
  if (object.kind === 'PersistentVolumeClaim')
    return { ...object, metadata: { ...metadata, annotations }, spec: oldVolume };
  if (object.kind !== 'Deployment') return { ...object, metadata: { ...metadata, annotations } };
  const state = { 'runboat/init-status': 'todo' };
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...annotations, ...state }, finalizers: ['runboat/cleanup'] },
  };
}

function config(changes: Record<string, unknown> = {}): string {
  const all = testConfig(namespace.name, { ...changes, secretEnv: { PGPASSWORD: 'secret' } });
  return temporaryFile('runboat.yaml', dump(all));
}

function adopt(...more: string[]) {
  return runboat(['adopt', '--config', config(), '--quiet-for', '0s', ...more]);
}

function fieldManagers(object: KubeObject | undefined): string[] {
  const { managedFields = [] } = (object?.metadata ?? {}) as { managedFields?: { manager: string }[] };
  return managedFields.map(({ manager }) => manager);
}

describe('runboat adopt', () => {
  it('makes builds with their names, states and addresses, which then go through all of a build’s life', async () => {
    const commit = randomBytes(20).toString('hex');
    const stopped = await oldBuild({ initStatus: 'succeeded', commit });
    const started = await oldBuild({ initStatus: 'succeeded', replicas: 1 });
    const failed = await oldBuild({ initStatus: 'failed' });
    const waiting = await oldBuild({ initStatus: 'todo' });
    const names = [stopped, started, failed, waiting];
    const pods = await waitFor(async () => {
      const found = (await list('pod', namespace.name, started)).filter(
        ({ metadata }) => metadata.labels?.['runboat/job-kind'] === undefined,
      );
      return found.length === 1 && found;
    });

    const trial = await adopt('--dry-run');
    expect(trial).toMatchObject({ code: 0, stderr: '' });
    for (const name of names) expect(trial.stdout).toContain(`Would adopt ${name}: oca/test main`);
    expect(await list('build', namespace.name)).toEqual([]);

    // The operator may run meanwhile.
    const operator = await startOperator({ namespace: namespace.name });
    try {
      const outcome = await adopt();
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(outcome.stdout).toContain('Adopted 4 of 4 builds.');
      expect(await adopt()).toMatchObject({ code: 0, stdout: 'Adopted 0 of 0 builds.\n' });

      const build = await waitForPhase(namespace.name, stopped, 'Stopped');
      expect(build.status).toMatchObject({
        initStatus: 'succeeded',
        attempt: 1,
        url: `http://oca-test-main-${commit.slice(0, 12)}.builds.test`,
      });
      await waitForPhase(namespace.name, started, 'Started');
      await waitForPhase(namespace.name, failed, 'Failed');
      // What waited is initialised by us.
      await waitForPhase(namespace.name, waiting, 'Stopped');
      // Nothing of what runs was restarted.
      const now = await list('pod', namespace.name, started);
      expect(now.map(({ metadata }) => metadata.uid)).toContain(pods[0]?.metadata.uid);

      await patch('build', namespace.name, stopped, { spec: { replicas: 1 } });
      await waitForPhase(namespace.name, stopped, 'Started');
      const deployment = await read('deployment', namespace.name, `${stopped}-web`);
      expect(fieldManagers(deployment)).toContain('runboat');
      expect(fieldManagers(deployment)).not.toContain('kubectl-client-side-apply');
      expect(deployment?.metadata.annotations).not.toHaveProperty([
        'kubectl.kubernetes.io/last-applied-configuration',
      ]);

      await patch('build', namespace.name, failed, { spec: { resetRequestedAt: new Date().toISOString() } });
      await waitForBuild(
        namespace.name,
        failed,
        ({ status }) => status?.phase === 'Stopped' && status.attempt === 2,
      );

      for (const name of names) await remove('build', namespace.name, name);
      for (const name of names) await waitForGone(namespace.name, name);
      for (const name of names) expect(await labelled(namespace.name, name)).toEqual([]);
    } finally {
      await operator.stop();
    }
  });

  it('lets a webhook or call for the same commit find the adopted build', async () => {
    const commit = randomBytes(20).toString('hex');
    const name = await oldBuild({ initStatus: 'succeeded', commit });
    expect(await adopt()).toMatchObject({ code: 0 });
    const gateway = await startGateway({ namespace: namespace.name });
    try {
      const query = new URLSearchParams({ repo: 'oca/test', target_branch: 'main', commit });
      const answer = await fetch(`${gateway.address}/api/v1/builds?${query}`, {
        method: 'POST',
        headers: { authorization: basic(ADMIN) },
      });
      expect(answer.status).toBe(200);
      const builds = await list('build', namespace.name);
      expect(builds.map(({ metadata }) => metadata.name)).toEqual([name]);
    } finally {
      await gateway.stop();
    }
  });

  it('can be undone in the documented way, so that no operator takes what is left for leftovers', async () => {
    const name = await oldBuild({ initStatus: 'succeeded', replicas: 1 });
    expect(await adopt()).toMatchObject({ code: 0 });
    const before = await read('deployment', namespace.name, `${name}-web`);
    // Builds of the other tests go the same way.
    const page = readFileSync(path.join(repositoryRoot, 'docs/moving-from-python-runboat.md'), 'utf8');
    const blocks = blocksOf(page.replaceAll('runboat-builds', namespace.name), 'sh', '## The way back');
    const steps = blocks.map((command) => ({ command, shown: [] }));
    expect(steps).toHaveLength(2);
    expect(await runSteps(steps, {})).toMatchObject([{ code: 0 }, { code: 0 }]);

    expect(await list('build', namespace.name)).toEqual([]);
    const after = await read('deployment', namespace.name, `${name}-web`);
    expect(after?.metadata).toMatchObject({
      uid: before?.metadata.uid,
      finalizers: ['runboat/cleanup'],
      annotations: { 'runboat/init-status': 'succeeded', 'runboat/repo': 'oca/test' },
    });
    expect(after?.metadata.annotations).not.toHaveProperty(['runboat.dev/build-uid']);
    const trial = await adopt('--dry-run');
    expect(trial.stdout).toContain(`Would adopt ${name}: oca/test main`);
    // A leftover shows that the operator has looked, and what it takes for one.
    const decoy = { name: `decoy-${name}`, labels: { 'runboat/build': name } };
    await (await cluster()).create(pathOf('configmap', namespace.name), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...decoy, annotations: { 'runboat.dev/build-uid': 'of-nobody' } },
    });
    const operator = await startOperator({ namespace: namespace.name });
    try {
      await waitFor(async () => !(await read('configmap', namespace.name, decoy.name)));
    } finally {
      await operator.stop();
    }
    expect(await read('deployment', namespace.name, `${name}-web`)).toMatchObject({
      metadata: { uid: before?.metadata.uid },
    });
  });

  it('goes on where it was interrupted', async () => {
    const name = await oldBuild({ initStatus: 'succeeded' });
    const rights = pathOf('deployment', namespace.name, `${name}-web`);
    // Claimed by a build of that name, as an adoption that was killed half way leaves it.
    const spec = { repo: 'oca/test', targetBranch: 'main', commit: await commitOf(rights), replicas: 0 };
    const annotations = { 'runboat.dev/paused': 'true', 'runboat.dev/adopting': 'true' };
    const client = await cluster();
    const half = await client.create<KubeObject>(pathOf('build', namespace.name), {
      apiVersion: 'runboat.dev/v1alpha1',
      kind: 'RunboatBuild',
      metadata: { name, annotations },
      spec,
    });
    await client.mergePatch(rights, {
      metadata: { annotations: { 'runboat.dev/build-uid': half.metadata.uid } },
    });
    const { code, stdout } = await adopt();
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`Adopted ${name}`) });
    const build = await read('build', namespace.name, name);
    expect(build?.metadata.annotations ?? {}).not.toHaveProperty(['runboat.dev/paused']);
  });

  it('refuses while somebody still writes, and when the limit would delete what it adopts', async () => {
    const name = await oldBuild({ initStatus: 'succeeded' });
    const busy = await runboat(['adopt', '--config', config()]);
    expect(busy.code).toBe(1);
    expect(busy.stderr).toMatch(/was written \d+ s ago by "\S+"\. Stop the Python runboat/);
    const limited = await runboat([
      'adopt',
      '--config',
      config({ limits: { deployed: 0 } }),
      '--quiet-for',
      '0s',
    ]);
    expect(limited.code).toBe(1);
    expect(limited.stderr).toMatch(/limits\.deployed is 0.*Raise the limit first/);
    expect(await read('build', namespace.name, name)).toBeUndefined();
  });

  it('leaves alone what it cannot understand, says why, and adopts the rest', async () => {
    const odd = await oldBuild({ initStatus: 'succeeded' });
    await patch('deployment', namespace.name, `${odd}-web`, {
      metadata: { annotations: { 'runboat/repo': 'acme/secret' } },
    });
    const broken = await oldBuild({ initStatus: 'confused' });
    const { code, stdout } = await adopt();
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`Deployment ${odd}-web is left alone: No rule`));
    expect(stdout).toMatch(
      new RegExp(`Deployment ${broken}-web is left alone: annotation runboat/init-status`),
    );
  });
});

async function commitOf(deployment: string): Promise<string> {
  const { metadata } = await (await cluster()).get<KubeObject>(deployment);
  return metadata.annotations?.['runboat/git-commit'] ?? '';
}
