import {
  ANNOTATION_ATTEMPT,
  ANNOTATION_BUILD_UID,
  ANNOTATION_SKIP_CLEANUP,
  FINALIZER_BUILD,
  LABEL_BUILD,
  LABEL_JOB_KIND,
} from '../../../../crds/constants.js';
import type { RunboatBuild } from '../../../../crds/runboatbuild.generated.js';
import type { Job } from '../../../../lib/kube/types.js';
import type { Limits } from '../../../../operator/limits.js';
import { isEnded } from './controllers.js';
import { isFinished, type World, type WorldObject } from './world.js';
import type { Write } from './world-client.js';

/** On objects that are somebody else's, though their names and labels look like those of a build. */
export const foreignLabel = 'foreign';
/** On Deployments that a user has scaled, which is no doing of the operator. */
export const byHand = 'by-hand';

/** Jobs of a kind that have not ended, or have a pod that has not; also those that are gone but for a pod. */
export function unfinishedJobs(world: World, kind: 'initialize' | 'cleanup'): Set<string> {
  const unfinished = new Set<string>();
  for (const object of [...world.list('jobs'), ...world.list('pods')]) {
    const { labels = {}, annotations = {} } = object.metadata;
    if (labels[LABEL_JOB_KIND] !== kind) continue;
    const isOver = isFinished(object) || isEnded(object as Job);
    if (!isOver) unfinished.add(`${annotations[ANNOTATION_BUILD_UID]}/${annotations[ANNOTATION_ATTEMPT]}`);
  }
  return unfinished;
}

/** Deployments of builds that are to run something; of one that is being deleted only the ReplicaSet could. */
function scaledUp(world: World): WorldObject[] {
  const uids = new Set(world.list('runboatbuilds').map(({ metadata }) => metadata.uid));
  return world.list('deployments').filter(({ spec, metadata: { annotations = {}, deletionTimestamp } }) => {
    const isStarted = (spec as { replicas: number }).replicas > 0 && deletionTimestamp === undefined;
    return isStarted && !annotations[byHand] && uids.has(annotations[ANNOTATION_BUILD_UID] ?? '');
  });
}

/** What the operator has made for a build; a ReplicaSet goes after its Deployment, in Kubernetes' own time. */
export function belongings(world: World, buildUid: string): string[] {
  return [...world.entries()]
    .filter(([, { metadata }]) => metadata.annotations?.[ANNOTATION_BUILD_UID] === buildUid)
    .map(([key]) => key)
    .filter((key) => !key.startsWith('replicasets/'));
}

