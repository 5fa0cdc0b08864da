import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { testWithin, waysToMatch } from '../../../lib/config/limited-test.js';
import {
  findRule,
  matchRule,
  onSlowRule,
  type SlowRule,
  tooSlowSentence,
} from '../../../lib/config/match-rule.js';
import { compilePattern } from '../../../lib/config/pattern.js';
import { load } from './support.js';

const yaml = String.raw`
namespace: a
domain: b
repos:
  - {repo: oca/.*, branch: '^(\d+\.?)+$', image: first}
  - {repo: '^(oca/(a+)+|x)+$', branch: .*, image: second}
  - {repo: oca/web, branch: '1.*', image: third}
`;
const HOSTILE = `${'1'.repeat(60)}x`;

describe('a rule whose regular expression would search for ever', () => {
  const told: SlowRule[] = [];
  const stopListening: (() => void)[] = [];

  afterEach(() => {
    for (const stop of stopListening.splice(0)) stop();
    told.length = 0;
  });

  it('counts as not matching, is told once, and costs nothing more for the same names', () => {
    const { config } = load({ yaml });
    stopListening.push(onSlowRule((slow) => told.push(slow)));

    expect(matchRule(config, 'oca/web', HOSTILE)?.image).toBe('third');
    expect(told.map(({ rule, repo, branch }) => [rule.index, repo, branch])).toEqual([
      [0, 'oca/web', HOSTILE],
    ]);

    const before = process.cpuUsage();
    for (let times = 0; times < 1000; times++) matchRule(config, 'oca/web', HOSTILE);
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
    expect(told).toHaveLength(1);
  });

  it('still matches all other names', () => {
    const { config } = load({ yaml });
    expect(matchRule(config, 'oca/web', '16.0')?.image).toBe('first');
    expect(matchRule(config, 'oca/web', '16.0')?.image).toBe('first');
    expect(matchRule(config, 'oca/aaa', 'main')?.image).toBe('second');
  });

  it('is named to who asks, with what to do', () => {
    const { config } = load({ yaml });
    const { rule, tooSlow } = findRule(config, `oca/${'a'.repeat(60)}b`, HOSTILE);
    expect(rule).toBeUndefined();
    expect(tooSlowSentence(tooSlow)).toMatch(/ repos\[0\], repos\[1\] take too long .* without/);
    expect(tooSlowSentence([])).toBe('');
  });
});

describe('the number of ways to match', () => {
  it.each([
    ['^oca/.*', 256],
    [String.raw`^\d+\.0$`, 256],
    [String.raw`^(16|17|18)\.0(-.*)?$`, 3 * 256 * 2],
    ['a{3}b{1,4}c{2,}d??', 4 * 256 * 2],
    [String.raw`[(+*)|\]]\(\|\+`, 1],
    [String.raw`\p{L}\u{1f600}(?<name>a|b)\k<name>(?!c|d)`, 4],
    ['(a+)+', Number.POSITIVE_INFINITY],
    ['(a|a)*', Number.POSITIVE_INFINITY],
    ['(?:a?){60}', Number.POSITIVE_INFINITY],
  ])('of %s is at most %p', (pattern, ways) => {
    expect(waysToMatch(pattern)).toBe(ways);
  });

  it('makes usual rules quick and leaves their answers as they are', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      '.',
      '.*',
      'a+',
      'b?',
      '[ab]',
      '(a|b)',
      '(ab)?',
      '(a+)+',
      '(a|ab)*',
      '$',
      'a{1,3}',
    );
    const names = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), names, (parts, text) => {
        const pattern = compilePattern(parts.join(''), { ignoreCase: true });
        expect(testWithin(pattern, text, () => undefined)).toBe(pattern.test(text));
      }),
    );
  });
});
