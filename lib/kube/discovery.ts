import type { KubeClient } from './client.js';

export interface ResourceKind {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  verbs: string[];
  singular: string;
  shortNames: string[];
}

/** No kind of the cluster is called so. */
export class UnknownResourceTypeError extends Error {
  override readonly name = 'UnknownResourceTypeError';
  readonly spelling: string;

  constructor(spelling: string) {
    super(
      `the cluster has no resource type "${spelling}"; ` +
        '`kubectl api-resources` lists those that it has, and NAME.GROUP names one of several groups',
    );
    this.spelling = spelling;
  }
}

const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/** All kinds of the cluster, in the order of preference: the core group first, a group's preferred version first. */
export async function discover(client: KubeClient): Promise<ResourceKind[]> {
  const [core, groups] = await Promise.all([
    client.get<DiscoveryAnswer>('/api', { accept: AGGREGATED }),
    client.get<DiscoveryAnswer>('/apis', { accept: AGGREGATED }),
  ]);
  const kinds = await Promise.all([core, groups].map((answer) => readAnswer(client, answer)));
  return kinds.flat();
}

/**
 * Finds what kubectl would find for `deployment`, `deployments`, `deploy`, `Deployment`, `deployments.apps` or
 * `deployments.v1.apps`. @throws UnknownResourceTypeError
 */
export function resolveResourceType(kinds: readonly ResourceKind[], spelling: string): ResourceKind {
  const [name = '', ...rest] = spelling.trim().toLowerCase().split('.');
  const group = rest.join('.');
  const [version, ...afterVersion] = rest;
  const candidates = kinds.filter(
    (kind) =>
      rest.length === 0 ||
      kind.group === group ||
      (kind.version === version && kind.group === afterVersion.join('.')),
  );
  const found =
    candidates.find((kind) => kind.plural === name) ??
    candidates.find((kind) => kind.singular === name || kind.kind.toLowerCase() === name) ??
    candidates.find((kind) => kind.shortNames.includes(name));
  if (found === undefined) throw new UnknownResourceTypeError(spelling);
  return found;
}

interface DiscoveryAnswer {
  kind: string;
  /** APIGroupDiscoveryList */
  items?: AggregatedGroup[];
  /** APIVersions */
  versions?: string[];
  /** APIGroupList */
  groups?: { name: string; versions: GroupVersion[]; preferredVersion?: GroupVersion }[];
}

interface GroupVersion {
  version: string;
}

interface AggregatedGroup {
  metadata?: { name?: string };
  versions?: {
    version: string;
    resources?: {
      resource: string;
      responseKind?: { kind: string };
      scope: 'Namespaced' | 'Cluster';
      singularResource?: string;
      shortNames?: string[];
      verbs?: string[];
    }[];
  }[];
}

interface ResourceList {
  resources: {
    name: string;
    singularName?: string;
    namespaced: boolean;
    kind: string;
    verbs?: string[];
    shortNames?: string[];
  }[];
}

/** Older servers ignore the asked form and answer with the names of groups and versions alone. */
function readAnswer(client: KubeClient, answer: DiscoveryAnswer): Promise<ResourceKind[]> {
  if (answer.kind === 'APIGroupDiscoveryList')
    return Promise.resolve((answer.items ?? []).flatMap(kindsOfGroup));
  if (answer.kind === 'APIVersions')
    return readLists(
      client,
      (answer.versions ?? []).map((version) => ['', version]),
    );
  return readLists(
    client,
    (answer.groups ?? []).flatMap(({ name, versions, preferredVersion }) =>
      [...versions]
        .sort(
          (a, b) =>
            Number(b.version === preferredVersion?.version) - Number(a.version === preferredVersion?.version),
        )
        .map(({ version }): [string, string] => [name, version]),
    ),
  );
}

function kindsOfGroup(group: AggregatedGroup): ResourceKind[] {
  return (group.versions ?? []).flatMap(({ version, resources = [] }) =>
    resources.map((resource) => ({
      group: group.metadata?.name ?? '',
      version,
      kind: resource.responseKind?.kind ?? '',
      plural: resource.resource,
      namespaced: resource.scope === 'Namespaced',
      verbs: resource.verbs ?? [],
      singular: resource.singularResource ?? '',
      shortNames: resource.shortNames ?? [],
    })),
  );
}

async function readLists(
  client: KubeClient,
  versions: [group: string, version: string][],
): Promise<ResourceKind[]> {
  const lists = await Promise.all(
    versions.map(async ([group, version]) => {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      const { resources } = await client.get<ResourceList>(path);
      return resources
        .filter((resource) => !resource.name.includes('/'))
        .map((resource) => kindOfList(group, version, resource));
    }),
  );
  return lists.flat();
}

function kindOfList(
  group: string,
  version: string,
  resource: ResourceList['resources'][number],
): ResourceKind {
  return {
    group,
    version,
    kind: resource.kind,
    plural: resource.name,
    namespaced: resource.namespaced,
    verbs: resource.verbs ?? [],
    singular: resource.singularName ?? '',
    shortNames: resource.shortNames ?? [],
  };
}
