import { describe, expect, it } from '@jest/globals';
import type { BuildJson } from '../../../gateway/builds/build-json.js';
import { expectedTime } from '../../../gateway/ui/build/expected-time.js';
import { lineHash, parseLineHash } from '../../../gateway/ui/build/log/line-hash.js';
import { SeenBuilds } from '../../../gateway/ui/build/seen-builds.js';
import { timelineOf } from '../../../gateway/ui/build/timeline.js';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 2, 3, minute)).toISOString().replace('.000', '');

function build(parts: Partial<BuildJson> = {}): BuildJson {
  const created = at(0);
  return {
    name: 'b',
    commit_info: { repo: 'oca/web', target_branch: '16.0', pr: null, git_commit: 'c'.repeat(40) },
    status: 'stopped',
    init_status: 'succeeded',
    created,
    last_scaled: created,
    queued_at: at(1),
    init_started_at: at(3),
    initialized_at: at(8),
    ready_at: null,
    ...parts,
  } as BuildJson;
}

const brief = (made: BuildJson) =>
  timelineOf(made).map(
    ({ key, state, took }) => `${key} ${state}${took === null ? '' : ` ${took / 60_000}`}`,
  );

describe('The way of a build', () => {
  it.each<[string, Partial<BuildJson>, string[]]>([
    [
      'that waits',
      { status: 'initializing', init_status: 'todo', init_started_at: null, initialized_at: null },
      ['created done 1', 'queued now', 'initialising todo', 'ready todo', 'started todo'],
    ],
    [
      'that the operator has not seen yet',
      {
        status: 'initializing',
        init_status: 'todo',
        queued_at: null,
        init_started_at: null,
        initialized_at: null,
      },
      ['created done', 'queued now', 'initialising todo', 'ready todo', 'started todo'],
    ],
    [
      'that is being initialised',
      { status: 'initializing', init_status: 'started', initialized_at: null },
      ['created done 1', 'queued done 2', 'initialising now', 'ready todo', 'started todo'],
    ],
    [
      'that was initialised at once',
      { queued_at: null },
      ['created done 3', 'queued skipped', 'initialising done 5', 'ready done', 'started todo'],
    ],
    [
      'that failed',
      { status: 'failed', init_status: 'failed' },
      ['created done 1', 'queued done 2', 'initialising done 5', 'failed now'],
    ],
    [
      'that was refused',
      { status: 'failed', init_status: 'todo', queued_at: null, init_started_at: null, initialized_at: null },
      ['created done', 'queued skipped', 'initialising skipped', 'failed now'],
    ],
    [
      'that was adopted when it had failed',
      { status: 'failed', init_status: 'failed', queued_at: null, init_started_at: null },
      ['created done', 'queued skipped', 'initialising done', 'failed now'],
    ],
    [
      'that was adopted while it was being initialised',
      {
        status: 'initializing',
        init_status: 'started',
        queued_at: null,
        init_started_at: null,
        initialized_at: null,
      },
      ['created done', 'queued skipped', 'initialising now', 'ready todo', 'started todo'],
    ],
    [
      'that starts',
      { status: 'starting', last_scaled: at(20) },
      ['created done 1', 'queued done 2', 'initialising done 5', 'ready done', 'starting now'],
    ],
    [
      'that is started',
      { status: 'started', last_scaled: at(20), ready_at: at(21) },
      ['created done 1', 'queued done 2', 'initialising done 5', 'ready done', 'started now'],
    ],
    [
      'that was started and stopped',
      { status: 'stopped', ready_at: at(21), last_scaled: at(31) },
      [
        'created done 1',
        'queued done 2',
        'initialising done 5',
        'ready done',
        'started done 10',
        'stopped now',
      ],
    ],
    [
      'whose times are no times',
      { created: '', last_scaled: 'x', queued_at: 'x', init_started_at: '', initialized_at: null },
      ['created done', 'queued skipped', 'initialising done', 'ready todo', 'started todo'],
    ],
  ])('%s', (_which, parts, steps) => {
    expect(brief(build(parts))).toEqual(steps);
  });
});

describe('The time that an initialisation is expected to take', () => {
  const earlier = (name: string, minutes: number, parts: Partial<BuildJson> = {}) =>
    build({ name, init_started_at: at(0), initialized_at: at(minutes), ...parts });
  const ofBranch = (target_branch: string) => ({ commit_info: { ...build().commit_info, target_branch } });

  it('is the median of those of its branch that succeeded', () => {
    const builds = [
      earlier('x', 4),
      earlier('y', 6),
      earlier('z', 50),
      earlier('failed', 1, { init_status: 'failed' }),
      earlier('other', 2, ofBranch('17.0')),
      earlier('b', 1),
    ];
    expect(expectedTime(build(), builds)).toBe(6 * 60_000);
  });

  it('is that of other branches when its own has none, and unknown without any', () => {
    expect(expectedTime(build(), [earlier('x', 4, ofBranch('17.0'))])).toBe(4 * 60_000);
    expect(expectedTime(build(), [])).toBeUndefined();
    expect(expectedTime(build(), [build({ name: 'x', initialized_at: null })])).toBeUndefined();
  });
});

describe('The lines that an address points at', () => {
  it.each([
    ['#L12', { from: 12, to: 12 }],
    ['#L12-L20', { from: 12, to: 20 }],
    ['#L20-12', { from: 12, to: 20 }],
  ])('are read from %s', (hash, range) => {
    expect(parseLineHash(hash)).toEqual(range);
    expect(parseLineHash(lineHash(range))).toEqual(range);
  });

  it.each(['', '#L0', '#Lx', '#L1-', '#facts', '#L99999999999'])('are none in %j', (hash) => {
    expect(parseLineHash(hash)).toBeUndefined();
  });
});

describe('The builds that were seen', () => {
  const memory = () => {
    const kept = new Map<string, string>();
    return {
      kept,
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
  };

  it('are remembered as they were last', () => {
    const seen = new SeenBuilds(memory());
    seen.remember(build(), 1);
    seen.remember(build({ status: 'undeploying' }), 2);
    expect(seen.get('b')).toMatchObject({ status: 'undeploying', repo: 'oca/web', pr: null, at: 2 });
    expect(seen.get('c')).toBeUndefined();
  });

  it('are the newest 200', () => {
    const seen = new SeenBuilds(memory());
    for (let index = 0; index < 201; index++) seen.remember(build({ name: `b${index}` }), index);
    expect([seen.get('b0'), seen.get('b1')?.name]).toEqual([undefined, 'b1']);
  });

  it.each(['', '{', 'null', '{"a":1}', '[null, 1, {"name": "b"}]'])('are none where %j stands', (text) => {
    const kept = memory();
    kept.kept.set('runboat.seen', text);
    expect(new SeenBuilds(kept).get('b')).toBeUndefined();
  });

  it('are none in a browser that stores nothing', () => {
    const refuse = () => {
      throw new Error('denied');
    };
    const seen = new SeenBuilds({ getItem: refuse, setItem: refuse });
    seen.remember(build(), 1);
    expect(seen.get('b')).toBeUndefined();
  });
});
