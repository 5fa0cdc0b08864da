import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  countAttempts,
  type DeployedBuild,
  decideDeletions,
  decideStarts,
  grantCleanups,
  grantInitializations,
  type ScaledUpBuild,
  type StartingBuild,
  type WaitingBuild,
} from '../../../operator/limits.js';
import { ago, now } from '../../support/observed.js';

const letters = 'abcdefghij'.split('');
const letter = fc.constantFrom(...letters);

function waiting(name: string, notBefore = 0): WaitingBuild {
  const order = { priority: 0, queuedAt: ago(60), creationTimestamp: ago(90) };
  return { uid: `uid-${name}`, name, attempt: 1, notBefore, ...order };
}

function starting(name: string, since = now): StartingBuild {
  return { uid: `uid-${name}`, name, since };
}

function scaledUp(name: string, parts: Partial<ScaledUpBuild> = {}): ScaledUpBuild {
  const state = { lastScaled: ago(60), keep: false, stopping: false };
  return { uid: `uid-${name}`, name, resourceVersion: `rv-${name}`, ...state, ...parts };
}

function deployed(name: string, parts: Partial<DeployedBuild> = {}): DeployedBuild {
  return {
    uid: `uid-${name}`,
    name,
    resourceVersion: `rv-${name}`,
    creationTimestamp: ago(9000),
    lastScaled: undefined,
    branch: undefined,
    idle: true,
    initializedAt: ago(8000),
    ...parts,
  };
}

const namesOf = (builds: readonly { name: string }[]) => builds.map(({ name }) => name).join('');

describe('places for initialisations', () => {
  const queue = letters.map((name) => waiting(name));
  const used = (...names: string[]) => names.map((name) => ({ uid: `uid-${name}`, attempt: 1 }));
  it.each([
    ['as many as are free, in the order of the queue', used('x'), 3, 'ab'],
    ['none when all are used', used('x', 'y'), 2, ''],
    ['none when more are used than a lowered limit allows', used('x', 'y', 'z'), 1, ''],
    ['none with limit 0, which pauses', [], 0, ''],
    ['a grant and its job count once', used('x', 'x'), 2, 'a'],
    [
      'another attempt of the same build counts as one more',
      [...used('x'), { uid: 'uid-x', attempt: 2 }],
      2,
      '',
    ],
  ])('%s', (_case, taken, limit, expected) => {
    expect(namesOf(grantInitializations(queue, taken, limit, now))).toBe(expected);
  });

  it('those that were refused lately let others go first until their time', () => {
    const order = [waiting('a', now + 1), waiting('b', now), waiting('c')];
    expect(namesOf(grantInitializations(order, [], 2, now))).toBe('bc');
    expect(namesOf(grantInitializations(order, [], 2, now + 1))).toBe('ab');
  });

  it('are never more than the limit together with what is used, and none is free while somebody may have it', () => {
    const attempts = fc.array(fc.record({ uid: letter, attempt: fc.nat(2) }), { maxLength: 8 });
    const order = fc.uniqueArray(letter).map((names) => names.map((name) => waiting(name)));
    fc.assert(
      fc.property(order, attempts, fc.nat(6), (builds, taken, limit) => {
        const granted = grantInitializations(builds, taken, limit, now);
        const free = Math.max(0, limit - countAttempts(taken));
        expect(granted).toEqual(builds.slice(0, free));
      }),
    );
  });
});

