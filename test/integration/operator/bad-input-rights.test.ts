import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createAccount } from '../../support/account.js';
import { apply, createNamespace, waitFor } from '../../support/cluster.js';
import {
  cluster,
  createBuild,
  eventsOf,
  patch,
  type RunningOperator,
  read,
  remove,
  removeNamespace,
  startOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { conditionOf, expectSentence, refusal } from './bad-input-support.js';

const namespace = `test-${randomBytes(5).toString('hex')}`;
const folder = mkdtempSync(join(tmpdir(), 'runboat-rights-'));
const kubeconfig = join(folder, 'kubeconfig');
const account = 'operator';
let operator: RunningOperator;

/** All that the operator needs in its namespace, by API group. */
const resources: Record<string, string[]> = {
  'runboat.dev': ['runboatbuilds', 'runboatbuilds/status'],
  '': ['configmaps', 'secrets', 'services', 'persistentvolumeclaims', 'pods', 'events'],
  apps: ['deployments', 'replicasets'],
  batch: ['jobs'],
  'networking.k8s.io': ['ingresses'],
  'coordination.k8s.io': ['leases'],
};
const verbs = ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'];

/** Gives the operator's account all rights but these, written `verb resource`. */
async function grantAllBut(...denied: string[]): Promise<void> {
  const rules = Object.entries(resources).flatMap(([group, names]) =>
    names.map((name) => ({
      apiGroups: [group],
      resources: [name],
      verbs: verbs.filter((verb) => !denied.includes(`${verb} ${name}`)),
    })),
  );
  const metadata = { name: account };
  await apply(namespace, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules });
  for (const right of [...denied, 'get jobs'])
    await waitFor(async () => (await may(right)) !== denied.includes(right));
}

