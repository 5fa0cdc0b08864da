import { ANNOTATION_BUILD_UID, LABEL_BUILD, LABEL_JOB_KIND } from '../../../../crds/constants.js';
import type { Deployment, Job, Pod, PodTemplate } from '../../../../lib/kube/types.js';
import { Kubelet, type PodOutcome } from './kubelet.js';
import type { Random } from './random.js';
import { instant, isFinished, isOwnedBy, type World, type WorldObject } from './world.js';

export interface ControllerOptions {
  readonly world: World;
  readonly random: Random;
  /** What becomes of the next pod of a job. */
  readonly outcomeOf: (pod: WorldObject) => PodOutcome;
}

/**
 * The controllers of Kubernetes that matter to builds: deployments, replica sets, jobs, garbage collection, and
 * the kubelet. Each looks at the whole world some time after it has changed, in an order that chance makes.
 */
export class Controllers {
  private readonly world: World;
  private readonly random: Random;
  private awake = false;

  constructor(options: ControllerOptions) {
    this.world = options.world;
    this.random = options.random;
    const kubelet = new Kubelet(options);
    this.world.onChange((change) => {
      kubelet.observe(change);
      this.wake();
    });
    // Deadlines of jobs pass without any change.
    setInterval(() => this.wake(), 5_000);
  }

  private wake(): void {
    if (this.awake) return;
    this.awake = true;
    setTimeout(
      () => {
        this.awake = false;
        this.sync();
      },
      this.random.between(1, 150),
    );
  }

  private sync(): void {
    const controllers = [
      () => this.each('deployments', (deployment) => this.syncDeployment(deployment as Deployment)),
      () => this.each('replicasets', (set) => this.syncReplicaSet(set)),
      () => this.each('jobs', (job) => this.syncJob(job as Job)),
      () => this.collectGarbage(),
    ];
    for (const controller of controllers) {
      if (this.random.chance(0.7)) controller();
      else this.wake();
    }
  }

  private each(plural: string, sync: (object: WorldObject) => void): void {
    for (const object of this.world.list(plural)) sync(object);
  }

  private podsOf(owner: WorldObject): Pod[] {
    return this.world.list('pods').filter((pod) => isOwnedBy(pod, owner.metadata.uid)) as Pod[];
  }