describe('places for started builds', () => {
  it.each<
    [string, StartingBuild[], ScaledUpBuild[], number, { grants: string; stops: string; blocked: string }]
  >([
    ['a free place is given', [starting('a')], [scaledUp('x')], 2, { grants: 'a', stops: '', blocked: '' }],
    [
      'who asked first is first, then by name',
      [starting('c', now), starting('b', now), starting('a', now + 1)],
      [],
      2,
      { grants: 'bc', stops: '', blocked: 'a' },
    ],
    [
      'with no free place the oldest goes down, and nobody comes up before it is down',
      [starting('a')],
      [scaledUp('x', { lastScaled: ago(10) }), scaledUp('y', { lastScaled: ago(99) })],
      2,
      { grants: '', stops: 'y', blocked: '' },
    ],
    [
      'the name decides among those scaled at the same time',
      [starting('a')],
      [scaledUp('y'), scaledUp('x')],
      2,
      { grants: '', stops: 'x', blocked: '' },
    ],
    [
      'one that is on its way down is not answered with another stop',
      [starting('a')],
      [scaledUp('x', { stopping: true }), scaledUp('y', { lastScaled: ago(99) })],
      2,
      { grants: '', stops: '', blocked: '' },
    ],
    [
      'what is to be kept is not stopped, so the start is blocked',
      [starting('a')],
      [scaledUp('x', { keep: true })],
      1,
      { grants: '', stops: '', blocked: 'a' },
    ],
    [
      'a lowered limit stops the oldest, without any start',
      [],
      [
        scaledUp('x', { lastScaled: ago(1) }),
        scaledUp('y', { lastScaled: ago(2) }),
        scaledUp('z', { lastScaled: ago(3) }),
      ],
      1,
      { grants: '', stops: 'zy', blocked: '' },
    ],
    [
      'limit 0 stops all and blocks all',
      [starting('a')],
      [scaledUp('x')],
      0,
      { grants: '', stops: 'x', blocked: 'a' },
    ],
    [
      'one that was never scaled is older than all others',
      [starting('a')],
      [scaledUp('x', { lastScaled: ago(99) }), scaledUp('y', { lastScaled: undefined })],
      2,
      { grants: '', stops: 'y', blocked: '' },
    ],
  ])('%s', (_case, asking, up, limit, expected) => {
    const { grants, stops, blocked } = decideStarts(asking, up, limit);
    expect({ grants: namesOf(grants), stops: namesOf(stops), blocked: namesOf(blocked) }).toEqual(expected);
  });

  it('a stop names the version that it was decided on', () => {
    expect(decideStarts([starting('a')], [scaledUp('x')], 1).stops[0]?.resourceVersion).toBe('rv-x');
  });

  const up = fc.record({
    keep: fc.boolean(),
    stopping: fc.boolean(),
    lastScaled: fc.nat(9).map((age) => ago(age)),
  });
  const situation = fc.record({
    asking: fc.uniqueArray(letter, { maxLength: 5 }),
    up: fc.array(up, { maxLength: 6 }),
    limit: fc.nat(6),
  });

  it('never exceed the limit, never stop what is kept or stops already, and are given while there are any', () => {
    fc.assert(
      fc.property(situation, ({ asking, up: states, limit }) => {
        const running = states.map((state, index) => scaledUp(`up${index}`, state));
        const { grants, stops } = decideStarts(
          asking.map((name) => starting(name)),
          running,
          limit,
        );
        const free = Math.max(0, limit - running.length);
        expect(grants.length).toBe(Math.min(free, asking.length));
        const stopped = running.filter(({ uid }) => stops.some((target) => target.uid === uid));
        expect(stopped.some(({ keep, stopping }) => keep || stopping)).toBe(false);
      }),
    );
  });

  it('come to every build or it is told that it is blocked, when all that were decided to stop have stopped', () => {
    fc.assert(
      fc.property(situation, ({ asking, up: states, limit }) => {
        let running = states.map((state, index) => scaledUp(`up${index}`, state));
        let wanting = asking.map((name) => starting(name));
        for (let round = 0; round < 20; round++) {
          const { grants, stops } = decideStarts(wanting, running, limit);
          const leaving = new Set(stops.map(({ uid }) => uid));
          running = running.filter(({ uid, stopping }) => !leaving.has(uid) && !stopping);
          const granted = grants.map(({ name }) => scaledUp(name, { keep: true }));
          running = [...running, ...granted];
          wanting = wanting.filter((build) => !grants.includes(build));
        }
        expect(new Set(wanting)).toEqual(new Set(decideStarts(wanting, running, limit).blocked));
        expect(running.filter(({ keep }) => !keep).length === 0 || running.length <= limit).toBe(true);
      }),
    );
  });
});

