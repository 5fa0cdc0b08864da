import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { readAudit, sizeOf } from '../../chaos/audit.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { createAccount, type Rule, rightsOf, rightsUsed } from '../../support/account.js';
import { kubectl, useNamespace, waitFor } from '../../support/cluster.js';
import { call, json, startGateway } from '../../support/gateway.js';

const namespace = useNamespace();
const folder = mkdtempSync(join(tmpdir(), 'runboat-gateway-rights-'));
const auditLog = join(process.env['RUNBOAT_TEST_CLUSTER_DIR'] ?? '', 'audit.log');
const role = join(repositoryRoot, 'docs', 'rbac', 'gateway-role.yaml');

/** Used when the cache is behind, or the answer to a write was lost. */
const onlyInTrouble = ['get runboatbuilds.runboat.dev'];

afterAll(() => rmSync(folder, { recursive: true }));

// On a cluster of somebody else's there may be no audit log.
const withAudit = existsSync(auditLog) ? it : it.skip;

withAudit('the documented Role is all that the gateway needs, and no more', async () => {
  const { rules } = load(readFileSync(role, 'utf8')) as { rules: Rule[] };
  const kubeconfig = join(folder, 'kubeconfig');
  await createAccount(namespace.name, 'exact-gateway', rules, kubeconfig);
  const begins = sizeOf(auditLog);
  const gateway = await startGateway({ namespace: namespace.name, kubeconfig });
  try {
    await useAll(gateway.address);
  } finally {
    // A watch is in the audit log when it has ended.
    await gateway.stop();
  }
  const used = () => rightsUsed(readAudit(auditLog, begins), namespace.name, 'exact-gateway');
  const unused = () => rightsOf(rules).filter((right) => !used().includes(right));
  await waitFor(() => unused().every((right) => onlyInTrouble.includes(right)), {
    describe: () => ['every right but those of trouble to be used; unused:', unused()],
    timeoutMs: 20_000,
  });
  expect(used().filter((right) => !rightsOf(rules).includes(right))).toEqual([]);
});

/** Makes a build, starts it, asks for its log and removes it. */
async function useAll(address: string): Promise<void> {
  const commit = randomBytes(20).toString('hex');
  const query = `repo=oca/rights&target_branch=main&commit=${commit}`;
  expect((await call(address, `/api/v1/builds?${query}`, { method: 'POST', admin: true })).status).toBe(200);
  const [build] = await waitFor(async () => {
    const builds = await json(address, '/api/v1/builds?repo=oca/rights');
    return builds.length > 0 ? builds : undefined;
  });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'waiting', labels: { 'runboat/build': build.name, 'pod-template-hash': 'x' } },
    spec: { schedulerName: 'nobody', containers: [{ name: 'odoo', image: 'none' }] },
  };
  await kubectl(['create', '-n', namespace.name, '-f', '-'], JSON.stringify(pod));
  const path = `/api/v1/builds/${build.name}`;
  expect((await call(address, `${path}/start`, { method: 'POST' })).status).toBe(200);
  expect((await call(address, `${path}/log`)).status).toBe(200);
  expect((await call(address, path, { method: 'DELETE', admin: true })).status).toBe(200);
}
