import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type BuildIdentity,
  chooseBuildName,
  deriveBuildName,
  firstBuildName,
  hashedBuildName,
  identityOf,
  type NameHolder,
  sameIdentity,
  settingsSecretName,
  slug,
} from '../../../crds/names.js';

const validName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const commit = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';

function identity(changes: Partial<BuildIdentity> = {}): BuildIdentity {
  return { repo: 'oca/mis-builder', targetBranch: '16.0', pr: null, commit, ...changes };
}

function sha8(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function living(of: BuildIdentity, uid: string): NameHolder {
  return { identity: of, uid, deleting: false };
}

function deleting(of: BuildIdentity, uid: string): NameHolder {
  return { identity: of, uid, deleting: true };
}

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });

const anyIdentity: fc.Arbitrary<BuildIdentity> = fc.record({
  repo: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 140 }),
    fc.stringMatching(/^[a-z0-9._-]{1,30}\/[a-z0-9._-]{1,60}$/),
  ),
  targetBranch: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 255 }),
    fc.stringMatching(/^[A-Za-z0-9._/-]{1,60}$/),
  ),
  pr: fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
  commit: fc.oneof(hex(40), hex(64)),
});

describe('slug', () => {
  it.each([
    ['OCA/mis-builder', 'oca-mis-builder'],
    ['16.0', '16-0'],
    ['--feature//Ünïcode__x--', 'feature-n-code-x'],
    ['...', ''],
    ['', ''],
    ['a', 'a'],
  ])('of %j is %j', (text, expected) => {
    expect(slug(text)).toBe(expected);
  });

  it('has only lower case letters and digits with single hyphens between, and is its own slug', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(slug(text)).toMatch(/^([a-z0-9]+(-[a-z0-9]+)*)?$/);
        expect(slug(slug(text))).toBe(slug(text));
      }),
    );
  });
});

describe('the plain name', () => {
  it('joins repository, branch and twelve digits of the commit', () => {
    expect(deriveBuildName(identity())).toBe('oca-mis-builder-16-0-1a2b3c4d5e6f');
  });

  it('has the pull request before the commit', () => {
    expect(deriveBuildName(identity({ pr: 12 }))).toBe('oca-mis-builder-16-0-pr12-1a2b3c4d5e6f');
  });

  it('leaves out empty parts', () => {
    expect(deriveBuildName(identity({ repo: '_/_', targetBranch: '...', pr: 3 }))).toBe('pr3-1a2b3c4d5e6f');
  });

  it('gets b- in front when it would begin with a digit', () => {
    expect(deriveBuildName(identity({ repo: '3dprint/x' }))).toBe('b-3dprint-x-16-0-1a2b3c4d5e6f');
    expect(deriveBuildName(identity({ repo: '_/_', targetBranch: '_' }))).toBe('b-1a2b3c4d5e6f');
  });
});

describe('the hashed name', () => {
  it('ends with the hash of the identity, with nothing for a missing pull request', () => {
    expect(hashedBuildName(identity())).toBe(
      `oca-mis-builder-16-0-1a2b3c4d5e6f-${sha8(`oca/mis-builder\n16.0\n\n${commit}`)}`,
    );
    expect(hashedBuildName(identity({ pr: 12 }))).toBe(
      `oca-mis-builder-16-0-pr12-1a2b3c4d5e-${sha8(`oca/mis-builder\n16.0\n12\n${commit}`)}`,
    );
  });

  it('covers the UID of the object that is being deleted, on a line of its own', () => {
    expect(hashedBuildName(identity(), 'uid-1')).toBe(
      `oca-mis-builder-16-0-1a2b3c4d5e6f-${sha8(`oca/mis-builder\n16.0\n\n${commit}\nuid-1`)}`,
    );
  });

  it('has no two hyphens where a cut fell on one', () => {
    const cutAtHyphen = identity({ repo: `o/${'x'.repeat(33)}`, targetBranch: 'main' });
    expect(deriveBuildName(cutAtHyphen)[35]).toBe('-');
    expect(hashedBuildName(cutAtHyphen)).toMatch(/^o-x{33}-[0-9a-f]{8}$/);
  });
});

describe('every name', () => {
  it('is valid and at most 45 characters, whatever the identity', () => {
    fc.assert(
      fc.property(anyIdentity, fc.option(fc.uuid(), { nil: undefined }), (of, uid) => {
        for (const name of [firstBuildName(of), hashedBuildName(of, uid)]) {
          expect(name).toMatch(validName);
          expect(name.length).toBeLessThanOrEqual(45);
        }
      }),
    );
  });

  it('is the plain one exactly when that has at most 45 characters', () => {
    const at45 = identity({ repo: `o/${'x'.repeat(25)}` });
    const at46 = identity({ repo: `o/${'x'.repeat(26)}` });
    expect(deriveBuildName(at45)).toHaveLength(45);
    expect(firstBuildName(at45)).toBe(deriveBuildName(at45));
    expect(deriveBuildName(at46)).toHaveLength(46);
    expect(firstBuildName(at46)).toBe(hashedBuildName(at46));
  });
});

