import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { INITIALIZED_MESSAGE } from '../../../crds/conditions.js';
import { countBuilds } from '../../../gateway/builds/build-counts.js';
import { buildJson, listedJson } from '../../../gateway/builds/build-json.js';
import { recordOf } from '../../../gateway/builds/build-record.js';
import { stateOf } from '../../../gateway/builds/build-state.js';
import { filterOf } from '../../../gateway/builds/filter-of-query.js';
import { parseIdentity } from '../../../gateway/builds/identity.js';
import { queryReader } from '../../../gateway/openapi/read-query.js';
import type { KubeObject } from '../../../lib/kube/types.js';
import { directoryOf, record, SETTINGS } from './builders.js';

describe('The state of a build', () => {
  it.each([
    [undefined, 'initializing'],
    ['Queued', 'initializing'],
    ['Initializing', 'initializing'],
    ['Stopped', 'stopped'],
    ['Starting', 'starting'],
    ['Started', 'started'],
    ['Stopping', 'stopping'],
    ['Failed', 'failed'],
    ['Undeploying', 'undeploying'],
    ['SomethingNew' as 'Stopped', 'initializing'],
  ] as const)('in phase %s is %s, and undeploying once it is being deleted', (phase, state) => {
    const status = phase === undefined ? {} : { phase };
    expect(stateOf(record({ status }))).toBe(state);
    expect(stateOf(record({ status, deleting: true }))).toBe('undeploying');
  });
});

describe('A record', () => {
  it('is made of any object that anybody could have written, without a failure', () => {
    const junk = fc.oneof(fc.constant(undefined), fc.object());
    fc.assert(
      fc.property(junk, junk, (spec, status) => {
        const metadata = { name: 'x', uid: 'u', resourceVersion: '1' };
        const made = recordOf({
          metadata,
          ...(spec && { spec }),
          ...(status && { status: { ...status, conditions: [] } }),
        } as KubeObject);
        expect(made.metadata.name).toBe('x');
      }),
    );
  });
});

describe('The message of a build', () => {
  type Type = 'Deployed' | 'Initialized' | 'Ready';
  const says = (type: Type, status: 'True' | 'False', reason: string, message: string) => {
    return { type, status, reason, message, lastTransitionTime: '2026-01-02T03:04:05Z' };
  };
  const initialized = says('Initialized', 'True', 'InitSucceeded', 'Only the base database serves.');
  const plain = says('Initialized', 'True', 'InitSucceeded', INITIALIZED_MESSAGE);
  const stopped = says('Ready', 'False', 'Stopped', 'The build is stopped.');
  const crashes = says('Ready', 'False', 'CrashLoopBackOff', 'It ends again and again.');
  const refused = says('Deployed', 'False', 'NoMatchingRule', 'No rule matches.');

  it.each([
    ['what its bundle told of the initialisation', [initialized, stopped], 'Only the base database serves.'],
    ['how it is, when its bundle told nothing', [plain, stopped], 'The build is stopped.'],
    [
      'what keeps it from being ready, before what its bundle told',
      [initialized, crashes],
      'It ends again and again.',
    ],
    ['why it could not be made, before all else', [initialized, crashes, refused], 'No rule matches.'],
  ])('is %s', (_which, conditions, message) => {
    expect(record({ status: { phase: 'Stopped', conditions } }).status.message).toBe(message);
  });
});

describe('The links of a build', () => {
  it.each([
    ['http://a-build.builds.test', 'http://a-build.mail.builds.test'],
    ['https://x.builds.test:8443/odoo', 'https://x.mail.builds.test:8443/odoo'],
    ['http://localhost:8069', 'http://localhost.mail:8069'],
  ])('at %s has its mail at %s', (url, mail) => {
    expect(buildJson(record({ status: { url } }), SETTINGS, null).deploy_link_mailhog).toBe(mail);
  });

  it('leave no way for the name of a branch to become another address', () => {
    const { repo_target_branch_link: link } = buildJson(
      record({ spec: { targetBranch: 'a#b?c/../d%2F' } }),
      SETTINGS,
      null,
    );
    expect(link).toBe('https://github.com/oca/web/tree/a%23b%3Fc/../d%252F');
  });
});

describe('Times', () => {
  it.each([
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['nonsense', null],
  ])('%s is answered as %s', (queuedAt, expected) => {
    expect(buildJson(record({ status: { queuedAt } }), SETTINGS, null).queued_at).toBe(expected);
  });
});

