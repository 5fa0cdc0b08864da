import { ANNOTATION_BUILD_UID, LABEL_BUILD } from '../../crds/constants.js';
import type { KubeClient, Unparsed } from '../../lib/kube/client.js';
import {
  ApiError,
  isConflict,
  isForbidden,
  isNotFound,
  isSchemaRefusal,
  isWebhookRefusal,
  mayHaveHappened,
} from '../../lib/kube/errors.js';
import type { KubeObject } from '../../lib/kube/types.js';
import type { BuildView } from '../plan/observed.js';
import type { KubeResource } from '../render/types.js';
import { BuildRefused } from '../settings.js';
import type { KindTable } from './kinds.js';

/** Something is still being deleted or changed meanwhile: look again soon, nothing is wrong. */
export class NotYet extends Error {
  constructor(
    message: string,
    /** What is there instead, for the cache that did not know it. */
    readonly existing?: KubeObject,
  ) {
    super(message);
    this.name = 'NotYet';
  }
}

/** Whether what was to be made may have been made although nobody said so. */
export function isLost(error: unknown): boolean {
  return !(error instanceof BuildRefused || error instanceof NotYet) && mayHaveHappened(error);
}

export interface ApplyContext {
  readonly client: KubeClient;
  readonly kinds: KindTable;
}