/** Whether the API server has taken notice of a right. */
async function may(right: string): Promise<boolean> {
  const [verb, resource] = right.split(' ');
  const group = Object.entries(resources).find(([, names]) => names.includes(resource ?? ''))?.[0];
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:${account}`,
      resourceAttributes: { namespace, verb, resource, group },
    },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  return (await (await cluster()).create<{ status: { allowed: boolean } }>(path, review)).status.allowed;
}

beforeAll(async () => {
  await createNamespace(namespace);
  await createAccount(namespace, account, [], kubeconfig);
  await grantAllBut();
  operator = await startOperator({ namespace, kubeconfig });
});

afterAll(async () => {
  await operator?.stop();
  // The account goes with its namespace, so the last builds are removed by an operator with other rights.
  const administrator = await startOperator({ namespace });
  await removeNamespace(namespace);
  await administrator.stop();
  rmSync(folder, { recursive: true });
});

beforeEach(() => grantAllBut());

function expectVerbAndResource(message: string, verb: string, resource: string): void {
  expect(message).toContain(`cannot ${verb} resource "${resource}"`);
  expect(message).toMatch(/Grant .*to its service account\.$/);
  expectSentence(message);
}

describe('an operator that lacks a right says so in the build, and goes on when it has it:', () => {
  it.each([
    ['patch', 'ingresses'],
    ['create', 'services'],
    ['patch', 'secrets'],
    ['patch', 'deployments'],
  ])(
    '%s %s, to deploy',
    async (verb, resource) => {
      await grantAllBut(`${verb} ${resource}`);
      const name = await createBuild(namespace);
      const { reason, message } = await refusal(namespace, name);
      expect(reason).toBe('Forbidden');
      expectVerbAndResource(message, verb, resource);
      await waitFor(async () => (await eventsOf(namespace, name)).length > 0);
      await grantAllBut();
      await waitForPhase(namespace, name, 'Stopped');
      expect(await eventsOf(namespace, name)).toHaveLength(1);
    },
    60_000,
  );

  it('create jobs, to initialise', async () => {
    await grantAllBut('create jobs');
    const name = await createBuild(namespace);
    const build = await waitForBuild(
      namespace,
      name,
      (seen) => conditionOf(seen, 'Initialized').reason === 'Forbidden',
    );
    expect(build.status?.phase).toBe('Queued');
    expectVerbAndResource(conditionOf(build, 'Initialized').message, 'create', 'jobs');
    await grantAllBut();
    await waitForPhase(namespace, name, 'Stopped');
  }, 60_000);

  it.each([
    ['patch', 'deployments'],
    ['get', 'secrets'],
  ])(
    '%s %s, to start and to stop',
    async (verb, resource) => {
      const name = await createBuild(namespace);
      await waitForPhase(namespace, name, 'Stopped');
      for (const [replicas, phase] of [
        [1, 'Started'],
        [0, 'Stopped'],
      ] as const) {
        await grantAllBut(`${verb} ${resource}`);
        await patch('build', namespace, name, { spec: { replicas } });
        const forbidden = await waitForBuild(
          namespace,
          name,
          (seen) => conditionOf(seen, 'UpToDate').reason === 'Forbidden',
        );
        expectVerbAndResource(conditionOf(forbidden, 'UpToDate').message, verb, resource);
        await grantAllBut();
        await waitForPhase(namespace, name, phase);
        await waitForBuild(namespace, name, (seen) => conditionOf(seen, 'UpToDate').status === 'True');
      }
    },
    90_000,
  );

  it('delete jobs, to reset', async () => {
    const name = await createBuild(namespace);
    await waitForPhase(namespace, name, 'Stopped');
    await grantAllBut('delete jobs');
    const resetRequestedAt = new Date().toISOString();
    await patch('build', namespace, name, { spec: { resetRequestedAt } });
    const build = await waitForBuild(
      namespace,
      name,
      (seen) => conditionOf(seen, 'UpToDate').reason === 'Forbidden',
    );
    expectVerbAndResource(conditionOf(build, 'UpToDate').message, 'delete', 'jobs');
    await grantAllBut();
    await waitForBuild(
      namespace,
      name,
      ({ status }) => status?.phase === 'Stopped' && status.initializedFor === resetRequestedAt,
    );
  }, 60_000);

  it.each([
    ['delete', 'configmaps'],
    ['list', 'ingresses'],
    ['delete', 'secrets'],
    ['patch', 'deployments'],
  ])(
    '%s %s, to clean up, with the cleanup job run only once',
    async (verb, resource) => {
      const name = await createBuild(namespace);
      await waitForPhase(namespace, name, 'Stopped');
      await grantAllBut(`${verb} ${resource}`);
      await remove('build', namespace, name);
      const build = await waitForBuild(namespace, name, (seen) =>
        (seen.status?.conditions ?? []).some(({ reason }) => reason === 'Forbidden'),
      );
      expect(build.status?.phase).toBe('Undeploying');
      const { message = '' } = build.status?.conditions?.find(({ reason }) => reason === 'Forbidden') ?? {};
      expectVerbAndResource(message, verb, resource);
      await grantAllBut();
      await waitForGone(namespace, name);
      const begun = operator
        .entries()
        .filter((entry) => entry.msg === 'Cleanup begins' && entry['build'] === name);
      expect(begun).toHaveLength(1);
    },
    60_000,
  );

  it('create events, which nothing waits for', async () => {
    await grantAllBut('create events');
    const name = await createBuild(namespace, { spec: { repo: 'acme/none' } });
    expect((await refusal(namespace, name)).reason).toBe('NoMatchingRule');
    await waitFor(() => operator.entries().some(({ msg }) => msg === 'An Event could not be written'));
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  });
});

describe('an operator without a right that it needs from the beginning is not ready and says why:', () => {
  it.each([
    ['list', 'pods'],
    ['watch', 'deployments'],
    ['create', 'leases'],
  ])(
    '%s %s',
    async (verb, resource) => {
      await operator.stop();
      await (await cluster()).delete(
        `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/runboat-operator`,
        { propagationPolicy: 'Background' },
      );
      await grantAllBut(`${verb} ${resource}`);
      operator = await startOperator({ namespace, kubeconfig, waitReady: false });
      const words = `cannot ${verb} resource \\"${resource}\\"`;
      await waitFor(() =>
        operator.lines.some((line) => line.includes('"level":"warn"') && line.includes(words)),
      );
      const name = await createBuild(namespace);
      await grantAllBut();
      await waitForPhase(namespace, name, 'Stopped', { timeoutMs: 60_000 });
      expect(await read('build', namespace, name)).toBeDefined();
    },
    90_000,
  );

  it('and ends in time on SIGTERM all the same', async () => {
    await operator.stop();
    await grantAllBut('list pods');
    operator = await startOperator({ namespace, kubeconfig, waitReady: false });
    await waitFor(() => operator.lines.some((line) => line.includes('cannot list resource')));
    const begun = Date.now();
    expect(await operator.stop()).toBe(0);
    expect(Date.now() - begun).toBeLessThan(5_000);
  });
});
