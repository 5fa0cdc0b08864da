import type { Lease, ObjectMeta } from '../../lib/kube/types.js';
import type { Grant } from '../grants.js';

/** Grants on the Lease: a JSON object from build UID to attempt. */
export const ANNOTATION_GRANTS = 'runboat.dev/grants';

/** What the election needs of a Lease. */
export interface LeaseRecord {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Empty when released. */
  readonly holder: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly transitions: number;
  readonly acquireTime: string | undefined;
  readonly grants: readonly Grant[];
}

export function readLease(lease: Lease): LeaseRecord {
  const { metadata, spec = {} } = lease;
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    holder: spec.holderIdentity ?? '',
    duration: (spec.leaseDurationSeconds ?? 0) * 1000,
    transitions: spec.leaseTransitions ?? 0,
    acquireTime: spec.acquireTime,
    grants: parseGrants(metadata.annotations?.[ANNOTATION_GRANTS]),
  };
}

/** What cannot be read is no grant: the jobs that exist then tell what runs. */
function parseGrants(text: string | undefined): Grant[] {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return [];
    return Object.entries(parsed).flatMap(([uid, attempt]) =>
      Number.isSafeInteger(attempt) && attempt > 0 ? [{ uid, attempt }] : [],
    );
  } catch {
    return [];
  }
}

export interface LeaseWrite {
  readonly name: string;
  readonly namespace: string;
  /** Of the Lease that is replaced; absent to create one. */
  readonly replaces?: LeaseRecord;
  readonly holder: string;
  readonly duration: number;
  readonly transitions: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly grants: Iterable<Grant>;
}

/** The whole Lease as it is created or put; with the version it replaces, so that only one of two writers wins. */
export function writeLease(write: LeaseWrite): Omit<Lease, 'metadata'> & { metadata: Partial<ObjectMeta> } {
  const { name, namespace, replaces, holder, duration, transitions, acquireTime, renewTime } = write;
  const grants = Object.fromEntries([...write.grants].map(({ uid, attempt }) => [uid, attempt]));
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      annotations: { [ANNOTATION_GRANTS]: JSON.stringify(grants) },
      ...(replaces ? { uid: replaces.uid, resourceVersion: replaces.resourceVersion } : {}),
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(duration / 1000),
      acquireTime,
      renewTime,
      leaseTransitions: transitions,
    },
  };
}
