import { ApiError } from '../../../../lib/kube/errors.js';
import type { KubeObject, ObjectMeta } from '../../../../lib/kube/types.js';

export interface OwnerReference {
  readonly uid: string;
  readonly kind: string;
  readonly name: string;
}

/** An object as it is stored; it is never changed, only replaced. */
export interface WorldObject extends KubeObject {
  metadata: ObjectMeta & { ownerReferences?: OwnerReference[] };
}

export interface WorldChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Plural of the kind. */
  readonly plural: string;
  readonly object: WorldObject;
}

export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export type Propagation = 'Foreground' | 'Background' | 'Orphan';

const foreground = 'foregroundDeletion';

/**
 * What the API server does with objects of one namespace, as far as this project relies on it: versions,
 * preconditions, merge patches, server-side apply of one manager, finalizers, graceful deletion of pods.
 * Keys are `plural/name`. What deletion entails for dependents is done by the simulated controllers.
 */
export class World {
  private readonly objects = new Map<string, WorldObject>();
  private readonly applied = new Map<string, ReadonlySet<string>>();
  private readonly listeners: ((change: WorldChange) => void)[] = [];
  private version = 100;
  private uids = 0;

  /** Called synchronously after every change. */
  onChange(listener: (change: WorldChange) => void): void {
    this.listeners.push(listener);
  }

  get resourceVersion(): string {
    return String(this.version);
  }

  get(key: string): WorldObject | undefined {
    return this.objects.get(key);
  }

  list(plural: string): WorldObject[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
  }

  entries(): IterableIterator<[string, WorldObject]> {
    return this.objects.entries();
  }

  /** Everything as it is; calling the answer makes it so again, as a restore of etcd does, without any event. */
  snapshot(): () => void {
    const { version } = this;
    const objects = [...this.objects];
    return () => {
      this.version = version;
      this.objects.clear();
      for (const [key, object] of objects) this.objects.set(key, object);
    };
  }

  create(plural: string, body: KubeObject): WorldObject {
    const key = `${plural}/${body.metadata.name}`;
    if (this.objects.has(key)) throw refusal(409, 'AlreadyExists', `${key} already exists`, key);
    const { resourceVersion: _, ...metadata } = copy(body).metadata;
    const identity = { namespace: 'builds', uid: `uid-${++this.uids}`, creationTimestamp: instant() };
    const object = { ...copy(body), metadata: { ...metadata, ...identity, generation: 1 } };
    return this.store('ADDED', key, object as unknown as WorldObject);
  }

  /** RFC 7386; of the main resource without status, of the subresource only that. */
  mergePatch(key: string, body: KubeObject, subresource?: string): WorldObject {
    const before = this.expect(key);
    const { uid, resourceVersion, ...metadata } = body.metadata ?? {};
    this.check(key, before, { uid, resourceVersion });
    if (subresource === 'status')
      return this.put(key, { ...before, status: merge(before['status'], body['status']) as never });
    const { status: _, ...rest } = body;
    return this.put(key, merge(before, { ...rest, metadata }) as WorldObject);
  }

  /** Of the one field manager: labels and annotations that it applied before and does not now are removed. */
  apply(key: string, body: KubeObject): WorldObject {
    const { uid, resourceVersion, ...metadata } = body.metadata;
    const before = this.objects.get(key);
    if (!before) {
      if (uid !== undefined) throw refusal(409, 'Conflict', `${key} does not exist with that uid`, key);
      const [plural = ''] = key.split('/');
      const created = this.create(plural, { ...body, metadata: metadata as ObjectMeta });
      this.applied.set(created.metadata.uid, appliedFields(body));
      return created;
    }
    this.check(key, before, { uid, resourceVersion });
    const fields = appliedFields(body);
    const merged = merge(before, {
      ...body,
      metadata: { ...metadata, finalizers: undefined },
    }) as WorldObject;
    const own = body.metadata.finalizers ?? [];
    const finalizers = [...new Set([...(before.metadata.finalizers ?? []), ...own])];
    const after = copy({ ...merged, metadata: { ...merged.metadata, finalizers } });
    for (const field of this.applied.get(before.metadata.uid) ?? [])
      if (!fields.has(field)) dropField(after, field);
    this.applied.set(before.metadata.uid, fields);
    return this.put(key, after);
  }

