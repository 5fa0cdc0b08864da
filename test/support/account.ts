// Service accounts with chosen rights in one namespace, and what the audit log says of their use.
import { writeFileSync } from 'node:fs';
import { kubeconfigFor } from '../cluster/accounts.js';
import { apply, kubectl } from './cluster.js';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Makes a service account with a Role of its own name and writes a kubeconfig of it to a file. */
export async function createAccount(
  namespace: string,
  name: string,
  rules: readonly Rule[],
  file: string,
): Promise<void> {
  const metadata = { name };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  await apply(
    namespace,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects },
  );
  const token = await kubectl(['create', 'token', name, '-n', namespace]);
  writeFileSync(file, await kubeconfigFor({ kubectl }, token.trim()), { mode: 0o600 });
}

/** Rules as `verb resource.group` or `verb resource.group/subresource`, each once, sorted. */
export function rightsOf(rules: readonly Rule[]): string[] {
  const all = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => right(verb, group, ...resource.split('/')))),
    ),
  );
  return [...new Set(all)].sort();
}

function right(verb: string, group: string, resource = '', subresource?: string): string {
  return `${verb} ${resource}${group && `.${group}`}${subresource ? `/${subresource}` : ''}`;
}

/** What is used of a line of the audit log. */
interface Use {
  readonly verb: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: {
    readonly namespace?: string;
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** The rights that an account used with success, as `rightsOf` writes them; an apply that created needed both. */
export function rightsUsed(events: readonly Use[], namespace: string, account: string): string[] {
  const user = `system:serviceaccount:${namespace}:${account}`;
  const used = new Set<string>();
  for (const { verb, user: by, objectRef, responseStatus } of events) {
    const code = responseStatus?.code ?? 500;
    if (by?.username !== user || objectRef?.namespace !== namespace || code === 403 || code >= 500) continue;
    const { apiGroup = '', resource = '', subresource } = objectRef;
    used.add(right(verb, apiGroup, resource, subresource));
    if (verb === 'patch' && code === 201) used.add(right('create', apiGroup, resource, subresource));
  }
  return [...used].sort();
}
