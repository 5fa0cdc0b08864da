import { setTimeout as sleep } from 'node:timers/promises';
import { OPERATOR_LEASE } from '../../crds/constants.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { isConflict, isNotFound } from '../../lib/kube/errors.js';
import { resourcePath } from '../../lib/kube/paths.js';
import type { Lease } from '../../lib/kube/types.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import { isNamespaceTerminating } from '../cluster/apply.js';
import type { Grant, GrantStore } from '../grants.js';
import { type LeaseRecord, readLease, writeLease } from './lease-record.js';

/** All in milliseconds. */
export interface ElectionTimes {
  /** How long others wait after the last renewal that they saw. */
  readonly duration: number;
  readonly renewEvery: number;
  /** Pause between looks of a candidate, and after a renewal that failed. */
  readonly retryEvery: number;
  /** Before the end of the Lease nothing is sent any more, for clocks that do not run alike. */
  readonly margin: number;
}

/** Times in the proportions in which a failover takes little longer than the Lease lasts. */
export function electionTimes(duration: number): ElectionTimes {
  return { duration, renewEvery: duration / 4, retryEvery: duration / 12, margin: duration / 8 };
}

/** A write was about to be sent by an operator that does not lead (any more). */
export class NotLeader extends Error {
  constructor() {
    super('this operator does not hold the Lease, so it writes nothing');
    this.name = 'NotLeader';
  }
}

export interface LeadershipOptions {
  /** A client whose writes are not guarded by this very leadership. */
  readonly client: KubeClient;
  readonly namespace: string;
  /** Unique for each process. */
  readonly identity: string;
  readonly log: Logger;
  readonly times: ElectionTimes;
}

/**
 * Who of several operators works, and what it has granted. Both are in one Lease, each write of which names the
 * version it replaces: a takeover changes that version, so a grant of the former leader is refused. Local time
 * is only used for durations, from a clock that goes on while the process is stopped.
 */
export class Leadership implements GrantStore {
  private readonly path: string;
  private readonly collection: string;
  private readonly times: ElectionTimes;
  private readonly grants = new Map<string, Grant>();
  private readonly storing = new Set<string>();
  private record: LeaseRecord | undefined;
  private validUntil = 0;
  private succeeds = false;
  private hasTried = false;
  private writing: Promise<void> = Promise.resolve();
  private ended = new AbortController();
  private refusal = '';

  constructor(private readonly options: LeadershipOptions) {
    const { namespace } = options;
    this.times = options.times;
    this.collection = resourcePath({
      group: 'coordination.k8s.io',
      version: 'v1',
      plural: 'leases',
      namespace,
    });
    this.path = `${this.collection}/${OPERATOR_LEASE}`;
  }

  /** Aborted when this operator leads no more. */
  get lost(): AbortSignal {
    return this.ended.signal;
  }

  /**
   * Whether somebody led before who had not given the Lease up, be it this very process: what he has sent may still
   * arrive. Known once this operator leads.
   */
  get inheritsRequests(): boolean {
    return this.succeeds;
  }

  /** Whether a request may be handed to a connection now. */
  isValid(): boolean {
    return !this.ended.signal.aborted && performance.now() < this.validUntil;
  }

  /** Throws NotLeader when a write must not be sent any more. */
  assertValid(): void {
    if (!this.isValid()) throw new NotLeader();
  }

  /** Resolves when this operator leads; the grants of its predecessor are its own then. Throws when aborted. */
  async acquire(signal: AbortSignal): Promise<void> {
    let seen: LeaseRecord | undefined;
    let since = 0;
    let told = '';
    for (;;) {
      signal.throwIfAborted();
      const record = await this.look();
      if (record === null) {
        await sleep(this.times.retryEvery, undefined, { signal });
        continue;
      }
      if (record?.resourceVersion !== seen?.resourceVersion) since = performance.now();
      seen = record;
      const own = record?.holder === this.options.identity;
      const free = own || !record || record.holder === '' || performance.now() - since > record.duration;
      if (free && (await this.take(record))) break;
      if (record && record.holder !== told) {
        told = record.holder;
        this.options.log.info({ holder: told }, 'Another operator leads; waiting for the Lease');
      }
      await sleep(this.times.retryEvery, undefined, { signal });
    }
    void this.renewForEver();
  }

  /** Gives the Lease up at once, for a successor that need not wait; grants stay with it. */
  async release(): Promise<void> {
    if (!this.isValid()) return this.end();
    try {
      await this.enqueue(async () => {
        await this.put('');
      });
    } catch (error) {
      this.options.log.warn({ err: error }, 'The Lease could not be released; it runs out by itself');
    }
    this.end();
  }

  /** Leads no more, and lets the Lease run out by itself. */
  abandon(): void {
    this.options.log.info(
      {},
      'The Lease is left to run out, because a write without an answer may still arrive',
    );
    this.end();
  }

  get(uid: string): Grant | undefined {
    return this.storing.has(uid) ? undefined : this.grants.get(uid);
  }

  all(): Iterable<Grant> {
    return this.grants.values();
  }