describe('builds that are deleted because too many lie deployed', () => {
  const minimumAge = 600_000;
  const chosen = (builds: DeployedBuild[], limit: number) =>
    namesOf(decideDeletions(builds, limit, minimumAge, now));

  it.each<[string, DeployedBuild[], number, string]>([
    ['none within the limit', [deployed('a'), deployed('b')], 2, ''],
    [
      'the oldest by last scaling',
      [deployed('a', { lastScaled: ago(10) }), deployed('b', { lastScaled: ago(20) })],
      1,
      'b',
    ],
    [
      'the creation counts for one that was never scaled',
      [deployed('a', { lastScaled: ago(30) }), deployed('b', { creationTimestamp: ago(20) })],
      1,
      'a',
    ],
    ['the name decides among equals', [deployed('b'), deployed('a')], 1, 'a'],
    [
      'as many as are too many',
      [deployed('a', { lastScaled: ago(30) }), deployed('b', { lastScaled: ago(20) }), deployed('c')],
      1,
      'ca',
    ],
    [
      'none that runs, is kept or is asked to start',
      [deployed('a', { idle: false }), deployed('b', { idle: false })],
      1,
      '',
    ],
    [
      'none within the minimum age of its initialisation',
      [deployed('a', { initializedAt: ago(599) }), deployed('b', { initializedAt: ago(1) })],
      1,
      '',
    ],
    [
      'one that reaches the minimum age',
      [deployed('a', { initializedAt: ago(600) }), deployed('b', { initializedAt: ago(599) })],
      1,
      'a',
    ],
    [
      'never the newest of a branch, though it is oldest in use',
      [
        deployed('a', { branch: 'x', lastScaled: ago(90), creationTimestamp: ago(100) }),
        deployed('b', { branch: 'x', creationTimestamp: ago(200) }),
      ],
      1,
      'b',
    ],
    [
      'the newest of each branch stays, so the number may stay above the limit',
      [deployed('a', { branch: 'x' }), deployed('b', { branch: 'y' })],
      1,
      '',
    ],
    [
      'among those created in the same second the last name is the newest',
      [deployed('b', { branch: 'x' }), deployed('a', { branch: 'x' })],
      1,
      'a',
    ],
    ['pull requests have no protected newest', [deployed('a')], 0, 'a'],
    [
      'one that is being used does not protect the newest that is idle, nor is it replaced as the newest',
      [
        deployed('a', { branch: 'x', creationTimestamp: ago(100) }),
        deployed('b', { branch: 'x', creationTimestamp: ago(200), idle: false }),
      ],
      1,
      '',
    ],
  ])('%s', (_case, builds, limit, expected) => {
    expect(chosen(builds, limit)).toBe(expected);
  });

  it('are the oldest that may go, and never more than are too many', () => {
    const build = fc.record({
      idle: fc.boolean(),
      branch: fc.constantFrom(undefined, 'x', 'y'),
      creationTimestamp: fc.nat(5).map((age) => ago(9000 + age)),
      lastScaled: fc.option(
        fc.nat(5).map((age) => ago(700 + age)),
        { nil: undefined },
      ),
      initializedAt: fc.constantFrom(ago(599), ago(601)),
    });
    fc.assert(
      fc.property(fc.array(build, { maxLength: 9 }), fc.nat(6), (parts, limit) => {
        const builds = parts.map((part, index) => deployed(`b${index}`, part));
        const targets = decideDeletions(builds, limit, minimumAge, now);
        const gone = builds.filter(({ uid }) => targets.some((target) => target.uid === uid));
        const left = builds.filter((other) => !gone.includes(other));
        expect(gone.length).toBeLessThanOrEqual(Math.max(0, builds.length - limit));
        expect(gone.every(({ idle, initializedAt }) => idle && initializedAt === ago(601))).toBe(true);
        for (const { branch } of gone)
          expect(branch === undefined || left.some((other) => other.branch === branch)).toBe(true);
      }),
    );
  });
});

describe('places for cleanup jobs', () => {
  it.each([
    ['as many as are free, in the order in which they were asked', 1, 3, ['a', 'b']],
    ['none when all are used', 3, 3, []],
    ['none when more run than a lowered limit allows', 5, 3, []],
  ])('%s', (_case, running, limit, expected) => {
    expect(grantCleanups(['a', 'b', 'c'], running, limit)).toEqual(expected);
  });
});
