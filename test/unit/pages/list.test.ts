import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../../gateway/ui/builds/arrange.js';
import { arrange } from '../../../gateway/ui/builds/arrange.js';
import { readAddress, withoutKey, writeAddress } from '../../../gateway/ui/builds/list-address.js';
import { RowLayout } from '../../../gateway/ui/builds/row-layout.js';
import { overviewOf } from '../../../gateway/ui/front/overview.js';
import { shownStateOf, stateDetail } from '../../../gateway/ui/state/display-state.js';
import type { Build } from '../../../gateway/ui/store/build-store.js';
import { directoryOf, record } from '../gateway/builders.js';

/** A build as events carry it. */
function build(parts: Parameters<typeof record>[0]): Build {
  const made = record(parts);
  return directoryOf([made]).directory.describe(made);
}

describe('Rows of the list', () => {
  it('hold every build once, below its repository, whatever the builds are', () => {
    const identity = fc.record({
      repo: fc.constantFrom('oca/web', 'oca/account', 'x/y'),
      targetBranch: fc.constantFrom('16.0', '17.0', '9.0', 'main'),
      pr: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(identity, { maxLength: 40 }), (identities) => {
        const builds = identities.map((spec, index) =>
          build({ name: `b${index}`, spec: { ...spec, pr: spec.pr as never } }),
        );
        const rows = arrange(builds);
        expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
        const named = rows.flatMap((row) => (row.kind === 'build' ? [row.key] : []));
        expect(named.sort()).toEqual(builds.map(({ name }) => name).sort());
        let repo = '';
        for (const row of rows) {
          if (row.kind === 'repo') repo = row.repo;
          if (row.kind === 'build') expect(row.build.commit_info.repo).toBe(repo);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('The layout of rows', () => {
  const rows: Row[] = [
    { kind: 'repo', key: 'r', repo: 'oca/web', builds: [] },
    { kind: 'build', key: 'a', build: build({ name: 'a' }), isNewest: true },
    { kind: 'branch', key: 'b', branch: '16.0', link: '' },
    { kind: 'build', key: 'c', build: build({ name: 'c' }), isNewest: true },
  ];
  const layout = new RowLayout(rows, { repo: 60, branch: 40, build: 44 });

  it('knows which row is at a distance from the top', () => {
    expect(layout.height).toBe(188);
    const at = [-5, 0, 59, 60, 103, 104, 143, 144, 187, 500].map((distance) => layout.at(distance));
    expect(at).toEqual([0, 0, 0, 1, 1, 2, 2, 3, 3, 3]);
  });

  it('knows the next row with a build', () => {
    expect([layout.nextBuild(-1, 1), layout.nextBuild(1, 1), layout.nextBuild(3, 1)]).toEqual([1, 3, -1]);
    expect([layout.nextBuild(3, -1), layout.nextBuild(1, -1)]).toEqual([1, -1]);
    expect([layout.indexOf('c'), layout.indexOf('x'), layout.indexOf(undefined)]).toEqual([3, -1, -1]);
  });
});

describe('The address of the list', () => {
  it.each([
    '',
    '?repo=oca%2Fweb&pr=3',
    '?branch=16.0&status=failed&q=disk+full',
    '?target_branch=a%26b&build_name=x',
  ])('is read and written alike: %s', (address) => {
    expect(writeAddress(readAddress(address))).toBe(address);
  });

  it('takes the last of a repeated parameter, and an empty one for none, as the API does', () => {
    expect(readAddress('?repo=a&repo=b&branch=&evil=1').query).toEqual({ repo: 'b' });
  });

  it('gives up one part and keeps the others', () => {
    expect(writeAddress(withoutKey(readAddress('?repo=a&pr=3&q=x'), 'repo'))).toBe('?pr=3&q=x');
  });
});

describe('The state that is shown', () => {
  const status = { phase: 'Queued', queuedAt: '2026-01-01T00:00:00Z' } as const;

  it('is waiting until there is a job, and then initialising', () => {
    expect(shownStateOf(build({}))).toBe('waiting');
    expect(shownStateOf(build({ status }))).toBe('waiting');
    expect(shownStateOf(build({ status: { ...status, initStatus: 'failed' } }))).toBe('waiting');
    expect(shownStateOf(build({ status: { phase: 'Initializing', initStatus: 'started' } }))).toBe(
      'initializing',
    );
    expect(shownStateOf(build({ status: { phase: 'Failed' } }))).toBe('failed');
    expect(shownStateOf(build({ deleting: true }))).toBe('undeploying');
  });

  it('comes with the place in the queue, or the time since the initialisation began', () => {
    expect(stateDetail(build({ status }), 0)).toBe('place 1');
    const initStartedAt = '2026-01-01T00:00:00Z';
    const running = build({ status: { phase: 'Initializing', initStatus: 'started', initStartedAt } });
    expect(stateDetail(running, Date.parse(initStartedAt) + 125_000)).toBe('2 min');
    expect(stateDetail(build({ status: { phase: 'Started' } }), 0)).toBe('');
  });
});

describe('The overview', () => {
  it('has what is initialised, the longest first, before what waits, the next one first', () => {
    const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
    const running = (name: string, minute: number) =>
      build({ name, status: { phase: 'Initializing', initStatus: 'started', initStartedAt: at(minute) } });
    const queued = (name: string, place: number): Build => ({
      ...build({ name, status: { phase: 'Queued' } }),
      queue_position: place,
    });
    const { queue, repos } = overviewOf([queued('d', 2), running('b', 5), queued('c', 1), running('a', 1)]);
    expect(queue.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
    expect(repos.map(({ name, builds }) => [name, builds.length])).toEqual([['oca/web', 4]]);
  });
});
