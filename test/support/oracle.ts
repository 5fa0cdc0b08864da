import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../lib/kube/client.js';
import { isExpired } from '../../lib/kube/errors.js';
import type { Job, KubeObject, Pod } from '../../lib/kube/types.js';
import { runWatch } from '../../lib/kube/watch.js';

interface Recorded {
  readonly kind: 'Build' | 'Job' | 'Pod';
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** What the oracle saw of the initialisations in a namespace. */
export interface Judgement {
  /** The most initialisations that were unfinished at any instant. */
  readonly most: number;
  /** Which they were at that instant: build, attempt and job. */
  readonly at: readonly string[];
  readonly initializations: number;
  /** Builds that are gone although they had an initialisation and no cleanup job of theirs has completed. */
  readonly uncleaned: readonly string[];
}

/**
 * Looks at jobs and pods from outside the operator, with watches of its own from before the first build, and
 * judges afterwards by replaying them in resourceVersion order: an event of one watch may come late, but its
 * version tells when it happened.
 */
export class InitializationOracle {
  private readonly events: Recorded[] = [];
  private readonly ended = new AbortController();
  private readonly following: Promise<void>[] = [];

  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
  ) {}

  /** Begins to record; resolves when all watches have a beginning. */
  async start(): Promise<void> {
    await this.follow('Build', `/apis/runboat.dev/v1alpha1/namespaces/${this.namespace}/runboatbuilds`);
    await this.follow('Job', `/apis/batch/v1/namespaces/${this.namespace}/jobs`);
    await this.follow('Pod', `/api/v1/namespaces/${this.namespace}/pods`);
  }

  async stop(): Promise<void> {
    this.ended.abort(new Error('the oracle was stopped'));
    await Promise.all(this.following);
  }

  /** Replays what has been seen so far. */
  judge(): Judgement {
    const ordered = [...this.events].sort((a, b) => versionOf(a.object) - versionOf(b.object));
    const unfinished = new Map<string, string>();
    const attempts = new Set<string>();
    let most: string[] = [];
    for (const event of ordered) {
      const attempt = attemptOf(event.object);
      if (attempt === undefined) continue;
      attempts.add(attempt);
      const holder = `${event.kind}/${event.object.metadata.uid}`;
      if (isUnfinished(event)) unfinished.set(holder, `${attempt} of job ${jobOf(event)}`);
      else unfinished.delete(holder);
      const running = [...new Set(unfinished.values())];
      if (running.length > most.length) most = running;
    }
    return { most: most.length, at: most, initializations: attempts.size, uncleaned: uncleaned(ordered) };
  }

  private async follow(kind: Recorded['kind'], path: string): Promise<void> {
    const from = await this.list(kind, path, new Map());
    this.following.push(this.watch(kind, path, from));
  }

  /** Records what a list shows, and as deleted what it does not show any more; gives its resourceVersion. */
  private async list(
    kind: Recorded['kind'],
    path: string,
    present: Map<string, KubeObject>,
  ): Promise<string> {
    const { items, resourceVersion } = await this.client.listAll<KubeObject>(path);
    const left = new Map(present);
    for (const object of items) {
      left.delete(object.metadata.uid);
      this.events.push({ kind, type: 'MODIFIED', object });
    }
    for (const object of left.values()) {
      const gone = { ...object, metadata: { ...object.metadata, resourceVersion } };
      this.events.push({ kind, type: 'DELETED', object: gone });
    }
    return resourceVersion;
  }

  private async watch(kind: Recorded['kind'], path: string, from: string): Promise<void> {
    let resourceVersion = from;
    while (!this.ended.signal.aborted) {
      try {
        await runWatch({
          client: this.client,
          path,
          query: {},
          resourceVersion,
          timeoutSeconds: 300,
          silenceMs: 120_000,
          signal: this.ended.signal,
          onOpen: () => {},
          onEvent: (event) => {
            if (event.type === 'BOOKMARK') {
              resourceVersion = event.resourceVersion;
              return;
            }
            resourceVersion = event.object.metadata.resourceVersion;
            this.events.push({ kind, type: event.type, object: event.object });
          },
        });
      } catch (error) {
        // The API server is away, which is part of the test; afterwards the watch goes on where it was.
        if (this.ended.signal.aborted) return;
        await sleep(100);
        // A restarted API server knows no older versions: what happened since is read as a list.
        if (isExpired(error)) resourceVersion = await this.list(kind, path, this.present(kind));
      }
    }
  }

  private present(kind: Recorded['kind']): Map<string, KubeObject> {
    const objects = new Map<string, KubeObject>();
    for (const event of this.events) {
      if (event.kind !== kind) continue;
      if (event.type === 'DELETED') objects.delete(event.object.metadata.uid);
      else objects.set(event.object.metadata.uid, event.object);
    }
    return objects;
  }
}

function versionOf(object: KubeObject): number {
  return Number(object.metadata.resourceVersion);
}

/** Build and attempt of an initialise job or of a pod of one; undefined for others. */
function attemptOf({ metadata }: KubeObject): string | undefined {
  if (metadata.labels?.['runboat/job-kind'] !== 'initialize') return undefined;
  return `${metadata.labels['runboat/build']} attempt ${metadata.annotations?.['runboat.dev/attempt']}`;
}

/** The UID of a job, or of the job that a pod was made for, which the pod keeps when it is orphaned. */
function jobOf({ kind, object }: Recorded): string {
  const { uid, labels } = object.metadata;
  return kind === 'Job' ? uid : (labels?.['batch.kubernetes.io/controller-uid'] ?? 'unknown');
}

/** resource.md 2.6: a build that an initialise job was ever created for is gone only after its cleanup. */
function uncleaned(ordered: readonly Recorded[]): string[] {
  const initialized = new Set<string>();
  const cleaned = new Set<string>();
  const found: string[] = [];
  for (const { kind, type, object } of ordered) {
    const { name, uid, labels, annotations } = object.metadata;
    const build = annotations?.['runboat.dev/build-uid'] ?? '';
    if (kind === 'Build' && type === 'DELETED' && initialized.has(uid) && !cleaned.has(uid)) found.push(name);
    if (kind !== 'Job') continue;
    if (labels?.['runboat/job-kind'] === 'initialize') initialized.add(build);
    else if (hasCondition(object, /^Complete$/)) cleaned.add(build);
  }
  return found;
}

/** resource.md 2.2: a Job without Complete or Failed, a pod that has not reached Succeeded or Failed. */
function isUnfinished({ type, kind, object }: Recorded): boolean {
  if (type === 'DELETED') return false;
  if (kind === 'Pod') return !['Succeeded', 'Failed'].includes((object as Pod).status?.phase ?? '');
  return !hasCondition(object, /^(Complete|Failed)$/);
}

/** Whether a job has a condition of such a type that is true. */
export function hasCondition(object: KubeObject, type: RegExp): boolean {
  const conditions = (object as Job).status?.conditions ?? [];
  return conditions.some((condition) => condition.status === 'True' && type.test(condition.type));
}