/** An object that was seen to be ours. */
export interface KnownObject {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Whether an object belongs to this very build: label and UID, or it is somebody else's. */
export function isOurs(object: KubeObject, build: BuildView): boolean {
  const { labels, annotations } = object.metadata;
  return (
    labels?.[LABEL_BUILD] === build.metadata.name &&
    annotations?.[ANNOTATION_BUILD_UID] === build.metadata.uid
  );
}

/** How the API server's refusal reads to the person whose build it is. */
export function describe(resource: { kind: string; metadata: { name: string } }): string {
  return `${resource.kind} ${resource.metadata.name}`;
}

/**
 * Creates or updates one resource of a build, as field manager `runboat`. One that is `known` as ours is applied
 * at once; else it is created where the name is free. An existing object is only touched when it is ours. Throws
 * BuildRefused when the user has to do something, NotYet when it is being deleted, a conflict when a Deployment
 * has changed meanwhile.
 */
export async function applyResource(
  context: ApplyContext,
  build: BuildView,
  resource: KubeResource,
  known: KnownObject | undefined,
): Promise<Unparsed<KubeObject>> {
  const path = context.kinds.pathOf(resource, build.metadata.namespace);
  try {
    if (known) {
      const updated = await applyKnown(context, path, resource, known);
      if (updated) return updated;
    }
    const created = await applyNew(context, path, resource);
    if (created) return created;
    return await applyExisting(context, build, path, resource);
  } catch (error) {
    throw asRefusal(error, resource);
  }
}

async function applyKnown(context: ApplyContext, path: string, resource: KubeResource, known: KnownObject) {
  const { uid, resourceVersion } = known;
  // A Deployment carries the state of its build, which must not go back to what it was.
  const preconditions = resource.kind === 'Deployment' ? { uid, resourceVersion } : { uid };
  const body = { ...resource, metadata: { ...resource.metadata, ...preconditions } };
  try {
    return await context.client.apply<KubeObject>(path, body, { force: true });
  } catch (error) {
    if (resource.kind === 'Deployment' && isConflict(error)) throw error;
    // The UID is another one, or there is no object: found out by the steps that follow.
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * An apply with resourceVersion "1" creates an object where there is none and is refused with 409 where there
 * is one, because no object has that version. A POST would leave fields that later applies cannot remove.
 */
async function applyNew(context: ApplyContext, path: string, resource: KubeResource) {
  const body = { ...resource, metadata: { ...resource.metadata, resourceVersion: '1' } };
  try {
    return await context.client.apply<KubeObject>(path, body);
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

async function applyExisting(context: ApplyContext, build: BuildView, path: string, resource: KubeResource) {
  const existing = await readIfThere(context.client, path);
  if (!existing) throw new NotYet(`${describe(resource)} vanished while it was applied`);
  if (!isOurs(existing, build)) throw new BuildRefused(collision(resource));
  if (existing.metadata.deletionTimestamp) throw new NotYet(`${describe(resource)} is still being deleted`);
  // It is applied last and carries the state in force, which is to be looked at before it is changed.
  if (resource.kind === 'Deployment') throw new NotYet('the Deployment is there already', existing);
  const updated = await applyKnown(context, path, resource, existing.metadata);
  if (!updated) throw new NotYet(`${describe(resource)} was replaced while it was applied`);
  return updated;
}

/** A consistent read of one object; undefined when there is none. */
export async function readIfThere(client: KubeClient, path: string): Promise<KubeObject | undefined> {
  try {
    return await client.get<KubeObject>(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function collision(resource: KubeResource) {
  const message =
    `${describe(resource)} exists already and does not belong to this build, so it is left alone. ` +
    'Rename or remove it, or change the name in the bundle.';
  return { reason: 'NameCollision', message };
}

/** The namespace is going away: nothing new can be made in it. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const causes = error.details?.causes ?? [];
  return causes.some(({ reason }) => reason === 'NamespaceTerminating');
}

/**
 * Whether nothing can be made in the namespace any more. It is asked with a dry run of what the operator may do
 * anyway, because the namespace itself it may not be allowed to read; that the job is not valid is seen later.
 */
export async function namespaceTerminates(client: KubeClient, jobs: string): Promise<boolean> {
  const probe = { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'probe-' } };
  try {
    await client.create(jobs, probe, { dryRun: true });
    return false;
  } catch (error) {
    if (error instanceof ApiError) return isNamespaceTerminating(error);
    throw error;
  }
}

/** The API server looked at a change and will not have it, whoever asks again; a quota is not meant. */
function asRefusal(error: unknown, resource: KubeResource): unknown {
  if (!(error instanceof ApiError) || isNamespaceTerminating(error)) return error;
  const said = error.serverMessage;
  if (isForbidden(error) && !isAdmissionRefusal(error)) return forbidden(error, resource);
  const isRefused = [400, 403, 413, 422].includes(error.status) || isSchemaRefusal(error);
  if (!isRefused && !isWebhookRefusal(error)) return error;
  const message = `The API server refuses ${describe(resource)}: ${said}. Correct the bundle or its variables, the quota or the admission webhook.`;
  return new BuildRefused({ reason: 'ApplyRefused', message }, { cause: error });
}

/** The operator lacks a right; the API server's sentence names verb and resource. */
export function forbidden(error: ApiError, resource: KubeResource): BuildRefused {
  const message = `The operator may not write ${describe(resource)}: ${error.serverMessage}. Grant the right to its service account.`;
  return new BuildRefused({ reason: 'Forbidden', message });
}

/** An answer that the operator lacks a right, whatever it wanted, as a refusal; any other error as it is. */
export function asDenied(error: unknown): unknown {
  if (!isForbidden(error) || isAdmissionRefusal(error)) return error;
  const message = `The operator lacks a right: ${error.serverMessage}. Grant it to its service account.`;
  return new BuildRefused({ reason: 'Forbidden', message });
}

/** A 403 of an admission plugin or webhook (quota, pod security), not of authorization. */
export function isAdmissionRefusal(error: ApiError): boolean {
  return !/\bcannot (create|patch|update|delete|get|list|watch)\b.* in API group/.test(error.serverMessage);
}

/**
 * Whether it is the change that the API server refuses, and not the resource: the same could be made under a name that
 * is free. That is asked with a dry run, because each kind says in words of its own what cannot change. Where the
 * answer is about something else, such as a quota that the old object uses up, the words have to do.
 */
export async function isChangeRefusal(
  context: ApplyContext,
  namespace: string,
  resource: KubeResource,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof BuildRefused) || error.verdict.reason !== 'ApplyRefused') return false;
  const path = context.kinds.pathOf(resource, namespace);
  const { name: _, ...metadata } = resource.metadata;
  const other = { ...resource, metadata: { ...metadata, generateName: 'runboat-' } };
  try {
    await context.client.create(path.slice(0, path.lastIndexOf('/')), other, { dryRun: true });
    return true;
  } catch (refusal) {
    if (!(refusal instanceof ApiError) || mayHaveHappened(refusal)) throw refusal;
    return refusal.status !== 422 && saysImmutable(error.cause, resource);
  }
}

function saysImmutable(error: unknown, { metadata }: KubeResource): boolean {
  if (!(error instanceof ApiError)) return false;
  const said = error.serverMessage.replaceAll(metadata.name, '');
  return /immutable|may not (be changed|change)|cannot be changed|cannot change/i.test(said);
}
