import fc from 'fast-check';
import {
  ANNOTATION_PAUSED,
  ANNOTATION_SKIP_CLEANUP,
  API_GROUP_VERSION,
  BUILD_KIND,
  LABEL_BUILD,
  LABEL_JOB_KIND,
} from '../../../../crds/constants.js';
import type { KubeObject } from '../../../../lib/kube/types.js';
import { byHand } from './invariants.js';
import type { Propagation, World, WorldObject } from './world.js';

/**
 * What people and programs do to builds, each after some milliseconds. `build` picks the name of a new build, or one
 * of those that there are.
 */
export type UserEvent = { readonly after: number; readonly build: number } & (
  | { readonly type: 'create'; readonly branch: number; readonly pr: boolean; readonly spec: object }
  | { readonly type: 'delete'; readonly policy: Propagation }
  | { readonly type: 'edit'; readonly spec: object }
  | { readonly type: 'reset' }
  | { readonly type: 'annotate'; readonly key: string; readonly value: string | null }
  | { readonly type: 'deleteOwned'; readonly plural: string; readonly policy: Propagation }
  | { readonly type: 'scaleDeployment'; readonly replicas: number }
  | { readonly type: 'takeFinalizer' }
  | { readonly type: 'abandon' }
  | { readonly type: 'limits'; readonly limits: object }
  | { readonly type: 'bundle'; readonly broken: boolean }
  | { readonly type: 'quota'; readonly full: boolean }
  | { readonly type: 'killOperator' }
);

/** Names are few, so that they are used again. */
export const names = ['a', 'b', 'c', 'd', 'e', 'f'];

const policy = fc.constantFrom<Propagation>('Foreground', 'Background', 'Orphan');
const moment = {
  after: fc.oneof(fc.nat(200), fc.nat(4_000), fc.nat(40_000)),
  build: fc.nat(names.length - 1),
};
const change = fc.record(
  {
    replicas: fc.constantFrom(0, 1, 1),
    keep: fc.boolean(),
    priority: fc.nat(2),
    image: fc.constantFrom('one', 'two'),
  },
  { requiredKeys: [] },
);
const limits = fc.record(
  {
    initializing: fc.nat(3),
    started: fc.nat(3),
    deployed: fc.nat(5),
    cleaning: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
);
const annotation = fc.constantFrom<{ key: string; value: string | null }>(
  { key: ANNOTATION_PAUSED, value: 'true' },
  { key: ANNOTATION_PAUSED, value: null },
  { key: ANNOTATION_SKIP_CLEANUP, value: 'true' },
);

const create = fc.record({
  ...moment,
  type: fc.constant('create' as const),
  branch: fc.nat(1),
  pr: fc.boolean(),
  spec: change,
});

export const userEvent: fc.Arbitrary<UserEvent> = fc.oneof(
  { weight: 6, arbitrary: create },
  { weight: 2, arbitrary: fc.record({ ...moment, type: fc.constant('delete' as const), policy }) },
  { weight: 6, arbitrary: fc.record({ ...moment, type: fc.constant('edit' as const), spec: change }) },
  { weight: 3, arbitrary: fc.record({ ...moment, type: fc.constant('reset' as const) }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.record(moment), annotation)
      .map(([when, what]) => ({ ...when, type: 'annotate' as const, ...what })),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...moment,
      type: fc.constant('deleteOwned' as const),
      plural: fc.constantFrom('deployments', 'jobs', 'pods', 'replicasets', 'configmaps', 'secrets'),
      policy,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ...moment, type: fc.constant('scaleDeployment' as const), replicas: fc.nat(1) }),
  },
  { weight: 1, arbitrary: fc.record({ ...moment, type: fc.constant('takeFinalizer' as const) }) },
  { weight: 1, arbitrary: fc.record({ ...moment, type: fc.constant('abandon' as const) }) },
  { weight: 2, arbitrary: fc.record({ ...moment, type: fc.constant('limits' as const), limits }) },
  {
    weight: 1,
    arbitrary: fc.record({ ...moment, type: fc.constant('bundle' as const), broken: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ ...moment, type: fc.constant('quota' as const), full: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...moment, type: fc.constant('killOperator' as const) }) },
);

