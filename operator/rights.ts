import { API_GROUP, BUILD_PLURAL, OPERATOR_LEASE } from '../crds/constants.js';
import { KNOWN, type NamedResource, namedResources } from './render/kinds.js';

/** A rule of a Role, for one resource or its subresource. */
export interface PolicyRule {
  readonly apiGroups: readonly [string];
  readonly resources: readonly [string];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What is done with resources of a build: server-side apply needs `create` beside `patch`. */
const managed = ['get', 'list', 'create', 'patch', 'delete'];

/** What is needed whatever bundles contain, by `group/resource`. */
const always: Readonly<Record<string, readonly string[]>> = {
  [`${API_GROUP}/${BUILD_PLURAL}`]: ['get', 'list', 'watch', 'patch', 'delete'],
  [`${API_GROUP}/${BUILD_PLURAL}/status`]: ['patch'],
  // Told to people, and read to say why a pod does not start.
  '/events': ['list', 'create'],
  // Pods and ReplicaSets come by themselves; those that were orphaned are removed.
  '/pods': ['get', 'list', 'watch', 'delete'],
  'apps/replicasets': ['list', 'delete'],
  // A Secret records the settings of each build.
  '/secrets': managed,
  'apps/deployments': ['get', 'list', 'watch'],
  'batch/jobs': ['get', 'list', 'watch'],
};

/** Jobs are created and deleted, never applied. */
const notNeeded: Readonly<Record<string, readonly string[]>> = { 'batch/jobs': ['patch'] };

const order = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/**
 * All that the operator may do in the namespace of the builds, for these `resourceTypes` of the configuration, sorted.
 * It needs nothing in other namespaces, and nothing cluster-wide but discovery, which everybody may read.
 */
export function operatorRules(resourceTypes: readonly string[]): PolicyRule[] {
  const verbs = new Map(Object.entries(always).map(([key, list]) => [key, new Set(list)]));
  for (const resource of namedResources(resourceTypes)) {
    const key = keyOf(resource);
    const wanted = managed.filter((verb) => !notNeeded[key]?.includes(verb));
    verbs.set(key, new Set([...(verbs.get(key) ?? []), ...wanted]));
  }
  const rules = [...verbs].map(([key, set]) => rule(key, set));
  return [...rules, ...leaseRules()].sort((a, b) => compare(sortKey(a), sortKey(b)));
}

function keyOf({ group, plural }: NamedResource): string {
  return `${group}/${plural}`;
}

function rule(key: string, verbs: ReadonlySet<string>): PolicyRule {
  const slash = key.indexOf('/');
  return {
    apiGroups: [key.slice(0, slash)],
    resources: [key.slice(slash + 1)],
    verbs: order.filter((verb) => verbs.has(verb)),
  };
}

/** Creating cannot be granted by name, because a new object's name is not part of the request's address. */
function leaseRules(): PolicyRule[] {
  const apiGroups = ['coordination.k8s.io'] as const;
  const resources = ['leases'] as const;
  return [
    { apiGroups, resources, verbs: ['create'] },
    { apiGroups, resources, resourceNames: [OPERATOR_LEASE], verbs: ['get', 'update'] },
  ];
}

function sortKey({ apiGroups, resources, verbs }: PolicyRule): string {
  return [apiGroups[0], resources[0], verbs[0]].join(' ');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * What the chart's templates make the Role of: the rules that do not depend on `resourceTypes`, what each further
 * resource needs, and for each spelling of a kind without a group its resource (none for cluster-scoped ones).
 */
export function chartRights(): object {
  const spellings = KNOWN.flatMap(({ group, kind, plural, short, clusterScoped }) =>
    [plural, kind.toLowerCase(), ...(short ? [short] : [])].map((name) => [
      name,
      clusterScoped ? '' : `${group}/${plural}`,
    ]),
  );
  return { always, managed, notNeeded, lease: OPERATOR_LEASE, kinds: Object.fromEntries(spellings) };
}

/** A Role of these rules as YAML. */
export function roleYaml(name: string, rules: readonly PolicyRule[]): string {
  const lines = rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) => [
    `  - apiGroups: [${JSON.stringify(apiGroups[0])}]`,
    `    resources: [${resources[0]}]`,
    ...(resourceNames ? [`    resourceNames: [${resourceNames.join(', ')}]`] : []),
    `    verbs: [${verbs.join(', ')}]`,
  ]);
  const head = ['apiVersion: rbac.authorization.k8s.io/v1', 'kind: Role', 'metadata:', `  name: ${name}`];
  return `${[...head, 'rules:', ...lines].join('\n')}\n`;
}
