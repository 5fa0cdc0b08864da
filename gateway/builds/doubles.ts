import { isLivingBuildOf } from '../../crds/names.js';
import type { Informer } from '../../lib/kube/informer.js';
import { isNewer } from '../../lib/kube/resource-version.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import type { BuildRecord } from './build-record.js';
import type { BuildDirectory } from './directory.js';
import { holderOf, recordIdentity } from './identity.js';

export interface DoublesOptions {
  readonly informer: Pick<Informer<BuildRecord>, 'get' | 'onProgress'>;
  readonly directory: Pick<BuildDirectory, 'ofCommit'>;
  /** Reads a build live; undefined when there is none. */
  readonly read: (name: string) => Promise<BuildRecord | undefined>;
  /** Begins to undeploy exactly this build. */
  readonly remove: (record: BuildRecord) => Promise<void>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Of a watch that hears nothing no more than so many builds are remembered. */
const MAX_WAITING = 10_000;

/**
 * Undeploys what this gateway made twice. Whether there is a build of a commit is looked for in the watch, which may
 * be behind; once it has come to the creation of a build of ours it knows all that were there before, and when one of
 * them is of the same identity and lives, ours is one too many. Of two builds at most one is the younger, so never
 * both go. A request that fails is made again at the next bookmark.
 */
export class Doubles {
  /** As they were created, by UID, until the watch has come to them. */
  private readonly waiting = new Map<string, BuildRecord>();
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly options: DoublesOptions) {
    options.informer.onProgress(({ type, resourceVersion, object }) => {
      if (object === undefined) this.checkUpTo(resourceVersion);
      else if (type !== 'DELETED') this.check(object.uid);
    });
  }

  /** Tells of a build that was created, before its answer is taken into the cache. */
  created(record: BuildRecord): void {
    const { name, uid } = record.metadata;
    this.waiting.set(uid, record);
    const [oldest] = this.waiting.keys();
    if (this.waiting.size > MAX_WAITING && oldest !== undefined) this.waiting.delete(oldest);
    // Its event was faster than the answer.
    if (this.options.informer.get(name)?.metadata.uid === uid) this.check(uid);
  }

  /** Resolves when no request is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.running);
  }

  private checkUpTo(resourceVersion: string): void {
    for (const [uid, { metadata }] of this.waiting) {
      if (!isNewer(metadata.resourceVersion, resourceVersion)) this.check(uid);
    }
  }

  private check(uid: string): void {
    const own = this.waiting.get(uid);
    if (own === undefined) return;
    this.waiting.delete(uid);
    const older = this.olderThan(own);
    if (older === undefined) return;
    const run: Promise<void> = this.removeUnlessAlone(own, older).finally(() => this.running.delete(run));
    this.running.add(run);
  }

  private olderThan(own: BuildRecord): BuildRecord | undefined {
    const identity = recordIdentity(own);
    return this.options.directory
      .ofCommit(identity.commit)
      .find((other) => isLivingBuildOf(identity, holderOf(other)) && isOlder(other, own));
  }

  private async removeUnlessAlone(own: BuildRecord, older: BuildRecord): Promise<void> {
    const { read, remove, log } = this.options;
    const fields = { build: own.metadata.name, older: older.metadata.name };
    try {
      const live = await read(older.metadata.name);
      const isThere = live?.metadata.uid === older.metadata.uid && !live.deleting;
      if (!isThere) return;
      await remove(own);
      log.info(fields, 'A build is undeployed, because an older one of its commit was found');
    } catch (error) {
      this.waiting.set(own.metadata.uid, own);
      log.warn({ ...fields, err: error }, 'A second build of a commit could not be undeployed; soon again');
    }
  }
}

/** `own` is as it was created, so what has a lower version was there before. */
function isOlder(other: BuildRecord, own: BuildRecord): boolean {
  const [theirs, ours] = [other.metadata, own.metadata];
  if (theirs.uid === ours.uid) return false;
  if (theirs.creationTimestamp !== ours.creationTimestamp)
    return theirs.creationTimestamp < ours.creationTimestamp;
  return isNewer(ours.resourceVersion, theirs.resourceVersion);
}
