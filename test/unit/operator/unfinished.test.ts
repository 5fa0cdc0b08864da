import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeLog, KubeObject } from '../../../lib/kube/types.js';
import { Caches } from '../../../operator/cluster/caches.js';
import { UnfinishedJobs } from '../../../operator/cluster/unfinished.js';
import { Random } from './model/random.js';
import { freezeTime, runUntil, thawTime } from './model/virtual-time.js';
import { World, type WorldObject } from './model/world.js';
import { WorldClient } from './model/world-client.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} } satisfies KubeLog;
const annotations = { 'runboat.dev/build-uid': 'u', 'runboat.dev/attempt': '2' };
const labels = { 'runboat/build': 'b', 'runboat/job-kind': 'initialize' };
const ended = { conditions: [{ type: 'Complete', status: 'True' }] };

/** Caches that see nothing but what a test shows them, and a world that live reads see. */
function setUp() {
  const world = new World();
  const client = new WorldClient({
    world,
    random: new Random(1),
    nextFault: () => undefined,
    readFails: () => false,
    beforeWrite: () => {},
    afterWrite: () => {},
    crash: () => {},
  });
  const caches = new Caches({ client, namespace: 'builds', resyncMs: 1e9, log: silent, hooks: () => ({}) });
  const jobs = new UnfinishedJobs(caches, 'initialize', () => {});
  const attempts = () => [...jobs.attempts()];
  const make = (plural: string, parts: object = {}) =>
    world.create(plural, {
      metadata: { name: 'one', labels, annotations },
      ...parts,
    } as unknown as KubeObject);
  const gone = ({ metadata }: WorldObject) => caches.jobs.observeDeleted(metadata.name, metadata.uid);
  return { world, caches, attempts, make, gone };
}

const attempt = { uid: 'u', attempt: 2 };

describe('unfinished jobs', () => {
  beforeEach(() => freezeTime());
  afterEach(() => thawTime());

  it('are jobs that have not ended and pods that have not finished', () => {
    const { caches, attempts, make } = setUp();
    const job = make('jobs');
    caches.jobs.observe(job);
    expect(attempts()).toEqual([attempt]);
    const pod = make('pods', { status: { phase: 'Running' } });
    caches.pods.observe(pod);
    expect(attempts()).toEqual([attempt, attempt]);
    caches.jobs.observe({ ...job, metadata: { ...job.metadata, resourceVersion: '900' }, status: ended });
    expect(attempts()).toEqual([attempt]);
    caches.pods.observe({
      ...pod,
      metadata: { ...pod.metadata, resourceVersion: '901' },
      status: { phase: 'Failed' },
    });
    expect(attempts()).toEqual([]);
  });

  it('are not jobs of another kind, nor those of others', () => {
    const { caches, attempts, make } = setUp();
    caches.jobs.observe(
      make('jobs', {
        metadata: { name: 'a', labels: { ...labels, 'runboat/job-kind': 'cleanup' }, annotations },
      }),
    );
    caches.jobs.observe(make('jobs', { metadata: { name: 'b', labels } }));
    expect(attempts()).toEqual([]);
  });

  it('are still those that vanished while a pod of theirs runs that no watch has shown yet', async () => {
    const { world, caches, attempts, make, gone } = setUp();
    const job = make('jobs');
    make('pods', { status: { phase: 'Running' } });
    caches.jobs.observe(job);
    gone(job);
    await runUntil(() => attempts().length === 0, 60_000);
    expect(attempts()).toEqual([attempt]);
    world.update('pods/one', (pod) => ({ ...pod, status: { phase: 'Failed' } }));
    expect(await runUntil(() => attempts().length === 0, 60_000)).toBe(true);
  });

  it('are still those that vanished when the Job controller, which is late, makes a pod of theirs', async () => {
    const { caches, attempts, make, gone } = setUp();
    const job = make('jobs');
    caches.jobs.observe(job);
    gone(job);
    await runUntil(() => attempts().length === 0, 500);
    make('pods', { status: { phase: 'Pending' } });
    await runUntil(() => attempts().length === 0, 60_000);
    expect(attempts()).toEqual([attempt]);
  });

  it('are those that vanished only until a live read finds no pod of theirs', async () => {
    const { caches, attempts, make, gone } = setUp();
    const job = make('jobs');
    caches.jobs.observe(job);
    gone(job);
    expect(attempts()).toEqual([attempt]);
    expect(await runUntil(() => attempts().length === 0, 60_000)).toBe(true);
  });
});