describe('the choice of a name', () => {
  const plain = deriveBuildName(identity());

  it('is the plain name when it is free', () => {
    expect(chooseBuildName(identity(), () => undefined)).toEqual({ name: plain, exists: false });
  });

  it('finds the build that exists already', () => {
    const holders = new Map([[plain, living(identity(), 'u1')]]);
    expect(chooseBuildName(identity(), (name) => holders.get(name))).toEqual({ name: plain, exists: true });
  });

  it.each([
    ['16.0 and 16-0', identity(), identity({ targetBranch: '16-0' })],
    ['a/b-c and a-b/c', identity({ repo: 'a/b-c' }), identity({ repo: 'a-b/c' })],
  ])('is the hashed name when another identity has the plain one: %s', (_title, mine, other) => {
    expect(deriveBuildName(mine)).toBe(deriveBuildName(other));
    const holders = new Map([[deriveBuildName(other), living(other, 'u1')]]);
    const choice = chooseBuildName(mine, (name) => holders.get(name));
    expect(choice).toEqual({ name: hashedBuildName(mine), exists: false });
    holders.set(choice.name, living(mine, 'u2'));
    expect(chooseBuildName(mine, (name) => holders.get(name))).toEqual({ ...choice, exists: true });
  });

  it('covers the UID of an object that is being deleted under the plain name', () => {
    const holders = new Map([[plain, deleting(identity(), 'u1')]]);
    expect(chooseBuildName(identity(), (name) => holders.get(name)).name).toBe(
      hashedBuildName(identity(), 'u1'),
    );
  });

  it('covers the UID of an object that is being deleted under the hashed name', () => {
    const long = identity({ repo: `o/${'x'.repeat(40)}` });
    const holders = new Map([[hashedBuildName(long), deleting(long, 'u1')]]);
    expect(chooseBuildName(long, (name) => holders.get(name)).name).toBe(hashedBuildName(long, 'u1'));
  });

  it('goes on to a third name when the second is being deleted too', () => {
    const second = hashedBuildName(identity(), 'u1');
    const holders = new Map([
      [plain, deleting(identity(), 'u1')],
      [second, deleting(identity(), 'u2')],
    ]);
    expect(chooseBuildName(identity(), (name) => holders.get(name)).name).toBe(
      hashedBuildName(identity(), 'u2'),
    );
  });

  it('passes a living build of another identity that happens to have the hashed name', () => {
    const other = identity({ targetBranch: '16-0' });
    const holders = new Map([
      [plain, living(other, 'u1')],
      [hashedBuildName(identity()), living(other, 'u2')],
    ]);
    expect(chooseBuildName(identity(), (name) => holders.get(name)).name).toBe(
      hashedBuildName(identity(), 'u2'),
    );
  });

  it('never takes a name that stands, and makes one build of an identity however often it is asked', () => {
    const request = fc.record({
      of: fc.record({
        repo: fc.constantFrom('a/b-c', 'a-b/c', `a/${'b'.repeat(40)}`),
        targetBranch: fc.constantFrom('16.0', '16-0'),
        pr: fc.constantFrom(null, 1),
        commit: fc.constant(commit),
      }),
      thenDelete: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
        const holders = new Map<string, NameHolder>();
        for (const [index, { of, thenDelete }] of requests.entries()) {
          const choice = chooseBuildName(of, (name) => holders.get(name));
          const before = [...holders.values()].filter((h) => !h.deleting && sameIdentity(h.identity, of));
          expect(choice.exists).toBe(before.length === 1);
          expect(holders.has(choice.name)).toBe(choice.exists);
          const uid = holders.get(choice.name)?.uid ?? `uid-${index}`;
          holders.set(choice.name, { identity: of, uid, deleting: thenDelete });
        }
      }),
    );
  });
});

describe('identity', () => {
  it('is taken from the spec, with null for a missing pull request', () => {
    const spec = { repo: 'oca/mis-builder', targetBranch: '16.0', commit };
    expect(identityOf({ spec })).toEqual(identity());
    expect(identityOf({ spec: { ...spec, pr: 12 } })).toEqual(identity({ pr: 12 }));
  });

  it.each([
    [{ repo: 'a/b' }],
    [{ targetBranch: '17.0' }],
    [{ pr: 1 }],
    [{ commit: commit.replace('1', '2') }],
  ])('differs when %j does', (change) => {
    expect(sameIdentity(identity(), identity())).toBe(true);
    expect(sameIdentity(identity(), identity(change))).toBe(false);
  });
});

it('the settings of a build are recorded in the Secret NAME-runboat', () => {
  expect(settingsSecretName('x')).toBe('x-runboat');
});