/** What must hold at every write of the operator. Each failed expectation is told as a sentence. */
export class Invariants {
  readonly violations: string[] = [];
  private readonly ended = new Set<string>();
  /** UIDs of builds that an initialise job was ever made for, and of those whose cleanup job has completed. */
  private readonly initialized = new Set<string>();
  private readonly cleaned = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly limits: () => Limits,
  ) {
    world.onChange(({ plural, object }) => {
      this.noteEnd(object);
      if (plural === 'jobs') this.noteJob(object);
    });
  }

  before(write: Write): void {
    if (write.method === 'DELETE') this.checkDelete(write);
    if (write.isApply) this.checkApply(write);
    if (write.method === 'POST' && write.key === 'jobs') this.checkJob(write);
    if (write.key.startsWith('runboatbuilds/') && write.body.metadata?.finalizers)
      this.checkFinalizers(write);
  }

  after(write: Write, object: WorldObject | undefined): void {
    const { initializing, cleaning, started } = this.limits();
    if (write.method === 'POST' && write.key === 'jobs' && object) {
      const kind = object.metadata.labels?.[LABEL_JOB_KIND] === 'cleanup' ? 'cleanup' : 'initialize';
      const limit = kind === 'cleanup' ? cleaning : initializing;
      const running = unfinishedJobs(this.world, kind);
      this.checkAttempt(write, object);
      this.expect(
        running.size <= limit,
        `${running.size} unfinished ${kind} jobs with a limit of ${limit}: ${[...running]}`,
      );
    }
    if (!write.key.startsWith('deployments/') || !object) return;
    if ((object['spec'] as { replicas: number }).replicas === 0) return;
    const up = scaledUp(this.world).map(({ metadata }) => metadata.name);
    const wasUp = write.method === 'PATCH' && !write.isApply;
    this.expect(wasUp || up.length <= started, `${up.length} scaled up with a limit of ${started}: ${up}`);
  }

  expect(holds: boolean, sentence: string): void {
    if (!holds) this.violations.push(sentence);
  }

  private noteEnd(object: WorldObject): void {
    const status = object['status'] as { initStatus?: string; attempt?: number } | undefined;
    if (status?.initStatus !== 'succeeded' && status?.initStatus !== 'failed') return;
    this.ended.add(`${object.metadata.uid}/${status.attempt}`);
  }

  private noteJob(job: WorldObject): void {
    const { labels = {}, annotations = {} } = job.metadata;
    const uid = annotations[ANNOTATION_BUILD_UID] ?? '';
    const isComplete = (job as Job).status?.conditions?.some(({ type }) => type === 'Complete') === true;
    if (labels[LABEL_JOB_KIND] !== 'cleanup') this.initialized.add(uid);
    else if (isComplete) this.cleaned.add(uid);
  }

  private checkDelete({ key, body }: Write): void {
    const { preconditions } = body as unknown as {
      preconditions?: { uid?: string; resourceVersion?: string };
    };
    this.expect(preconditions?.uid !== undefined, `${key} was deleted without naming its UID`);
    const object = this.world.get(key);
    if (!object || object.metadata.uid !== preconditions?.uid) return;
    this.expect(!isForeign(object), `${key} was deleted, but is somebody else's`);
    if (
      !key.startsWith('runboatbuilds/') ||
      preconditions.resourceVersion !== object.metadata.resourceVersion
    )
      return;
    const { keep, replicas } = (object as unknown as RunboatBuild).spec;
    this.expect(
      keep !== true && replicas !== 1,
      `${key} was deleted by the limit, but is kept or to be started`,
    );
  }

  private checkApply({ key, body }: Write): void {
    const { uid, resourceVersion } = body.metadata;
    const object = this.world.get(key);
    if (!object || object.metadata.uid !== uid) return;
    this.expect(!isForeign(object), `${key} was applied, but is somebody else's`);
    if (!key.startsWith('deployments/')) return;
    this.expect(resourceVersion !== undefined, `${key} was applied without a resourceVersion`);
  }

  private checkAttempt({ isLate }: Write, { metadata }: WorldObject): void {
    const { labels = {}, annotations = {} } = metadata;
    const attempt = `${annotations[ANNOTATION_BUILD_UID]}/${annotations[ANNOTATION_ATTEMPT]}`;
    // What was sent before the end and comes after it is found and deleted.
    if (labels[LABEL_JOB_KIND] === 'cleanup' || isLate) return;
    this.expect(!this.ended.has(attempt), `initialisation ${attempt} has ended and gets another job`);
  }

  /** No job begins beside pods of an initialisation, that for the cleanup beside none at all but its own. */
  private checkJob({ body, isLate }: Write): void {
    const { labels = {}, annotations = {} } = body.metadata;
    const kind = labels[LABEL_JOB_KIND];
    // It is answered with 409.
    if (this.world.get(`jobs/${body.metadata.name}`)) return;
    // Nothing can be done about what was sent before there was a pod and comes after it.
    if (kind === 'initialize' && isLate) return;
    // What a user scales up meanwhile can be there a moment later.
    const build = labels[LABEL_BUILD];
    const isByHand = this.world.get(`deployments/${build}-web`)?.metadata.annotations?.[byHand] !== undefined;
    if (kind === 'cleanup' && isByHand) return;
    const pods = this.world.list('pods').filter((pod) => {
      const own = pod.metadata.labels?.[LABEL_JOB_KIND];
      const isOfBuild =
        pod.metadata.annotations?.[ANNOTATION_BUILD_UID] === annotations[ANNOTATION_BUILD_UID];
      const matters = kind === 'cleanup' ? own !== 'cleanup' : own === 'initialize' && !isFinished(pod);
      return isOfBuild && matters;
    });
    const names = pods.map(({ metadata }) => metadata.name);
    this.expect(pods.length === 0, `the ${kind} job of ${build} begins beside pods ${names}`);
  }

  private checkFinalizers({ key, body }: Write): void {
    const build = this.world.get(key);
    if (!build?.metadata.finalizers?.includes(FINALIZER_BUILD)) return;
    if (
      body.metadata.uid !== build.metadata.uid ||
      body.metadata.resourceVersion !== build.metadata.resourceVersion
    )
      return;
    if (body.metadata.finalizers?.includes(FINALIZER_BUILD)) return;
    const { uid, annotations = {} } = build.metadata;
    const isClean =
      !this.initialized.has(uid) || this.cleaned.has(uid) || annotations[ANNOTATION_SKIP_CLEANUP] === 'true';
    this.expect(isClean, `${key} is let go without a cleanup, though it had an initialisation`);
    const left = belongings(this.world, uid);
    this.expect(left.length === 0, `${key} is let go while there is ${left}`);
  }
}

function isForeign({ metadata }: WorldObject): boolean {
  return metadata.labels?.[foreignLabel] !== undefined;
}
