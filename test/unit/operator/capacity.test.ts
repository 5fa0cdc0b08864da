import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ANNOTATION_PAUSED } from '../../../crds/constants.js';
import { Capacity, type CapacityOptions } from '../../../operator/capacity.js';
import type { Attempt, Limits, Target } from '../../../operator/limits.js';
import { planBuild } from '../../../operator/plan/plan-build.js';
import {
  ago,
  condition,
  deleting,
  jobView,
  now,
  type ObservedParts,
  observed,
  refusal,
} from '../../support/observed.js';
import { MemoryGrants } from './memory-grants.js';

/** The real thing with a clock of its own; what it decides about other builds is only noted. */
class Setup {
  readonly limits: Record<keyof Limits, number> = { initializing: 2, started: 2, deployed: 10, cleaning: 2 };
  readonly grants = new MemoryGrants();
  readonly enqueued: string[] = [];
  readonly stopped: Target[] = [];
  readonly deleted: Target[] = [];
  readonly initializing: Attempt[] = [];
  readonly cleaning: Attempt[] = [];
  time = now;
  isPaused = false;
  readonly capacity: Capacity;

  constructor(options: Partial<CapacityOptions> = {}) {
    this.capacity = new Capacity({
      limits: () => this.limits,
      paused: () => this.isPaused,
      minimumAge: () => 0,
      grants: this.grants,
      initializing: () => this.initializing,
      cleaning: () => this.cleaning,
      effects: {
        enqueue: (name) => this.enqueued.push(name),
        stop: async (target) => void this.stopped.push(target),
        delete: async (target) => void this.deleted.push(target),
      },
      onError: (error) => {
        throw error;
      },
      now: () => this.time,
      ...options,
    });
  }

  /** Tells what a build is now, planned by the real planner with its share of the limits. */
  tell(name: string, parts: ObservedParts): void {
    const build = {
      ...parts.build,
      metadata: { name, uid: `uid-${name}`, resourceVersion: `rv-${name}`, ...parts.build?.metadata },
    };
    const before = observed({ ...parts, build });
    const seen = observed({
      ...parts,
      build,
      slots: { ...this.capacity.slotsOf(before.build), ...parts.slots },
    });
    this.capacity.update(seen, planBuild(seen, this.time));
  }

  slots(name: string) {
    const { build } = observed({ build: { metadata: { name, uid: `uid-${name}` } } });
    return this.capacity.slotsOf(build);
  }

  async settle(): Promise<void> {
    this.capacity.touch();
    await this.capacity.settle();
  }
}

const waits: ObservedParts = { deployment: { initStatus: 'todo' } };
const runs: ObservedParts = { deployment: { initStatus: 'started' } };
const stoppedStatus = {
  phase: 'Stopped',
  initStatus: 'succeeded',
  attempt: 1,
  initializedAt: ago(900),
} as const;
const wish: ObservedParts = { build: { spec: { replicas: 1 }, status: stoppedStatus } };
const up = (seconds: number, keep = false): ObservedParts => ({
  build: { spec: { replicas: 1, keep }, status: { ...stoppedStatus, phase: 'Started' } },
  deployment: { replicas: 1, statusReplicas: 1, readyReplicas: 1, lastScaled: ago(seconds) },
});
const idle = (seconds: number): ObservedParts => ({
  build: { spec: { pr: 1 }, status: stoppedStatus },
  deployment: { lastScaled: ago(seconds) },
});

let setup: Setup;
function begin(options: Partial<CapacityOptions> = {}): Setup {
  setup = new Setup(options);
  setup.capacity.begin();
  return setup;
}
afterEach(async () => {
  await setup.capacity.stop();
  jest.useRealTimers();
});

