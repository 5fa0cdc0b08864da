import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchRule } from '../../../lib/config/match-rule.js';
import { compilePattern } from '../../../lib/config/pattern.js';
import { load, problemsOf } from './support.js';

function matches(pattern: string, text: string): boolean {
  return compilePattern(pattern, { ignoreCase: false }).test(text);
}

describe('a regular expression of the configuration', () => {
  it.each([
    ['\\A16', '16.0', true],
    ['\\A16', 'A16', false],
    ['16\\.0\\Z', '16.0', true],
    ['16\\.0\\Z', '16.0-x', false],
    ['(?P<major>\\d+)\\.0$', '16.0', true],
    ['(?P<a>x)\\k<a>$', 'xx', true],
    ['[(?P<]+$', '(?P<', true],
    ['\\(?P<$', 'P<', true],
    ['a\\-b\\_c\\ d\\#\\@', 'a-b_c d#@', true],
    ['[a\\-z]+$', 'a-z', true],
    ['[a\\-z]+$', 'b', false],
    ['[\\&\\~]+$', '&~', true],
    ['\\/x', '/x', true],
    ['\\é\\😀$', 'é😀', true],
    ['\\\\A', '\\A', true],
  ])('%s read as in existing configurations: %s is %p', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('is anchored at the start and not at the end, all alternatives alike', () => {
    expect(matches('16|17', '17.0-x')).toBe(true);
    expect(matches('16|17', 'x17')).toBe(false);
  });

  it.each(['(', ')', '[', 'a)|(b', '\\h', '(?i)x', '(?P=n)', '*', 'a{1\\,2}', '[\\A]', '\\', '(?P<n', '{'])(
    'is refused when it means nothing here: %s',
    (pattern) => {
      expect(() => compilePattern(pattern, { ignoreCase: true })).toThrow(SyntaxError);
    },
  );

  it('that escapes every punctuation of a text matches exactly that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const pattern = text.replace(/[^A-Za-z0-9]/gsu, (character) => `\\${character}`);
        expect(matches(`${pattern}\\Z`, text)).toBe(true);
        expect(matches(`${pattern}\\Z`, `${text}x`)).toBe(false);
      }),
    );
  });

  it('is refused with its path and the reason', () => {
    const yaml = 'namespace: a\ndomain: b\nrepos: [{repo: "(x", branch: "\\\\h: y", image: z}]';
    expect(problemsOf({ yaml })).toEqual([
      { path: 'repos[0].repo', message: 'is not a valid regular expression: Unterminated group' },
      { path: 'repos[0].branch', message: 'is not a valid regular expression: Invalid escape' },
    ]);
  });
});

describe('the rule of a build', () => {
  const yaml = `
namespace: a
domain: b
repos:
  - {repo: ^oca/.*, branch: ^16\\.0, image: first}
  - {repo: OCA/web, branch: Main, image: second}
  - {repo: ".*", branch: .*, image: last}
`;
  const { config } = load({ yaml });

  it.each([
    ['oca/web', '16.0', 'first'],
    ['OCA/WEB', '16.0-x', 'first'],
    ['oca/web', 'Main', 'second'],
    ['oca/web', 'main', 'last'],
    ['my/oca/web', '16.0', 'last'],
    ['oca/web', 'x16.0', 'last'],
  ])('for %s on %s is the first that matches', (repo, branch, image) => {
    expect(matchRule(config, repo, branch)?.image).toBe(image);
    expect(matchRule(config, repo, branch)?.image).toBe(image);
  });

  it('is none for names that are too long', () => {
    expect(matchRule(config, 'r'.repeat(140), 'b'.repeat(255))?.image).toBe('last');
    expect(matchRule(config, 'r'.repeat(141), 'b')).toBeUndefined();
    expect(matchRule(config, 'r', 'b'.repeat(256))).toBeUndefined();
  });

  it('counts the characters of a branch as the API server does', () => {
    expect(matchRule(config, 'r', '😀'.repeat(255))?.image).toBe('last');
    expect(matchRule(config, 'r', '😀'.repeat(256))).toBeUndefined();
  });

  it('is none when nothing matches', () => {
    expect(matchRule({ repos: config.repos.slice(0, 2) }, 'x/y', 'z')).toBeUndefined();
  });
});
