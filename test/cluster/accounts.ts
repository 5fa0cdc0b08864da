import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import type { Kubectl } from './definition.js';
import { repositoryRoot } from './paths.js';

/** Kubeconfigs of accounts with the rights that `docs/rbac` grants, and no others. */
export interface Accounts {
  readonly operator: string;
  readonly gateway: string;
  remove(): Promise<void>;
}

/** Where the accounts of the tests live; tests delete their own namespaces. */
const home = 'default';

/**
 * Gives the tests' operators and gateways accounts of their own. The documented Roles are granted in all namespaces,
 * because a RoleBinding goes with its namespace and tests delete theirs while the operator works in it.
 */
export async function installAccounts(cluster: Kubectl): Promise<Accounts> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'runboat-accounts-'));
  const [operator, gateway] = await Promise.all([
    installAccount(cluster, folder, 'operator'),
    installAccount(cluster, folder, 'gateway'),
  ]);
  return { operator, gateway, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function installAccount(cluster: Kubectl, folder: string, role: string): Promise<string> {
  const { rules } = load(
    await readFile(path.join(repositoryRoot, 'docs', 'rbac', `${role}-role.yaml`), 'utf8'),
  ) as { rules: object[] };
  const name = `runboat-test-${role}`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: home } },
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: home }],
    },
  ];
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const token = await cluster.kubectl(['create', 'token', name, '-n', home, '--duration=24h']);
  const kubeconfig = path.join(folder, role);
  await writeFile(kubeconfig, await kubeconfigFor(cluster, token.trim()), { mode: 0o600 });
  return kubeconfig;
}

/** A kubeconfig like the one of this cluster's kubectl, with another token. */
export async function kubeconfigFor(cluster: Kubectl, token: string): Promise<string> {
  const view = await cluster.kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']);
  const config = JSON.parse(view);
  config.users[0].user = { token };
  return JSON.stringify(config);
}