describe('the limit of initialisations', () => {
  it('nothing is given before all builds have been told', async () => {
    setup = new Setup();
    setup.tell('a', waits);
    await setup.settle();
    expect(setup.slots('a').initialize).toBe('waiting');
    setup.capacity.begin();
    await setup.settle();
    expect(setup.slots('a')).toMatchObject({ initialize: 'granted', grantedAttempt: 1 });
  });

  it('the first of the queue get the places, and are looked at again', async () => {
    const { limits, enqueued } = begin();
    limits.initializing = 1;
    setup.tell('b', waits);
    setup.tell('a', { ...waits, build: { spec: { priority: 1 } } });
    await setup.settle();
    expect(enqueued).toEqual(['a']);
    expect(setup.slots('b')).toMatchObject({ initialize: 'waiting', queuePosition: 1 });
  });

  it('a place is used from the grant on, while no job can be seen yet', async () => {
    const { limits } = begin();
    limits.initializing = 1;
    setup.tell('a', waits);
    await setup.settle();
    setup.tell('b', waits);
    await setup.settle();
    expect(setup.slots('b').initialize).toBe('waiting');
  });

  it('a grant and the job that it led to are one place', async () => {
    begin();
    setup.tell('a', waits);
    await setup.settle();
    setup.initializing.push({ uid: 'uid-a', attempt: 1 });
    setup.tell('b', waits);
    await setup.settle();
    expect(setup.slots('b').initialize).toBe('granted');
    expect(setup.capacity.counts().initializing.used).toBe(2);
  });

  it('a job that was not granted counts too', async () => {
    const { limits, initializing } = begin();
    limits.initializing = 1;
    initializing.push({ uid: 'uid-x', attempt: 3 });
    setup.tell('a', waits);
    await setup.settle();
    expect(setup.slots('a').initialize).toBe('waiting');
  });

  it('grants that are asked within the time of gathering are written together, first in queue order', async () => {
    setup = new Setup({ gatherGrantsFor: 20 });
    setup.limits.initializing = 1;
    const add = jest.spyOn(setup.grants, 'add');
    setup.capacity.begin();
    setup.tell('a', waits);
    const settled = setup.settle();
    setup.tell('b', { ...waits, build: { spec: { priority: 1 } } });
    await settled;
    expect(add.mock.calls).toEqual([[[{ uid: 'uid-b', attempt: 1 }]]]);
  });

  it('a grant that was to be written when the operator stops is not', async () => {
    setup = new Setup({ gatherGrantsFor: 20 });
    setup.capacity.begin();
    setup.tell('a', waits);
    const settled = setup.settle();
    await setup.capacity.stop();
    await settled;
    expect([...setup.grants.all()]).toEqual([]);
  });

  it('a grant is given back once its build has gone on', async () => {
    const { grants } = begin();
    setup.tell('a', waits);
    await setup.settle();
    expect([...grants.all()]).toHaveLength(1);
    setup.tell('a', runs);
    expect([...grants.all()]).toEqual([]);
  });

  it('the grant of a job that was seen holds no place, but stays written down until it is told', async () => {
    const { grants, initializing, limits } = begin();
    limits.initializing = 1;
    setup.tell('a', waits);
    await setup.settle();
    initializing.push({ uid: 'uid-a', attempt: 1 });
    const deploymentOfNow = { initStatus: 'todo', observedGeneration: 0 } as const;
    const jobMade = { attempt: 1, at: now };
    setup.tell('a', { deployment: deploymentOfNow, jobs: [jobView()], facts: { jobMade } });
    expect([...grants.all()]).toHaveLength(1);
    // Somebody deletes it.
    initializing.pop();
    setup.tell('a', { ...waits, facts: { jobMade } });
    expect([...grants.all()]).toHaveLength(1);
    expect(setup.slots('a')).toMatchObject({ initialize: 'unasked', grantedAttempt: 1 });
    expect(setup.capacity.counts().initializing.used).toBe(0);
    const jobMissing = { attempt: 1 };
    const build = { status: { phase: 'Queued', attempt: 2, queuedAt: ago(0) } as const };
    setup.tell('a', { ...waits, build, facts: { jobMade, jobMissing } });
    await setup.settle();
    expect(setup.slots('a')).toMatchObject({ initialize: 'granted', grantedAttempt: 2 });
  });

  it.each([
    ['runboat', {}, { policy: { paused: true } }],
    ['the build', { annotations: { [ANNOTATION_PAUSED]: 'true' } }, {}],
  ])('while %s is paused a grant holds no place, but stays written down', async (_what, metadata, parts) => {
    const { grants, limits } = begin();
    limits.initializing = 1;
    setup.tell('a', waits);
    await setup.settle();
    setup.tell('a', { ...waits, ...parts, build: { metadata } });
    expect([...grants.all()]).toHaveLength(1);
    setup.tell('b', waits);
    await setup.settle();
    expect(setup.slots('b').initialize).toBe('granted');
    setup.tell('b', runs);
    setup.tell('a', waits);
    await setup.settle();
    expect(setup.slots('a')).toMatchObject({ initialize: 'granted', grantedAttempt: 1 });
  });

  it('a grant stays while its build is deleted, until it is recorded whether there is something to clean up', () => {
    const { grants } = begin();
    void grants.add([{ uid: 'uid-a', attempt: 1 }]);
    const facts = { jobMade: { attempt: 1 } };
    setup.tell('a', { ...waits, facts, build: { metadata: deleting } });
    expect([...grants.all()]).toHaveLength(1);
    const conditions = [condition('CleanedUp', 'False', 'CleanupPending')];
    setup.tell('a', { ...waits, facts, build: { metadata: deleting, status: { conditions } } });
    expect([...grants.all()]).toEqual([]);
  });

  it('after a lost answer a place stays taken until the request can no longer arrive', async () => {
    const { grants } = begin();
    setup.tell('a', waits);
    await setup.settle();
    setup.capacity.doubtInitialization('uid-a');
    setup.time += 19_000;
    setup.tell('a', runs);
    expect([...grants.all()]).toHaveLength(1);
    setup.time += 1_000;
    setup.tell('a', runs);
    expect([...grants.all()]).toEqual([]);
  });

  it('after a lost answer a refusal of the next try says nothing about the first', async () => {
    const { grants } = begin();
    setup.tell('a', waits);
    await setup.settle();
    setup.capacity.doubtInitialization('uid-a');
    setup.capacity.refuseInitialization('uid-a');
    expect([...grants.all()]).toHaveLength(1);
  });

  it('a refused job gives its place back', async () => {
    const { limits } = begin();
    limits.initializing = 1;
    setup.tell('a', waits);
    setup.tell('b', waits);
    await setup.settle();
    setup.capacity.refuseInitialization('uid-a');
    setup.tell('a', { ...waits, build: { status: { phase: 'Queued', attempt: 1, queuedAt: ago(0) } } });
    await setup.settle();
    expect([setup.slots('a').initialize, setup.slots('b').initialize]).toContain('granted');
  });

  it('grants of a predecessor are kept, used or not, until its requests can no longer arrive', () => {
    setup = new Setup({ keepGrantsUntil: now + 10_000 });
    void setup.grants.add([{ uid: 'uid-a', attempt: 1 }]);
    setup.tell('a', runs);
    expect([...setup.grants.all()]).toHaveLength(1);
    setup.time += 10_000;
    setup.tell('a', runs);
    expect([...setup.grants.all()]).toEqual([]);
  });

  it('the place of a request that may still arrive stays taken, though the next try was used up', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const { limits } = begin();
    limits.initializing = 1;
    setup.tell('a', waits);
    await setup.settle();
    setup.capacity.doubtInitialization('uid-a');
    setup.capacity.releaseInitialization('uid-a');
    setup.tell('b', waits);
    await setup.settle();
    expect(setup.slots('b').initialize).toBe('waiting');
    setup.time += 20_000;
    jest.advanceTimersByTime(20_000);
    await setup.settle();
    expect(setup.slots('b').initialize).toBe('granted');
  });

  it('so does that of a request which a predecessor may have sent', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    setup = new Setup({ keepGrantsUntil: now + 10_000 });
    setup.limits.initializing = 1;
    await setup.grants.add([{ uid: 'uid-a', attempt: 1 }]);
    setup.capacity.begin();
    setup.capacity.releaseInitialization('uid-a');
    setup.tell('b', waits);
    await setup.settle();
    expect(setup.slots('b').initialize).toBe('waiting');
    setup.time += 10_000;
    jest.advanceTimersByTime(10_000);
    await setup.settle();
    expect(setup.slots('b').initialize).toBe('granted');
  });

  it('grants that cannot be stored are no grants, and are tried again', async () => {
    const failing = new MemoryGrants();
    const add = failing.add.bind(failing);
    let refusals = 1;
    failing.add = async (grants) => {
      if (refusals-- > 0) throw new Error('the Lease is lost');
      await add(grants);
    };
    begin({ grants: failing, onError: () => {} });
    setup.tell('a', waits);
    await expect(setup.settle()).rejects.toThrow('the Lease is lost');
    expect(setup.slots('a').initialize).toBe('waiting');
    await setup.settle();
    expect([...failing.all()]).toEqual([{ uid: 'uid-a', attempt: 1 }]);
  });

  it('a build that is gone gives back all that it had', async () => {
    const { limits, grants } = begin();
    limits.initializing = 1;
    setup.tell('a', waits);
    await setup.settle();
    setup.capacity.forget('uid-a');
    setup.tell('b', waits);
    await setup.settle();
    expect([...grants.all()].map(({ uid }) => uid)).toEqual(['uid-b']);
  });

  it('nothing is given while the operator is paused', async () => {
    begin();
    setup.isPaused = true;
    setup.tell('a', waits);
    await setup.settle();
    expect(setup.slots('a').initialize).toBe('waiting');
  });

  it('a limit that was raised gives places with the next look', async () => {
    const { limits } = begin();
    limits.initializing = 0;
    setup.tell('a', waits);
    await setup.settle();
    limits.initializing = 1;
    await setup.settle();
    expect(setup.slots('a').initialize).toBe('granted');
  });
});