  /** A Deployment that is being deleted is not scaled any more; its ReplicaSet goes on. */
  private syncDeployment(deployment: Deployment): void {
    const { name, uid, deletionTimestamp, labels, annotations, generation } = deployment.metadata;
    const key = `replicasets/${name}-set`;
    const set = this.world.get(key);
    const { replicas = 1, template } = deployment.spec ?? {};
    const owner = [{ uid, kind: 'Deployment', name }];
    if (!deletionTimestamp && !set) {
      const metadata = { name: `${name}-set`, labels, annotations, ownerReferences: owner };
      this.world.create('replicasets', { metadata, spec: { replicas, template } } as never);
    } else if (!deletionTimestamp && set && (isOwnedBy(set, uid) || !set.metadata.ownerReferences?.length)) {
      // An orphan with a matching selector is adopted.
      this.world.update(key, (object) => ({
        ...object,
        metadata: { ...object.metadata, ownerReferences: owner },
        spec: { replicas, template },
      }));
    }
    const pods = set && isOwnedBy(set, uid) ? this.podsOf(set).filter(isActive) : [];
    const ready = pods.filter((pod) =>
      pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
    const status = { observedGeneration: generation, replicas: pods.length, readyReplicas: ready.length };
    this.world.update(`deployments/${name}`, (object) => ({ ...object, status }));
  }

  private syncReplicaSet(set: WorldObject): void {
    if (set.metadata.deletionTimestamp) return;
    this.adoptPods(set);
    const { replicas = 0, template } = set['spec'] as { replicas?: number; template?: PodTemplate };
    const pods = this.podsOf(set).filter(isActive);
    for (const pod of pods.slice(replicas)) this.world.delete(`pods/${pod.metadata.name}`, 'Background');
    for (let missing = replicas - pods.length; missing > 0; missing--)
      this.createPod(set, 'ReplicaSet', template);
  }

  private adoptPods({ metadata }: WorldObject): void {
    for (const pod of this.world.list('pods')) {
      const { labels = {}, name, ownerReferences = [] } = pod.metadata;
      const isJobs = labels[LABEL_JOB_KIND] !== undefined;
      if (isJobs || ownerReferences.length > 0 || labels[LABEL_BUILD] !== metadata.labels?.[LABEL_BUILD])
        continue;
      const ownerReferences_ = [{ uid: metadata.uid, kind: 'ReplicaSet', name: metadata.name }];
      this.world.update(`pods/${name}`, (object) => ({
        ...object,
        metadata: { ...object.metadata, ownerReferences: ownerReferences_ },
      }));
    }
  }

  private createPod(owner: WorldObject, kind: string, template: PodTemplate | undefined): void {
    const { name, uid } = owner.metadata;
    const hash = kind === 'ReplicaSet' ? { 'pod-template-hash': 'hash' } : {};
    this.world.create('pods', {
      metadata: {
        ...template?.metadata,
        labels: { ...template?.metadata?.labels, ...hash },
        name: `${name}-${this.world.resourceVersion}`,
        ownerReferences: [{ uid, kind, name }],
      },
      status: { phase: 'Pending' },
    } as never);
  }

  /** Jobs with backoffLimit 0, whose disrupted pods are replaced. */
  private syncJob(job: Job): void {
    const { name, deletionTimestamp } = job.metadata;
    if (deletionTimestamp || isEnded(job)) return;
    const pods = this.podsOf(job);
    const startTime = job.status?.startTime ?? instant();
    const { created = 0 } = (job.status ?? {}) as { created?: number };
    const late = Date.now() - Date.parse(startTime) > (job.spec?.activeDeadlineSeconds ?? 1e6) * 1000;
    if (late) {
      this.passDeadline(job, pods);
      return;
    }
    const end = endOf(pods, created);
    if (end) this.endJob(job, end);
    if (end || pods.some((pod) => !isFinished(pod))) return;
    const status = { ...job.status, startTime, created: created + 1 };
    this.world.update(`jobs/${name}`, (object) => ({ ...object, status }));
    this.createPod(job as WorldObject, 'Job', job.spec?.template);
  }

  private passDeadline(job: Job, pods: Pod[]): void {
    const running = pods.filter((pod) => !isFinished(pod));
    for (const pod of running) {
      if (!pod.metadata.deletionTimestamp) this.world.delete(`pods/${pod.metadata.name}`, 'Background');
    }
    if (running.length === 0) this.endJob(job, { type: 'Failed', reason: 'DeadlineExceeded' });
  }

  private endJob({ metadata }: Job, { type, reason }: JobEnd): void {
    const condition = { type, status: 'True', reason, message: reason, lastTransitionTime: instant() };
    this.world.update(`jobs/${metadata.name}`, (object) => ({
      ...object,
      status: { ...(object['status'] as object), conditions: [condition] },
    }));
  }

  private collectGarbage(): void {
    const uids = new Set([...this.world.entries()].map(([, { metadata }]) => metadata.uid));
    for (const [key, { metadata }] of [...this.world.entries()]) {
      const owners = metadata.ownerReferences ?? [];
      const isOrphan = owners.length > 0 && !owners.some(({ uid }) => uids.has(uid));
      if (isOrphan && !metadata.deletionTimestamp && this.world.get(key))
        this.world.delete(key, 'Background');
      if (metadata.finalizers?.includes('foregroundDeletion')) this.deleteDependents(key, metadata.uid);
    }
  }

  private deleteDependents(key: string, uid: string): void {
    const dependents = [...this.world.entries()].filter(([, object]) => isOwnedBy(object, uid));
    for (const [dependent, { metadata }] of dependents) {
      const policy = dependent.startsWith('pods/') ? 'Background' : 'Foreground';
      if (!metadata.deletionTimestamp) this.world.delete(dependent, policy);
    }
    if (dependents.length > 0) return;
    this.world.update(key, (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        finalizers: (object.metadata.finalizers ?? []).filter(
          (finalizer) => finalizer !== 'foregroundDeletion',
        ),
      },
    }));
  }
}

interface JobEnd {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
}

/** How its pods end a job; a pod that is not there any more has failed, one that was evicted does not count. */
function endOf(pods: readonly Pod[], created: number): JobEnd | undefined {
  if (pods.some((pod) => pod.status?.phase === 'Succeeded'))
    return { type: 'Complete', reason: 'CompletionsReached' };
  const hasFailed = pods.some(
    ({ status }) =>
      status?.phase === 'Failed' && !status.conditions?.some(({ type }) => type === 'DisruptionTarget'),
  );
  const isMissing = created > pods.length;
  return hasFailed || isMissing ? { type: 'Failed', reason: 'BackoffLimitExceeded' } : undefined;
}

function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isEnded(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
}

/** Whose job or pod it is. */
export function buildUidOf(object: WorldObject): string | undefined {
  return object.metadata.annotations?.[ANNOTATION_BUILD_UID];
}