  /** Undefined when the object is gone at once. */
  delete(key: string, policy: Propagation, preconditions: Preconditions = {}): WorldObject | undefined {
    const before = this.expect(key);
    this.check(key, before, preconditions);
    if (policy === 'Orphan') this.orphan(before);
    const kept = (before.metadata.finalizers ?? []).filter((finalizer) => finalizer !== foreground);
    const finalizers = policy === 'Foreground' ? [...kept, foreground] : kept;
    const isPod = key.startsWith('pods/') && !isFinished(before);
    const { generation = 1 } = before.metadata;
    const marks = before.metadata.deletionTimestamp
      ? {}
      : { deletionTimestamp: instant(), generation: generation + 1 };
    const grace = isPod ? { deletionGracePeriodSeconds: 30 } : {};
    const metadata = { ...before.metadata, finalizers, ...marks, ...grace };
    if (isPod || finalizers.length > 0) return this.put(key, { ...before, metadata });
    this.remove(key);
    return undefined;
  }

  remove(key: string): void {
    const object = this.expect(key);
    this.objects.delete(key);
    this.version++;
    const metadata = { ...object.metadata, resourceVersion: this.resourceVersion };
    this.emit('DELETED', key, { ...object, metadata });
  }

  /** What the simulated controllers and users change, without preconditions. */
  update(key: string, change: (object: WorldObject) => WorldObject): void {
    const object = this.objects.get(key);
    if (object) this.put(key, change(copy(object)));
  }

  private orphan({ metadata }: WorldObject): void {
    for (const [key, object] of [...this.objects]) {
      if (!isOwnedBy(object, metadata.uid)) continue;
      this.put(key, { ...object, metadata: { ...object.metadata, ownerReferences: [] } });
    }
  }

  private expect(key: string): WorldObject {
    const object = this.objects.get(key);
    if (!object) throw refusal(404, 'NotFound', `${key} not found`, key);
    return object;
  }

  private check(key: string, object: WorldObject, { uid, resourceVersion }: Preconditions): void {
    const isOther = uid !== undefined && uid !== object.metadata.uid;
    const isChanged = resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion;
    if (isOther || isChanged) throw refusal(409, 'Conflict', `${key} is another one or has changed`, key);
  }

  private put(key: string, wanted: WorldObject): WorldObject {
    const before = this.expect(key);
    const after = copy(wanted);
    if (after.metadata.finalizers?.length === 0) delete after.metadata.finalizers;
    if (JSON.stringify(sorted(after)) === JSON.stringify(sorted(before))) return before;
    const hasNewSpec = JSON.stringify(sorted(after['spec'])) !== JSON.stringify(sorted(before['spec']));
    if (hasNewSpec) after.metadata.generation = (before.metadata.generation ?? 1) + 1;
    const stored = this.store('MODIFIED', key, after);
    const isFinal = stored.metadata.deletionTimestamp && !stored.metadata.finalizers?.length;
    if (isFinal && (!key.startsWith('pods/') || isFinished(stored))) this.remove(key);
    return stored;
  }

  private store(type: 'ADDED' | 'MODIFIED', key: string, object: WorldObject): WorldObject {
    this.version++;
    object.metadata.resourceVersion = this.resourceVersion;
    this.objects.set(key, object);
    this.emit(type, key, object);
    return object;
  }

  private emit(type: WorldChange['type'], key: string, object: WorldObject): void {
    const plural = key.slice(0, key.indexOf('/'));
    for (const listener of this.listeners) listener({ type, plural, object });
  }
}

export function isOwnedBy(object: WorldObject, uid: string): boolean {
  return (object.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid);
}

/** Of pods. */
export function isFinished(object: KubeObject): boolean {
  const phase = (object['status'] as { phase?: string } | undefined)?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

export function refusal(status: number, reason: string, serverMessage: string, key: string): ApiError {
  const details = { name: key.slice(key.indexOf('/') + 1) };
  return new ApiError({ method: 'MODEL', path: key, status, reason, serverMessage, details });
}

/** Kubernetes stores times in whole seconds. */
export function instant(): string {
  return new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

export function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function merge(target: unknown, patch: unknown): unknown {
  if (patch === undefined) return target;
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function appliedFields({ metadata }: KubeObject): ReadonlySet<string> {
  const labels = Object.keys(metadata.labels ?? {}).map((key) => `labels:${key}`);
  return new Set([...labels, ...Object.keys(metadata.annotations ?? {}).map((key) => `annotations:${key}`)]);
}

function dropField(object: WorldObject, field: string): void {
  const [map = '', key = ''] = field.split(/:(.*)/s);
  delete object.metadata[map as 'labels' | 'annotations']?.[key];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'resourceVersion' && key !== 'generation')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