describe('what a predecessor has sent', () => {
  it('may still arrive for a while, in which no place to start is given', async () => {
    begin({ givesFrom: now + 10_000 });
    setup.tell('a', wish);
    await setup.settle();
    expect(setup.slots('a').start).toBe('waiting');
    setup.time += 10_000;
    await setup.settle();
    expect(setup.slots('a').start).toBe('granted');
  });
});

describe('positions in the queue', () => {
  it('those of the first ten are shown every 10 s, those further back keep theirs', async () => {
    const { limits, enqueued } = begin();
    limits.initializing = 0;
    const names = Array.from({ length: 12 }, (_, index) => `b${String(index).padStart(2, '0')}`);
    for (const name of names) setup.tell(name, waits);
    await setup.settle();
    setup.capacity.showPositions((name) => observed({ build: { metadata: { name } } }).build);
    expect(enqueued).toEqual(names.slice(0, 10));
  });

  it('one that shows its position already is not looked at', async () => {
    const { limits, enqueued } = begin();
    limits.initializing = 0;
    setup.tell('a', waits);
    await setup.settle();
    setup.capacity.showPositions(
      () => observed({ build: { status: { phase: 'Queued', queuePosition: 1 } } }).build,
    );
    expect(enqueued).toEqual([]);
  });
});

