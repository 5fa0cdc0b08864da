// The operator as a process of its own, with builds of the bundle `scripted`, for integration tests.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import type { Condition, RunboatBuild } from '../../crds/runboatbuild.generated.js';
import { KubeClient } from '../../lib/kube/client.js';
import { connect } from '../../lib/kube/connection.js';
import { isNotFound } from '../../lib/kube/errors.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { createNamespace, deleteNamespace, kubectl, type WaitOptions, waitFor } from './cluster.js';
import { type RunningOperator, startOperator } from './operator-process.js';

export * from './operator-process.js';

export interface TestBed {
  readonly namespace: string;
  /** The one that runs now. */
  operator(): RunningOperator;
  /** Ends the operator and starts one with other settings. */
  restart(config?: Record<string, unknown>): Promise<RunningOperator>;
}

/** A namespace with an operator for the tests of the surrounding block. */
export function useOperator(config: Record<string, unknown> = {}): TestBed {
  const namespace = `test-${randomBytes(5).toString('hex')}`;
  let running: RunningOperator | undefined;
  const start = async (changes: Record<string, unknown>) => {
    running = await startOperator({ namespace, config: changes });
    return running;
  };
  beforeAll(async () => {
    await createNamespace(namespace);
    await start(config);
  });
  afterAll(async () => {
    try {
      // The namespace goes first, so that the operator can take its finalizers away.
      await removeNamespace(namespace);
    } finally {
      await running?.stop();
    }
  });
  return {
    namespace,
    operator: () => {
      if (!running) throw new Error('The operator is started before the tests of its block.');
      return running;
    },
    restart: async (changes = config) => {
      await running?.stop();
      return start(changes);
    },
  };
}

/** Deletes a namespace and waits until no build is left in it, which needs an operator that is not paused. */
export async function removeNamespace(namespace: string, options: WaitOptions = {}): Promise<void> {
  await deleteNamespace(namespace);
  let left: StoredBuild[] = [];
  const noneLeft = async () => {
    left = await list<StoredBuild>('build', namespace);
    return left.length === 0;
  };
  const describe = () => [
    `namespace ${namespace} to be empty`,
    left.map(({ metadata, status }) => [metadata, status]),
  ];
  await waitFor(noneLeft, { describe, ...options });
}

let shared: Promise<KubeClient> | undefined;

afterAll(async () => {
  await (await shared)?.connection.close();
  shared = undefined;
});

/** A client of the tests' cluster, its writes marked as those of a user. */
export function cluster(): Promise<KubeClient> {
  shared ??= connect().then((connection) => new KubeClient({ connection, fieldManager: 'kubectl-test' }));
  return shared;
}

const collections = {
  build: '/apis/runboat.dev/v1alpha1/namespaces/NS/runboatbuilds',
  configmap: '/api/v1/namespaces/NS/configmaps',
  deployment: '/apis/apps/v1/namespaces/NS/deployments',
  event: '/api/v1/namespaces/NS/events',
  ingress: '/apis/networking.k8s.io/v1/namespaces/NS/ingresses',
  job: '/apis/batch/v1/namespaces/NS/jobs',
  lease: '/apis/coordination.k8s.io/v1/namespaces/NS/leases',
  pod: '/api/v1/namespaces/NS/pods',
  pvc: '/api/v1/namespaces/NS/persistentvolumeclaims',
  replicaset: '/apis/apps/v1/namespaces/NS/replicasets',
  secret: '/api/v1/namespaces/NS/secrets',
  service: '/api/v1/namespaces/NS/services',
};

export type Kind = keyof typeof collections;

/** The path of a kind's objects in a namespace, or of one of them. */
export function pathOf(kind: Kind, namespace: string, name?: string): string {
  const collection = collections[kind].replace('NS', namespace);
  return name === undefined ? collection : objectPath(collection, name);
}

// biome-ignore lint/suspicious/noExplicitAny: any kind of resource.
export type AnyObject = KubeObject & { spec?: any; status?: any; data?: any };

