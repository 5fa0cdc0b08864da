import type { Attempt } from '../limits.js';
import type { JobKind, JobView, PodView } from '../plan/observed.js';
import type { Caches } from './caches.js';

/**
 * The unfinished jobs of one kind: a Job without condition Complete or Failed, or a pod of it that has not
 * finished. Kept up to date by the caches' changes, so that asking costs nothing with thousands of kept jobs.
 * Jobs that are not ours, such as those of another controller in the same namespace, do not count.
 */
export class UnfinishedJobs {
  private readonly holders = new Map<string, Attempt>();

  constructor(
    caches: Caches,
    private readonly kind: JobKind,
    private readonly onChange: () => void,
  ) {
    caches.jobs.onChange(({ old, new: fresh }) => this.replace('job', old, fresh));
    caches.pods.onChange(({ old, new: fresh }) => this.replace('pod', old, fresh));
  }

  /** Build UID and attempt of each unfinished job; one attempt may be named several times. */
  attempts(): IterableIterator<Attempt> {
    return this.holders.values();
  }

  private replace(
    source: 'job' | 'pod',
    old: JobView | PodView | undefined,
    fresh: JobView | PodView | undefined,
  ): void {
    const before = old ? this.holders.delete(`${source}/${old.metadata.uid}`) : false;
    const attempt = fresh ? this.attemptOf(fresh) : undefined;
    if (fresh && attempt) this.holders.set(`${source}/${fresh.metadata.uid}`, attempt);
    if (before !== (attempt !== undefined)) this.onChange();
  }

  private attemptOf(object: JobView | PodView): Attempt | undefined {
    const finished = 'outcome' in object && object.outcome !== 'active';
    if (object.kind !== this.kind || object.buildUid === undefined || finished) return undefined;
    return { uid: object.buildUid, attempt: object.attempt ?? 0 };
  }
}