describe('the order of the queue', () => {
  it('puts a build that comes back behind those that wait, before its status says so', async () => {
    const { limits } = begin();
    limits.initializing = 0;
    const created = { creationTimestamp: ago(3600) };
    setup.tell('waiting', {
      build: {
        metadata: { creationTimestamp: ago(1900) },
        status: { phase: 'Queued', attempt: 1, queuedAt: ago(1800) },
      },
      deployment: { initStatus: 'todo' },
    });
    setup.tell('lost', {
      build: { metadata: created, status: { phase: 'Initializing', initStatus: 'started', attempt: 1 } },
      deployment: { initStatus: 'todo' },
    });
    limits.initializing = 1;
    await setup.settle();
    expect([...setup.grants.all()].map(({ uid }) => uid)).toEqual(['uid-waiting']);
  });

  it('counts from its creation for a build without a status', async () => {
    const { limits } = begin();
    limits.initializing = 0;
    setup.tell('queued', {
      build: { status: { phase: 'Queued', attempt: 1, queuedAt: ago(60) } },
      deployment: { initStatus: 'todo' },
    });
    setup.tell('new', {
      build: { metadata: { creationTimestamp: ago(90) } },
      deployment: { initStatus: 'todo' },
    });
    limits.initializing = 1;
    await setup.settle();
    expect([...setup.grants.all()].map(({ uid }) => uid)).toEqual(['uid-new']);
  });
});