/** An object as it is now; undefined if it does not exist. */
export async function read<T = AnyObject>(
  kind: Kind,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  try {
    return await (await cluster()).get<T>(pathOf(kind, namespace, name));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Objects of a kind, those of one build when it is named. */
export async function list<T = AnyObject>(kind: Kind, namespace: string, build?: string): Promise<T[]> {
  const query = build === undefined ? {} : { labelSelector: `runboat/build=${build}` };
  return (await (await cluster()).listAll<T>(pathOf(kind, namespace), query)).items;
}

/** Changes an object by a JSON merge patch, as a user does. */
export async function patch(kind: Kind, namespace: string, name: string, body: object): Promise<AnyObject> {
  return await (await cluster()).mergePatch<AnyObject>(pathOf(kind, namespace, name), body);
}

export type Cascade = 'foreground' | 'background' | 'orphan';

const policies = { foreground: 'Foreground', background: 'Background', orphan: 'Orphan' } as const;

/** Deletes an object as `kubectl delete --cascade=... --wait=false` does. */
export async function remove(
  kind: Kind,
  namespace: string,
  name: string,
  cascade: Cascade = 'background',
): Promise<void> {
  const client = await cluster();
  await client.delete(pathOf(kind, namespace, name), { propagationPolicy: policies[cascade] });
}

export interface BuildOptions {
  name?: string;
  annotations?: Record<string, string>;
  /** Fields of the spec; the repository is oca/test, the branch main, the commit a random one. */
  spec?: Partial<RunboatBuild['spec']>;
  /** Template variables of the bundle `scripted`. */
  vars?: Record<string, string>;
}

/** A build as a user writes it. */
export function buildObject({ name, annotations, spec, vars }: BuildOptions = {}): RunboatBuild {
  return {
    apiVersion: 'runboat.dev/v1alpha1',
    kind: 'RunboatBuild',
    metadata: {
      name: name ?? `b-${randomBytes(5).toString('hex')}`,
      ...(annotations ? { annotations } : {}),
    },
    spec: {
      repo: 'oca/test',
      targetBranch: 'main',
      commit: randomBytes(20).toString('hex'),
      ...(vars ? { templateVars: vars } : {}),
      ...spec,
    },
  } as RunboatBuild;
}

/** Creates a build; gives its name. */
export async function createBuild(namespace: string, options: BuildOptions = {}): Promise<string> {
  const build = buildObject(options);
  await (await cluster()).create(pathOf('build', namespace), build);
  return build.metadata.name ?? '';
}

export type StoredBuild = RunboatBuild & KubeObject;

/** Waits until the build is as wanted, and gives it. Throws on timeout with the build as it was last. */
export async function waitForBuild(
  namespace: string,
  name: string,
  wanted: (build: StoredBuild) => unknown,
  options: WaitOptions = {},
): Promise<StoredBuild> {
  let last: StoredBuild | undefined;
  return await waitFor(
    async () => {
      last = await read<StoredBuild>('build', namespace, name);
      return last && wanted(last) ? last : undefined;
    },
    {
      describe: () => [`build ${name} to be as wanted`, String(wanted), last?.spec, last?.status],
      ...options,
    },
  );
}

/** Waits until the build shows a phase. */
export function waitForPhase(
  namespace: string,
  name: string,
  phase: string,
  options: WaitOptions = {},
): Promise<StoredBuild> {
  return waitForBuild(namespace, name, ({ status }) => status?.phase === phase, {
    describe: `build ${name} to be ${phase}`,
    ...options,
  });
}

/** Waits until the build itself is gone. */
export async function waitForGone(namespace: string, name: string, options: WaitOptions = {}): Promise<void> {
  let last: StoredBuild | undefined;
  const gone = async () => {
    last = await read<StoredBuild>('build', namespace, name);
    return last === undefined;
  };
  await waitFor(gone, {
    describe: () => [`build ${name} to be gone`, last?.metadata, last?.status],
    ...options,
  });
}

export function condition(build: RunboatBuild, type: Condition['type']): Condition | undefined {
  return build.status?.conditions?.find((candidate) => candidate.type === type);
}

/** Events about one build, oldest first. */
export async function eventsOf(namespace: string, build: string): Promise<AnyObject[]> {
  const events = await list('event', namespace);
  return events.filter((event) => {
    const { kind, name } = (event as unknown as { involvedObject: { kind: string; name: string } })
      .involvedObject;
    return kind === 'RunboatBuild' && name === build;
  });
}

/** Waits until an Event about a build has a reason, and gives it. */
export async function waitForEvent(
  namespace: string,
  build: string,
  reason: string,
): Promise<{ reason: string; message: string; type: string }> {
  type Event = { reason: string; message: string; type: string };
  return await waitFor(
    async () =>
      ((await eventsOf(namespace, build)) as unknown as Event[]).find((event) => event.reason === reason),
    { describe: `Event ${reason} of build ${build}` },
  );
}

let listableKinds: Promise<string> | undefined;

/** Everything in a namespace that has the label of a build, of every kind that can be listed, as kind/name. */
export async function labelled(namespace: string, build: string): Promise<string[]> {
  listableKinds ??= kubectl(['api-resources', '--namespaced', '--verbs=list', '-o', 'name']).then((text) =>
    text.trim().split('\n').join(','),
  );
  const kinds = await listableKinds;
  const text = await kubectl(['get', kinds, '-n', namespace, '-l', `runboat/build=${build}`, '-o', 'name']);
  return text.split('\n').filter((line) => line !== '');
}
