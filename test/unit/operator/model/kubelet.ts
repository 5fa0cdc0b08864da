import { LABEL_JOB_KIND } from '../../../../crds/constants.js';
import type { ControllerOptions } from './controllers.js';
import type { Random } from './random.js';
import { isFinished, type World, type WorldChange, type WorldObject } from './world.js';

/** `hang`: until its job's deadline. `evict`: replaced within its job. */
export type PodOutcome = 'succeed' | 'fail' | 'hang' | 'evict';

/** Runs pods in name only: each change takes its time, also that a deleted pod is gone. */
export class Kubelet {
  private readonly world: World;
  private readonly random: Random;
  private readonly outcomeOf: ControllerOptions['outcomeOf'];
  private readonly ending = new Set<string>();

  constructor({ world, random, outcomeOf }: ControllerOptions) {
    this.world = world;
    this.random = random;
    this.outcomeOf = outcomeOf;
  }

  observe({ type, plural, object }: WorldChange): void {
    if (plural !== 'pods' || type === 'DELETED') return;
    const { uid, deletionTimestamp } = object.metadata;
    if (type === 'ADDED') this.later(50, 1500, () => this.run(object));
    if (!deletionTimestamp || this.ending.has(uid)) return;
    this.ending.add(uid);
    this.later(20, 3000, () => this.end(object));
  }

  private later(low: number, high: number, work: () => void): void {
    setTimeout(work, this.random.between(low, high));
  }

  private run(pod: WorldObject): void {
    const isJobs = pod.metadata.labels?.[LABEL_JOB_KIND] !== undefined;
    this.setStatus(pod, { phase: 'Running' });
    if (!isJobs) this.later(50, 2000, () => this.setStatus(pod, ready));
    const outcome = isJobs ? this.outcomeOf(pod) : 'hang';
    if (outcome !== 'hang') this.later(100, 15_000, () => this.setStatus(pod, ends[outcome]));
  }

  private setStatus({ metadata }: WorldObject, status: object): void {
    const key = `pods/${metadata.name}`;
    const pod = this.world.get(key);
    if (pod?.metadata.uid !== metadata.uid || pod.metadata.deletionTimestamp || isFinished(pod)) return;
    this.world.update(key, (object) => ({ ...object, status }));
  }

  /** The containers end, which may be seen, before the pod is gone. */
  private end({ metadata }: WorldObject): void {
    const key = `pods/${metadata.name}`;
    if (this.world.get(key)?.metadata.uid === metadata.uid) this.world.remove(key);
  }
}

const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

const ends: Record<Exclude<PodOutcome, 'hang'>, object> = {
  succeed: { phase: 'Succeeded' },
  fail: { phase: 'Failed' },
  evict: { phase: 'Failed', reason: 'Evicted', conditions: [{ type: 'DisruptionTarget', status: 'True' }] },
};
