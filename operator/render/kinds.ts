import { parseResourceType } from '../../lib/config/resource-types.js';
import type { AllowedKind, AllowedKinds } from './types.js';

/** A kind of Kubernetes' own. */
export interface KnownKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly short?: string;
  readonly clusterScoped?: true;
}

// Group, plural and short names as `kubectl api-resources` prints them.
export const KNOWN: readonly KnownKind[] = [
  { group: '', kind: 'ConfigMap', plural: 'configmaps', short: 'cm' },
  { group: '', kind: 'Secret', plural: 'secrets' },
  { group: '', kind: 'Service', plural: 'services', short: 'svc' },
  { group: '', kind: 'ServiceAccount', plural: 'serviceaccounts', short: 'sa' },
  { group: '', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', short: 'pvc' },
  { group: '', kind: 'Pod', plural: 'pods', short: 'po' },
  { group: '', kind: 'Endpoints', plural: 'endpoints', short: 'ep' },
  { group: '', kind: 'LimitRange', plural: 'limitranges', short: 'limits' },
  { group: '', kind: 'ResourceQuota', plural: 'resourcequotas', short: 'quota' },
  { group: '', kind: 'ReplicationController', plural: 'replicationcontrollers', short: 'rc' },
  { group: '', kind: 'PodTemplate', plural: 'podtemplates' },
  { group: '', kind: 'Namespace', plural: 'namespaces', short: 'ns', clusterScoped: true },
  { group: '', kind: 'Node', plural: 'nodes', short: 'no', clusterScoped: true },
  { group: '', kind: 'PersistentVolume', plural: 'persistentvolumes', short: 'pv', clusterScoped: true },
  { group: 'apps', kind: 'Deployment', plural: 'deployments', short: 'deploy' },
  { group: 'apps', kind: 'StatefulSet', plural: 'statefulsets', short: 'sts' },
  { group: 'apps', kind: 'DaemonSet', plural: 'daemonsets', short: 'ds' },
  { group: 'apps', kind: 'ReplicaSet', plural: 'replicasets', short: 'rs' },
  { group: 'batch', kind: 'Job', plural: 'jobs' },
  { group: 'batch', kind: 'CronJob', plural: 'cronjobs', short: 'cj' },
  { group: 'networking.k8s.io', kind: 'Ingress', plural: 'ingresses', short: 'ing' },
  { group: 'networking.k8s.io', kind: 'NetworkPolicy', plural: 'networkpolicies', short: 'netpol' },
  { group: 'networking.k8s.io', kind: 'IngressClass', plural: 'ingressclasses', clusterScoped: true },
  { group: 'autoscaling', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers', short: 'hpa' },
  { group: 'policy', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', short: 'pdb' },
  { group: 'rbac.authorization.k8s.io', kind: 'Role', plural: 'roles' },
  { group: 'rbac.authorization.k8s.io', kind: 'RoleBinding', plural: 'rolebindings' },
  { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', plural: 'clusterroles', clusterScoped: true },
  {
    group: 'rbac.authorization.k8s.io',
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    clusterScoped: true,
  },
  {
    group: 'storage.k8s.io',
    kind: 'StorageClass',
    plural: 'storageclasses',
    short: 'sc',
    clusterScoped: true,
  },
  {
    group: 'scheduling.k8s.io',
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    short: 'pc',
    clusterScoped: true,
  },
  {
    group: 'apiextensions.k8s.io',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    short: 'crd',
    clusterScoped: true,
  },
];

/**
 * The kinds that `resourceTypes` names, without asking a cluster. Takes kubectl's spellings: plural, singular, kind in
 * any case, short name, each also with `.group` or `.version.group`. A spelling not in the table but with a group
 * (a custom resource) allows the kinds of that group whose singular or usual plural it is, taken as namespaced.
 */
export function offlineKinds(resourceTypes: readonly string[]): AllowedKinds {
  const wanted = resourceTypes.map((type) => type.trim().toLowerCase());
  const allowed = KNOWN.filter((known) => wanted.some((type) => isSpelling(type, known)));
  return {
    find(apiVersion: string, kind: string): AllowedKind | undefined {
      const group = groupOf(apiVersion);
      const known = KNOWN.find((candidate) => candidate.group === group && candidate.kind === kind);
      if (known !== undefined) {
        // What is cluster-scoped is refused either way; this gives the better reason.
        if (known.clusterScoped) return { namespaced: false };
        return allowed.includes(known) ? { namespaced: true } : undefined;
      }
      const custom = { group, kind, plural: pluralOf(kind.toLowerCase()) };
      return wanted.some((type) => type.includes('.') && isSpelling(type, custom))
        ? { namespaced: true }
        : undefined;
    },
  };
}

/** How `resourceTypes` names a kind: its plural, with its group; of what is not in the table, the usual plural. */
export function resourceTypeOf(apiVersion: string, kind: string): string {
  const group = groupOf(apiVersion);
  const known = KNOWN.find((candidate) => candidate.group === group && candidate.kind === kind);
  const plural = known?.plural ?? pluralOf(kind.toLowerCase());
  return group === '' ? plural : `${plural}.${group}`;
}

/** The resource of a group that RBAC's rules name. */
export interface NamedResource {
  readonly group: string;
  readonly plural: string;
}

/**
 * The namespaced resources that `resourceTypes` names, without asking a cluster and each once. Of a spelling with a
 * group that is not in the table, the name is taken for the plural.
 */
export function namedResources(resourceTypes: readonly string[]): NamedResource[] {
  const found = new Map<string, NamedResource>();
  for (const spelling of resourceTypes)
    for (const resource of resourcesOf(spelling)) found.set(`${resource.group}/${resource.plural}`, resource);
  return [...found.values()];
}

function resourcesOf(spelling: string): NamedResource[] {
  const type = spelling.trim().toLowerCase();
  const known = KNOWN.filter((candidate) => isSpelling(type, candidate));
  if (known.length > 0)
    return known
      .filter(({ clusterScoped }) => !clusterScoped)
      .map(({ group, plural }) => ({ group, plural }));
  const { name, group } = parseResourceType(type);
  return group === undefined ? [] : [{ group, plural: name }];
}

/** The group of an apiVersion, empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function isSpelling(type: string, known: KnownKind): boolean {
  const dot = type.indexOf('.');
  const name = dot < 0 ? type : type.slice(0, dot);
  if (![known.plural, known.kind.toLowerCase(), known.short].includes(name)) return false;
  const rest = dot < 0 ? known.group : type.slice(dot + 1);
  return rest === known.group || rest.replace(/^v\d+((alpha|beta)\d+)?\.?/, '') === known.group;
}

function pluralOf(singular: string): string {
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