describe('The form of lists', () => {
  it('leaves out what there is not, and only that', () => {
    const build = buildJson(record({ status: { phase: 'Stopped' } }), SETTINGS, null);
    const listed = JSON.parse(listedJson(build));
    expect(listed).not.toHaveProperty('queue_position');
    expect(listed.commit_info).not.toHaveProperty('pr');
    expect(listed).toMatchObject({ keep: false, ready: false, status: 'stopped' });
  });
});

describe('The counts', () => {
  it('are all zero without builds', () => {
    const limits = { initializing: 1, started: 2, deployed: 3, cleaning: 4 };
    const { max_deployed, max_started, max_initializing, ...rest } = countBuilds(
      directoryOf().directory,
      limits,
    );
    expect([max_deployed, max_started, max_initializing]).toEqual([3, 2, 1]);
    expect(new Set(Object.values(rest))).toEqual(new Set([0]));
  });
});

describe('A query', () => {
  const read = (path: '/api/v1/builds', query: string, method: 'get' | 'post' | 'delete' = 'get') => {
    const options = { refuseOthers: method === 'delete' };
    const url = `${path}?${query}`;
    return queryReader(path, method, options)({ url, originalUrl: url });
  };

  it('takes no parameter for one that the document does not know', () => {
    expect(read('/api/v1/builds', 'constructor=x&__proto__=y&build_name=z')).toEqual({});
    expect(() => read('/api/v1/builds', 'constructor=x', 'delete')).toThrow(
      /unknown parameter "constructor"/,
    );
  });

  it.each(['1', '0012', '2147483647'])('takes %s for the number of a pull request', (pr) => {
    expect(filterOf(read('/api/v1/builds', `pr=${pr}`))).toEqual({ pr: Number(pr) });
  });

  it.each(['0', '-1', '1e3', '0x10', '%201', '1%20', '٣', '2147483648', 'NaN', '7.0'])(
    'refuses %s as one',
    (pr) => {
      expect(() => read('/api/v1/builds', `pr=${pr}`)).toThrow(
        'The parameter pr must be the number of a pull request, a whole number from 1 on.',
      );
    },
  );

  it.each([
    ['status=odd', 'get', /status must be one of stopped, /],
    ['all=yes', 'delete', /all must be true or false/],
    ['repo=oca/web&target_branch=16.0', 'post', /needs the parameter commit/],
    ['repo=oca&target_branch=16.0&commit=abc', 'post', /owner\/name/],
    [`repo=oca/web&target_branch=16.0&commit=abc`, 'post', /full hash/],
    [`repo=oca/web&target_branch=${'x'.repeat(256)}&commit=${'a'.repeat(40)}`, 'post', /255 characters/],
  ] as const)('of %s by %s is refused with what it must be', (query, method, sentence) => {
    expect(() => read('/api/v1/builds', query, method)).toThrow(sentence);
  });

  it('lets repositories pass whose name begins with a dot', () => {
    const query = `repo=OCA/.github&target_branch=main&commit=${'a'.repeat(40)}`;
    expect(read('/api/v1/builds', query, 'post')).toMatchObject({ repo: 'OCA/.github' });
  });
});

describe('An identity', () => {
  const good = { repo: 'OCA/Web', targetBranch: '16.0', pr: null, commit: 'A'.repeat(40) };

  it('is taken with repository and commit in lower case', () => {
    expect(parseIdentity(good)).toEqual({ ...good, repo: 'oca/web', commit: 'a'.repeat(40) });
  });

  it.each([
    { repo: 'web' },
    { repo: 'a/b/c' },
    { repo: '../web' },
    { repo: 'oca/' },
    { repo: 'oca/we b' },
    { repo: `oca/${'x'.repeat(140)}` },
    { targetBranch: '' },
    { targetBranch: 'a\nb' },
    { pr: 0 },
    { pr: 1.5 },
    { pr: 2 ** 31 },
    { commit: 'a'.repeat(39) },
    { commit: 'g'.repeat(40) },
  ])('with %j is refused', (change) => {
    expect(() => parseIdentity({ ...good, ...change })).toThrow(expect.objectContaining({ status: 400 }));
  });

  it('takes branches of up to 255 characters, whatever they are', () => {
    expect(parseIdentity({ ...good, targetBranch: '🚀'.repeat(255) }).targetBranch).toHaveLength(510);
    expect(() => parseIdentity({ ...good, targetBranch: 'x'.repeat(256) })).toThrow();
  });
});
