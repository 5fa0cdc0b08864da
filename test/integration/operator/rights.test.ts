import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { readAudit, sizeOf } from '../../chaos/audit.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { createAccount, type Rule, rightsOf, rightsUsed } from '../../support/account.js';
import { apply, createNamespace, waitFor } from '../../support/cluster.js';
import {
  createBuild,
  list,
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
import { refusal } from './bad-input-support.js';

/** Rights that only trouble uses, and where a cache that is behind or a lost object makes the operator use them. */
const onlyInTrouble = [
  // A cache that is found to be behind at a comparison, or after a conflict, reads the one object again.
  'get deployments.apps',
  'get jobs.batch',
  'get pods',
  'get runboatbuilds.runboat.dev',
];

const namespace = `test-${randomBytes(5).toString('hex')}`;
const account = 'exact-operator';
const folder = mkdtempSync(join(tmpdir(), 'runboat-exact-rights-'));
const kubeconfig = join(folder, 'kubeconfig');
const auditLog = join(process.env['RUNBOAT_TEST_CLUSTER_DIR'] ?? '', 'audit.log');
const role = join(repositoryRoot, 'docs', 'rbac', 'operator-role.yaml');
const { rules } = load(readFileSync(role, 'utf8')) as { rules: Rule[] };
let operator: RunningOperator;
let auditBegins = 0;

beforeAll(async () => {
  await createNamespace(namespace);
  await createAccount(namespace, account, rules, kubeconfig);
  if (existsSync(auditLog)) auditBegins = sizeOf(auditLog);
  operator = await startOperator({ namespace, kubeconfig, env: { RUNBOAT_LEASE_DURATION: '2s' } });
});

afterAll(async () => {
  await operator?.stop();
  // The account goes with its namespace.
  const administrator = await startOperator({ namespace });
  await removeNamespace(namespace);
  await administrator.stop();
  rmSync(folder, { recursive: true });
});

// On a cluster of somebody else's there may be no audit log.
const withAudit = existsSync(auditLog) ? it : it.skip;

withAudit(
  'the documented Role is all that the operator needs in the life of builds, and no more',
  async () => {
    await liveAndEnd();
    await failAndBeOrphaned();
    await collide();
    // A watch is in the audit log when it has ended.
    await operator.stop();
    expect(operator.entries().filter(({ msg }) => /cannot be|Forbidden/.test(String(msg)))).toEqual([]);
    const used = () => rightsUsed(readAudit(auditLog, auditBegins), namespace, account);
    const unused = () => rightsOf(rules).filter((right) => !used().includes(right));
    await waitFor(() => unused().every((right) => onlyInTrouble.includes(right)), {
      describe: () => ['every right but those of trouble to be used; unused:', unused()],
      timeoutMs: 20_000,
    });
    expect(used().filter((right) => !rightsOf(rules).includes(right))).toEqual([]);
  },
  240_000,
);

/** Initialised, started, stopped, reset and removed, with the pod of a job that somebody took away. */
async function liveAndEnd(): Promise<void> {
  const name = await createBuild(namespace);
  await waitForPhase(namespace, name, 'Stopped');
  for (const [replicas, phase] of [
    [1, 'Started'],
    [0, 'Stopped'],
  ] as const) {
    await patch('build', namespace, name, { spec: { replicas } });
    await waitForPhase(namespace, name, phase);
  }
  const resetRequestedAt = new Date().toISOString();
  await patch('build', namespace, name, { spec: { resetRequestedAt } });
  await waitForBuild(
    namespace,
    name,
    ({ status }) => status?.phase === 'Stopped' && status.initializedFor === resetRequestedAt,
  );
  await remove('job', namespace, `${name}-initialize`, 'orphan');
  await waitFor(async () => (await read('job', namespace, `${name}-initialize`)) === undefined);
  await remove('build', namespace, name);
  await waitForGone(namespace, name, { timeoutMs: 60_000 });
}

/** Fails, so that the events of its job are read; its Deployment is deleted and what it ran left alone. */
async function failAndBeOrphaned(): Promise<void> {
  const failing = await createBuild(namespace, { vars: { initRun: 'hang', initDeadline: '2' } });
  await waitForPhase(namespace, failing, 'Initializing');
  const started = await createBuild(namespace, { spec: { replicas: 1 } });
  await waitForPhase(namespace, started, 'Started');
  await remove('deployment', namespace, `${started}-web`, 'orphan');
  await waitForGone(namespace, started);
  expect(await list('pod', namespace, started)).toEqual([]);
  await waitForPhase(namespace, failing, 'Failed');
  await remove('build', namespace, failing);
  await waitForGone(namespace, failing);
}

/** Finds an object of somebody else's under the name of each of its own. */
async function collide(): Promise<void> {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  const others = [
    { apiVersion: 'v1', kind: 'ConfigMap', suffix: 'environment' },
    { apiVersion: 'v1', kind: 'Service', suffix: 'web', spec: { ports: [{ port: 80 }] } },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', suffix: 'data', spec },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      suffix: 'web',
      spec: { rules: [{ host: 'other.test' }] },
    },
  ];
  for (const { suffix, ...other } of others) {
    const name = `b-${randomBytes(4).toString('hex')}`;
    await apply(namespace, { ...other, metadata: { name: `${name}-${suffix}` } });
    await createBuild(namespace, { name });
    expect((await refusal(namespace, name)).reason).toBe('NameCollision');
    await remove('build', namespace, name);
    await waitForGone(namespace, name, { timeoutMs: 60_000 });
  }
}