  /** One write for all; when it cannot be told whether it was carried out, it is read and written again. */
  async add(grants: readonly Grant[]): Promise<void> {
    // They count from now on, but nobody may act on them before they are stored.
    for (const grant of grants) {
      this.grants.set(grant.uid, grant);
      this.storing.add(grant.uid);
    }
    try {
      await this.enqueue(() => this.write());
    } finally {
      for (const { uid } of grants) this.storing.delete(uid);
    }
  }

  /** Leaves the Lease with its next write. */
  drop(uid: string): void {
    this.grants.delete(uid);
  }

  /** Undefined: there is no Lease. Null: it cannot be told. */
  private async look(): Promise<LeaseRecord | undefined | null> {
    try {
      return readLease(await this.options.client.get<Lease>(this.path));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      this.options.log.warn({ err: error }, 'The Lease cannot be read; trying again');
      return null;
    }
  }

  private async take(record: LeaseRecord | undefined): Promise<boolean> {
    this.record = record;
    // The answer to an earlier try was lost; before the first one, an own name is that of a former leadership.
    const isTaken = this.hasTried && record?.holder === this.options.identity;
    if (!isTaken) this.succeeds = record !== undefined && record.holder !== '';
    this.hasTried = true;
    this.grants.clear();
    for (const grant of record?.grants ?? []) this.grants.set(grant.uid, grant);
    try {
      await this.put(this.options.identity, record);
      this.options.log.info(
        { identity: this.options.identity, grants: this.grants.size },
        'This operator leads',
      );
      return true;
    } catch (error) {
      this.tellRefusal(error);
      return false;
    }
  }

  /** Another candidate may have been quicker; anything else is for people, once and not at every try. */
  private tellRefusal(error: unknown): void {
    const { log } = this.options;
    const why = error instanceof Error ? error.message : String(error);
    const isNews = !isConflict(error) && why !== this.refusal;
    log[isNews ? 'warn' : 'debug']({ err: error }, 'The Lease was not taken; trying again');
    this.refusal = why;
  }

  private async renewForEver(): Promise<void> {
    while (!this.ended.signal.aborted) {
      await sleep(this.renewalDueIn(), undefined, { signal: this.ended.signal }).catch(() => undefined);
      if (this.ended.signal.aborted) return;
      // A grant was written meanwhile, and that renewed the Lease.
      if (this.renewalDueIn() > 0) continue;
      await this.enqueue(() => this.write()).catch((error: unknown) => {
        this.options.log.warn({ err: error }, 'The Lease was lost');
      });
    }
  }

  private renewalDueIn(): number {
    const { duration, margin, renewEvery } = this.times;
    const renewedAt = this.validUntil - duration + margin;
    return Math.max(0, renewedAt + renewEvery - performance.now());
  }

  /** One write after another, so that each knows the version that it replaces. */
  private enqueue(write: () => Promise<void>): Promise<void> {
    const run = this.writing.then(write);
    this.writing = run.catch(() => undefined);
    return run;
  }

  /** Writes until it is answered; throws NotLeader and ends the leadership when another one holds the Lease. */
  private async write(): Promise<void> {
    for (;;) {
      if (!this.isValid()) {
        this.end();
        throw new NotLeader();
      }
      try {
        return await this.put(this.options.identity);
      } catch (error) {
        if (!isConflict(error))
          this.options.log.debug({ err: error }, 'The Lease was not renewed; trying again');
        await this.catchUp();
      }
    }
  }

  /** After a refusal or a lost answer: whose Lease is it, and at which version. */
  private async catchUp(): Promise<void> {
    const record = await this.look();
    if (record === null) {
      await sleep(this.times.retryEvery / 4);
      return;
    }
    if (record?.holder === this.options.identity) {
      this.record = record;
      return;
    }
    this.end();
    throw new NotLeader();
  }

  private async put(holder: string, replaced: LeaseRecord | undefined = this.record): Promise<void> {
    const { client, namespace, identity } = this.options;
    const { duration, margin } = this.times;
    const takes = replaced?.holder !== identity && holder === identity;
    const now = new Date().toISOString().replace('Z', '000Z');
    const begun = performance.now();
    const body = writeLease({
      name: OPERATOR_LEASE,
      namespace,
      ...(replaced ? { replaces: replaced } : {}),
      holder,
      duration,
      transitions: (replaced?.transitions ?? 0) + (takes ? 1 : 0),
      acquireTime: takes ? now : (replaced?.acquireTime ?? now),
      renewTime: now,
      grants: this.grants.values(),
    });
    // A renewal that hangs longer than a candidate waits is of no use.
    const timeoutMs = Math.min(5_000, duration / 2);
    try {
      const lease = replaced
        ? await client.replace<Lease>(this.path, body, { timeoutMs })
        : await client.create<Lease>(this.collection, body, { timeoutMs });
      this.record = readLease(lease);
    } catch (error) {
      // In a namespace that is being deleted no Lease can be made, but no job either, so no limit can be
      // exceeded; and without a leader the builds' finalizers would keep the namespace for ever.
      if (replaced || !isNamespaceTerminating(error)) throw error;
    }
    this.validUntil = begun + duration - margin;
  }

  private end(): void {
    this.ended.abort(new NotLeader());
  }
}