/** Builds come, start and go all the time. */
export const restlessEvent: fc.Arbitrary<UserEvent> = fc.oneof(
  { weight: 3, arbitrary: create },
  { weight: 1, arbitrary: fc.record({ ...moment, type: fc.constant('delete' as const), policy }) },
  {
    weight: 6,
    arbitrary: fc.record({
      ...moment,
      type: fc.constant('edit' as const),
      spec: fc.record({ replicas: fc.constantFrom(0, 1, 1) }),
    }),
  },
);

/** Builds come and go, are paused for a while or reset. */
export const hastyEvent: fc.Arbitrary<UserEvent> = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 3, arbitrary: fc.record({ ...moment, type: fc.constant('delete' as const), policy }) },
  { weight: 1, arbitrary: fc.record({ ...moment, type: fc.constant('reset' as const) }) },
  { weight: 1, arbitrary: fc.record({ ...moment, type: fc.constant('killOperator' as const) }) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.record(moment), fc.constantFrom('true', null)).map(([when, value]) => ({
      ...when,
      type: 'annotate' as const,
      key: ANNOTATION_PAUSED,
      value,
    })),
  },
);

/** Carries out what happens to objects; the rest concerns the operator and is done where it is started. */
export function happen(world: World, event: UserEvent): void {
  const name = nameOf(world, event);
  const key = `runboatbuilds/${name}`;
  if (event.type === 'create' && !world.get(key)) world.create('runboatbuilds', newBuild(name, event));
  world.update(key, (build) => edited(build, event));
  if (event.type === 'delete' && world.get(key)) world.delete(key, event.policy);
  // A finalizer taken away while the object is deleted, as impatient people do.
  if (event.type === 'abandon' && world.get(key)) world.delete(key, 'Background');
  if (event.type === 'deleteOwned') deleteOwned(world, name, event.plural, event.policy);
  if (event.type !== 'scaleDeployment') return;
  world.update(`deployments/${name}-web`, (deployment) => ({
    ...annotated(deployment, byHand, 'yes'),
    spec: { ...(deployment['spec'] as object), replicas: event.replicas },
  }));
}

function nameOf(world: World, { type, build }: UserEvent): string {
  const builds = world.list('runboatbuilds');
  const existing = builds[build % Math.max(1, builds.length)]?.metadata.name ?? '';
  return type === 'create' ? (names[build] ?? '') : existing;
}

function edited(build: WorldObject, event: UserEvent): WorldObject {
  const spec = build['spec'] as object;
  switch (event.type) {
    case 'edit':
      return { ...build, spec: { ...spec, ...event.spec } };
    case 'reset':
      return { ...build, spec: { ...spec, resetRequestedAt: new Date().toISOString() } };
    case 'annotate':
      return annotated(build, event.key, event.value);
    case 'abandon':
    case 'takeFinalizer':
      return { ...build, metadata: { ...build.metadata, finalizers: [] } };
    default:
      return build;
  }
}

function newBuild(name: string, { branch, pr, spec, build }: UserEvent & { type: 'create' }): KubeObject {
  const commit = name.charCodeAt(0).toString(16).repeat(20);
  const identity = {
    repo: 'oca/one',
    targetBranch: `1${branch}.0`,
    commit,
    ...(pr ? { pr: build + 1 } : {}),
  };
  const object = {
    apiVersion: API_GROUP_VERSION,
    kind: BUILD_KIND,
    metadata: { name },
    spec: { ...identity, ...spec },
  };
  return object as unknown as KubeObject;
}

export function annotated(build: WorldObject, key: string, value: string | null): WorldObject {
  const { [key]: _, ...others } = build.metadata.annotations ?? {};
  const annotations = value === null ? others : { ...others, [key]: value };
  return { ...build, metadata: { ...build.metadata, annotations } };
}

function deleteOwned(world: World, build: string, plural: string, propagation: Propagation): void {
  const owned = world.list(plural).filter(({ metadata }) => metadata.labels?.[LABEL_BUILD] === build);
  // A user who deletes a job means the initialisation, which is also there longest.
  const [first] = owned.sort((a, b) => rank(a) - rank(b));
  if (first) world.delete(`${plural}/${first.metadata.name}`, propagation);
}

function rank({ metadata }: WorldObject): number {
  return metadata.labels?.[LABEL_JOB_KIND] === 'cleanup' ? 1 : 0;
}