describe('the limit of started builds', () => {
  it('a place is given, and used before it can be seen', async () => {
    const { limits } = begin();
    limits.started = 1;
    setup.tell('a', wish);
    await setup.settle();
    setup.tell('b', wish);
    await setup.settle();
    expect([setup.slots('a').start, setup.slots('b').start]).toEqual(['granted', 'waiting']);
    expect(setup.stopped).toEqual([]);
  });

  it('the oldest is stopped for another, on the version that was seen, and once', async () => {
    begin();
    setup.tell('x', up(10));
    setup.tell('y', up(99));
    setup.tell('a', wish);
    await setup.settle();
    await setup.settle();
    expect(setup.stopped[0]).toMatchObject({ uid: 'uid-y', name: 'y', resourceVersion: 'rv-y' });
    expect(setup.slots('a').start).toBe('waiting');
  });

  it('the place is given when its former holder is down', async () => {
    const { limits } = begin();
    limits.started = 1;
    setup.tell('x', up(10));
    setup.tell('a', wish);
    await setup.settle();
    expect(setup.slots('a').start).toBe('waiting');
    setup.tell('x', idle(0));
    await setup.settle();
    expect(setup.slots('a').start).toBe('granted');
  });

  it('a start that nobody can make room for is told so, and again when that changes', async () => {
    const { limits, enqueued } = begin();
    limits.started = 1;
    setup.tell('x', up(10, true));
    setup.tell('a', wish);
    await setup.settle();
    expect(setup.slots('a').start).toBe('blocked');
    expect(enqueued).toEqual(['a']);
    setup.tell('x', up(10));
    await setup.settle();
    expect(setup.slots('a').start).toBe('waiting');
    expect(enqueued.filter((name) => name === 'a')).toHaveLength(2);
  });

  it('one that does not want to start any more gives its place back', async () => {
    const { limits } = begin();
    limits.started = 1;
    setup.tell('a', wish);
    await setup.settle();
    setup.tell('a', idle(5));
    setup.tell('b', wish);
    await setup.settle();
    expect(setup.slots('b').start).toBe('granted');
  });
});

describe('the limit of deployed builds', () => {
  it('the oldest idle builds go, on the version that was seen', async () => {
    const { limits } = begin();
    limits.deployed = 1;
    setup.tell('a', idle(10));
    setup.tell('b', idle(20));
    await setup.settle();
    expect(setup.deleted).toMatchObject([{ uid: 'uid-b', name: 'b', resourceVersion: 'rv-b' }]);
  });

  it.each<[string, ObservedParts]>([
    ['being deleted', { build: { metadata: { deletionTimestamp: ago(1) }, status: stoppedStatus } }],
    [
      'refused',
      {
        build: {
          status: {
            phase: 'Failed',
            conditions: [
              {
                type: 'Deployed',
                status: 'False',
                reason: 'BundleInvalid',
                message: 'It is.',
                lastTransitionTime: ago(9),
              },
            ],
          },
        },
        deployment: null,
      },
    ],
  ])('builds that do not count: %s', async (_which, parts) => {
    const { limits } = begin();
    limits.deployed = 1;
    setup.tell('a', idle(10));
    setup.tell('b', parts);
    await setup.settle();
    expect(setup.deleted).toEqual([]);
    expect(setup.capacity.counts().deployed.used).toBe(1);
  });

  it('a new build counts from its deployment on, so that one to be refused drives nobody away', async () => {
    const { limits } = begin();
    limits.deployed = 1;
    setup.tell('a', idle(10));
    setup.tell('new', { build: { metadata: { finalizers: [] } }, deployment: null });
    await setup.settle();
    expect(setup.deleted).toEqual([]);
    setup.tell('new', waits);
    await setup.settle();
    expect(setup.deleted).toMatchObject([{ name: 'a' }]);
  });

  it.each<[string, ObservedParts]>([
    ['runs', up(99)],
    ['is kept', { ...idle(99), build: { spec: { pr: 1, keep: true }, status: stoppedStatus } }],
    ['is asked to start', { ...idle(99), build: { spec: { pr: 1, replicas: 1 }, status: stoppedStatus } }],
    [
      'is to be reset',
      { ...idle(99), build: { spec: { pr: 1, resetRequestedAt: 'now' }, status: stoppedStatus } },
    ],
    ['is being initialised', runs],
    ['waits to be initialised', waits],
    [
      'is paused',
      {
        ...idle(99),
        build: {
          metadata: { annotations: { 'runboat.dev/paused': 'true' } },
          spec: { pr: 1 },
          status: stoppedStatus,
        },
      },
    ],
  ])('a build that %s stays', async (_state, parts) => {
    const { limits } = begin();
    limits.deployed = 0;
    setup.tell('a', parts);
    await setup.settle();
    expect(setup.deleted).toEqual([]);
  });

  it('what may not be deleted yet is looked at again by itself', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const { limits } = begin({ minimumAge: () => 900_500 });
    limits.deployed = 0;
    setup.tell('a', idle(10));
    await setup.settle();
    expect(setup.deleted).toEqual([]);
    setup.time += 1000;
    await jest.advanceTimersByTimeAsync(1000);
    await setup.capacity.settle();
    expect(setup.deleted.map(({ name }) => name)).toEqual(['a']);
  });
});

