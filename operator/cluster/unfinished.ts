import type { Attempt } from '../limits.js';
import type { JobKind, JobView, PodView } from '../plan/observed.js';
import type { Caches } from './caches.js';

/** Milliseconds between looks at the pods of a job that is gone. */
const firstDelay = 500;
const longestDelay = 10_000;
/** So long the Job controller may still make a pod of a job that it has not seen deleted, which nothing stops. */
const controllerLags = 1_000;

/**
 * The unfinished jobs of one kind: a Job without condition Complete or Failed, or a pod of it that has not
 * finished. Kept up to date by the caches' changes, so that asking costs nothing with thousands of kept jobs.
 * Jobs that are not ours, such as those of another controller in the same namespace, do not count.
 */
export class UnfinishedJobs {
  private readonly holders = new Map<string, Attempt>();

  constructor(
    private readonly caches: Caches,
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
    if (before && old && isJob(old) && old.metadata.uid !== fresh?.metadata.uid) void this.outlive(old);
    const attempt = fresh ? this.attemptOf(fresh) : undefined;
    if (fresh && attempt) this.holders.set(`${source}/${fresh.metadata.uid}`, attempt);
    if (before !== (attempt !== undefined)) this.onChange();
  }

  /**
   * A job can be gone while its pods are not, and the cache of pods may be behind that of jobs: the place stays
   * taken until a live read finds no pod that runs.
   */
  private async outlive(job: JobView): Promise<void> {
    const holder = `vanished/${job.metadata.uid}`;
    this.holders.set(holder, { uid: job.buildUid ?? '', attempt: job.attempt });
    if (!job.metadata.deleting) await pause(controllerLags);
    for (let delay = firstDelay; await this.mayRun(job); delay = Math.min(2 * delay, longestDelay)) {
      await pause(delay);
    }
    this.holders.delete(holder);
    this.onChange();
  }

  private async mayRun(job: JobView): Promise<boolean> {
    try {
      return await this.caches.hasRunningPods(job);
    } catch {
      // Nothing is known, which is no reason to give the place away; the client's requests are counted elsewhere.
      return true;
    }
  }

  private attemptOf(object: JobView | PodView): Attempt | undefined {
    const finished = isJob(object) && object.outcome !== 'active';
    if (object.kind !== this.kind || object.buildUid === undefined || finished) return undefined;
    return { uid: object.buildUid, attempt: object.attempt ?? 0 };
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

function isJob(object: JobView | PodView): object is JobView {
  return 'outcome' in object;
}
