// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of .env files look like that.
import { describe, expect, it } from '@jest/globals';
import { parseEnvFile } from '../../../lib/config/env-file.js';

const read = (text: string, environment: NodeJS.ProcessEnv = {}) => {
  const { variables, problems } = parseEnvFile(text, environment);
  expect(problems).toEqual([]);
  return variables;
};
const linesWithProblems = (text: string) => parseEnvFile(text, {}).problems.map(({ line }) => line);

describe('A line of a .env file', () => {
  it.each([
    ['A=1', '1'],
    ['  A = 1  ', '1'],
    ['export A=1', '1'],
    ['export\tA=1', '1'],
    ["'A'=1", '1'],
    ['A=', ''],
    ['A=""', ''],
    ['A=a b', 'a b'],
    ['A=a=b', 'a=b'],
    ['A={"a": "b c"}', '{"a": "b c"}'],
    ['\uFEFFA=1', '1'],
  ])('%j has the value %j', (line, value) => {
    expect(read(line)).toEqual({ A: value });
  });

  it.each([
    ['A=1 # said', '1'],
    ['A=#fff', '#fff'],
    ['A= # said', ''],
    ['A=a#b', 'a#b'],
    ["A='1' # said", '1'],
    ['A="#1"# said', '#1'],
  ])('%j has the value %j, for a comment begins after a space', (line, value) => {
    expect(read(line)).toEqual({ A: value });
  });

  it.each([
    [String.raw`A="a\nb\t\"c\" \\ \d"`, 'a\nb\t"c" \\ \\d'],
    [String.raw`A='a\nb'`, String.raw`a\nb`],
    [String.raw`A='it\'s'`, "it's"],
    [String.raw`A='a\\b'`, String.raw`a\b`],
    [String.raw`A=a\nb`, String.raw`a\nb`],
  ])('%j has escapes as its quotes say', (line, value) => {
    expect(read(line)).toEqual({ A: value });
  });

  it('keeps the backslashes of JSON in single quotes, halved or not', () => {
    const json = String.raw`{"branch": "^\\d+\\.0$"}`;
    expect(read(`A='${json}'`)).toEqual({ A: json });
    expect(read(`A='${json.replaceAll('\\', '\\\\')}'`)).toEqual({ A: json });
  });

  it('can be empty or a comment, with any line ends', () => {
    expect(read('# first\r\n\r\n \t# second\nA=1\rB=2\r\n  \n#')).toEqual({ A: '1', B: '2' });
  });

  it('without an equals sign sets nothing', () => {
    expect(read('A\nB=1')).toEqual({ B: '1' });
  });
});

describe('Quotes in a .env file', () => {
  it('may span lines', () => {
    const repos = '[\n  {"repo": "^oca/.*"}, # no comment\n\n  {}\n]';
    expect(read(`A='${repos}'\nB="one\n two"\nC=3`)).toEqual({ A: repos, B: 'one\n two', C: '3' });
  });

  it('that have no end, or something behind it, are problems of their line, and others are read', () => {
    expect(linesWithProblems('A=1\nB="open\nC=3')).toEqual([2]);
    expect(parseEnvFile('A=1\nB="open\nC=3', {}).variables).toEqual({ A: '1', C: '3' });
    expect(linesWithProblems('\n\nA=\'a\' b\nB="c"d\n')).toEqual([3, 4]);
    expect(linesWithProblems('A="a\nb\nc"\nthis is none\n')).toEqual([4]);
  });

  it('give away none of the text when they are wrong', () => {
    const { problems } = parseEnvFile('PASSWORD="hush\nhush: hush\n', {});
    expect(problems).toHaveLength(2);
    expect(JSON.stringify(problems)).not.toContain('hush');
  });
});

describe('A reference in a .env file', () => {
  it('is looked up in the environment first, then above, and has a default', () => {
    const text = 'A=a\nB=${A}-${C:-c}-${D}-${E:-}\nF="${A}"\nG=$A';
    expect(read(text)).toEqual({ A: 'a', B: 'a-c--', F: 'a', G: '$A' });
    expect(read(text, { A: 'env', C: '' })).toMatchObject({ A: 'a', B: 'env---' });
  });

  it('is left alone in single quotes', () => {
    expect(read("A='${HOME}'", { HOME: '/root' })).toEqual({ A: '${HOME}' });
  });
});

it('The last line of a name counts', () => {
  expect(read('A=1\nA=2')).toEqual({ A: '2' });
});