describe('the limit of cleanup jobs', () => {
  const leaves: ObservedParts = {
    build: {
      metadata: { deletionTimestamp: ago(9) },
      status: {
        phase: 'Undeploying',
        conditions: [
          {
            type: 'CleanedUp',
            status: 'False',
            reason: 'CleanupPending',
            message: 'It waits.',
            lastTransitionTime: ago(9),
          },
        ],
      },
    },
    facts: { noPodLeft: true },
  };

  it('places are given as far as they go, in the order in which they were asked', async () => {
    const { limits } = begin();
    limits.cleaning = 2;
    for (const name of ['c', 'b', 'a']) setup.tell(name, leaves);
    await setup.settle();
    expect(['c', 'b', 'a'].map((name) => setup.slots(name).cleanup)).toEqual([
      'granted',
      'granted',
      'waiting',
    ]);
  });

  it('jobs that run count, and one with its grant once', async () => {
    const { limits, cleaning } = begin();
    limits.cleaning = 2;
    cleaning.push({ uid: 'uid-x', attempt: 1 });
    setup.tell('a', leaves);
    await setup.settle();
    cleaning.push({ uid: 'uid-a', attempt: 1 });
    setup.tell('b', leaves);
    await setup.settle();
    expect(setup.slots('b').cleanup).toBe('waiting');
    expect(setup.capacity.counts().cleaning).toMatchObject({ used: 2 });
  });

  it('after a lost answer a place stays taken until the job cannot come any more', async () => {
    const { limits } = begin();
    limits.cleaning = 1;
    setup.tell('a', leaves);
    setup.tell('b', leaves);
    await setup.settle();
    setup.capacity.doubtCleanup('uid-a');
    const refused = {
      ...leaves,
      facts: { noPodLeft: true, cleanup: { refusal: refusal('CleanupFailed', 60) } },
    };
    setup.tell('a', refused);
    await setup.settle();
    expect(setup.slots('b').cleanup).toBe('waiting');
    setup.time += 20_000;
    setup.tell('a', refused);
    await setup.settle();
    expect(setup.slots('b').cleanup).toBe('granted');
  });

  it('a place is given back when its job could not be made', async () => {
    const { limits } = begin();
    limits.cleaning = 1;
    setup.tell('a', leaves);
    setup.tell('b', leaves);
    await setup.settle();
    setup.capacity.releaseCleanup('uid-a');
    setup.capacity.forget('uid-a');
    await setup.settle();
    expect(setup.slots('b').cleanup).toBe('granted');
  });
});
