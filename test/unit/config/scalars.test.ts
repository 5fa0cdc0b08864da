import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  parseBoolean,
  parseDuration,
  parseInteger,
  parseJson,
  parseList,
} from '../../../lib/config/scalars.js';

describe('a duration', () => {
  it.each([
    ['30m', 1_800_000],
    ['72h', 259_200_000],
    ['10s', 10_000],
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['1.5h', 5_400_000],
    ['0', 0],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    '',
    '30',
    'm',
    '30 m',
    ' 30m',
    '-5m',
    '30m1h',
    '5m5m',
    '1d',
    '1H',
    '1e3s',
    '.5h',
    '1.h',
    '1,5h',
    '٣m',
    `${'9'.repeat(400)}h`,
  ])('is not %p', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('is the sum of its parts', () => {
    const part = fc.option(fc.nat(9999), { nil: undefined });
    fc.assert(
      fc.property(part, part, part, part, (h, m, s, ms) => {
        const parts = [
          [h, 'h', 3_600_000],
          [m, 'm', 60_000],
          [s, 's', 1000],
          [ms, 'ms', 1],
        ] as const;
        const given = parts.filter(([count]) => count !== undefined);
        const text = given.map(([count, unit]) => `${count}${unit}`).join('');
        const expected = given.reduce((sum, [count = 0, , size]) => sum + count * size, 0);
        expect(parseDuration(text)).toBe(text === '' ? undefined : expected);
      }),
    );
  });
});

describe('a boolean of the environment', () => {
  const words = {
    true: ['true', '1', 'yes', 'on', 't', 'y'],
    false: ['false', '0', 'no', 'off', 'f', 'n'],
  };
  const inAnyCase = (list: string[]) =>
    fc
      .tuple(fc.constantFrom(...list), fc.infiniteStream(fc.boolean()))
      .map(([word, upper]) =>
        [...word].map((letter) => (upper.next().value ? letter.toUpperCase() : letter)).join(''),
      );

  it('is one of twelve words in any case', () => {
    fc.assert(fc.property(inAnyCase(words.true), (word) => parseBoolean(word) === true));
    fc.assert(fc.property(inAnyCase(words.false), (word) => parseBoolean(word) === false));
  });

  it('is nothing else', () => {
    const all: string[] = [...words.true, ...words.false];
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!all.includes(text.trim().toLowerCase()));
        expect(parseBoolean(text)).toBeUndefined();
      }),
    );
  });
});

describe('a whole number of the environment', () => {
  it('is read back from its text', () => {
    fc.assert(fc.property(fc.integer(), (number) => parseInteger(String(number)) === number));
  });

  it.each(['', 'x', '1.5', '1e3', '0x10', '1_000', '--1'])('is not %p', (text) => {
    expect(parseInteger(text)).toBeUndefined();
  });
});

describe('a list of the environment', () => {
  it('has commas, with or without spaces, or is JSON', () => {
    expect(parseList('a, b,c,')).toEqual(['a', 'b', 'c']);
    expect(parseList(' ["a", "b"]')).toEqual(['a', 'b']);
    expect(parseList('[]')).toEqual([]);
    expect(parseList('[a]')).toBeUndefined();
    expect(parseList('[1]')).toBeUndefined();
  });
});

describe('JSON of the environment', () => {
  it('arrives intact, whatever its texts say', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (map) => {
        expect(parseJson(JSON.stringify(map))).toEqual({ parsed: { value: map, text: map } });
      }),
    );
  });

  it('keeps each scalar as it is written', () => {
    expect(parseJson('{"a": 16.0, "b": [true, -1.50e+3], "c": "2.0 \\" 3.0", "d": null}')).toEqual({
      parsed: {
        value: { a: 16, b: [true, -1500], c: '2.0 " 3.0', d: null },
        text: { a: '16.0', b: ['true', '-1.50e+3'], c: '2.0 " 3.0', d: null },
      },
    });
  });

  it('is refused without a piece of it, which may be a secret', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.nat(3), (secret, cut) => {
        const source = JSON.stringify({ PGPASSWORD: secret }).slice(0, -1 - cut);
        const result = parseJson(source);
        expect('error' in result && result.error).toMatch(/^is not valid JSON( \(look at character \d+\))?$/);
      }),
    );
  });
});
