import type { KubeClient } from '../../../lib/kube/client.js';
import type { Job, KubeObject } from '../../../lib/kube/types.js';
import { runWatch } from '../../../lib/kube/watch.js';
import { pathOf } from '../../support/operator.js';

export type JobOutcome = 'active' | 'complete' | 'failed';

/** Remembers by a watch all jobs that there were in a namespace, those that are gone too. */
export class JobRecorder {
  private readonly seen = new Map<string, { name: string; outcome: JobOutcome }>();
  private readonly active = { initialize: new Set<string>(), cleanup: new Set<string>() };
  private readonly most = { initialize: 0, cleanup: 0 };
  private readonly ended = new AbortController();
  private following: Promise<void> = Promise.resolve();

  private constructor(
    private readonly client: KubeClient,
    private readonly path: string,
  ) {}

  static async start(client: KubeClient, namespace: string): Promise<JobRecorder> {
    const recorder = new JobRecorder(client, pathOf('job', namespace));
    const { items, resourceVersion } = await client.listAll<KubeObject>(recorder.path);
    for (const job of items) recorder.note(job);
    recorder.following = recorder.follow(resourceVersion);
    return recorder;
  }

  /** How each job of a name ended, or that it had not when it was seen last; oldest first. */
  outcomes(name: string): JobOutcome[] {
    return [...this.seen.values()].filter((job) => job.name === name).map(({ outcome }) => outcome);
  }

  /** The names of all jobs in the order in which they were made. */
  names(): string[] {
    return [...this.seen.values()].map(({ name }) => name);
  }

  /** The most jobs of a kind that were there at one time and had not ended. */
  mostActive(kind: 'initialize' | 'cleanup'): number {
    return this.most[kind];
  }

  async stop(): Promise<void> {
    this.ended.abort(new Error('the recorder was stopped'));
    await this.following;
  }

  private async follow(resourceVersion: string): Promise<void> {
    try {
      await runWatch({
        client: this.client,
        path: this.path,
        query: {},
        resourceVersion,
        timeoutSeconds: 600,
        silenceMs: 600_000,
        signal: this.ended.signal,
        onOpen: () => undefined,
        onEvent: (event) => {
          if (event.type !== 'BOOKMARK') this.note(event.object, event.type === 'DELETED');
        },
      });
    } catch (error) {
      if (!this.ended.signal.aborted) throw error;
    }
  }

  private note(object: KubeObject, gone = false): void {
    const { metadata, status } = object as Job;
    const ended = status?.conditions?.find(
      ({ type, status: value }) => value === 'True' && ['Complete', 'Failed'].includes(type),
    );
    const outcome = ended ? (ended.type === 'Complete' ? 'complete' : 'failed') : 'active';
    this.seen.set(metadata.uid, { name: metadata.name, outcome });
    const kind = metadata.labels?.['runboat/job-kind'] === 'cleanup' ? 'cleanup' : 'initialize';
    if (outcome === 'active' && !gone) this.active[kind].add(metadata.uid);
    else this.active[kind].delete(metadata.uid);
    this.most[kind] = Math.max(this.most[kind], this.active[kind].size);
  }
}
