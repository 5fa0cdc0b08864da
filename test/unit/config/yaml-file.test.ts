import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseYaml } from '../../../lib/config/yaml-file.js';
import { folderWith, load, MINIMAL_FILE, pathsOf, problemsOf, refusal } from './support.js';

describe('a YAML file', () => {
  it.each([
    ['a: 1\nb: [1,\nc: 2', /^line 3, column 1: is not valid YAML/],
    ['a: 1\na: 2', /^line 2, column 1: is not valid YAML: duplicated mapping key/],
    ['a: 1\n---\nb: 1', /more than one YAML document/],
    ['a: !!binary aGk=', /^line 1, column 4: is not valid YAML: unknown scalar tag/],
    ['- a', /^must be a map of settings/],
    ['text', /^must be a map of settings/],
  ])('%j is refused with file and line', (yaml, expected) => {
    expect(problemsOf({ yaml })).toEqual([
      { path: expect.stringMatching(/runboat\.yaml$/), message: expect.stringMatching(expected) },
    ]);
  });

  it('that is missing, a folder or far too large is refused', () => {
    const folder = folderWith({ 'large.yaml': `#${' '.repeat(1_100_000)}` });
    expect(refusal({ file: join(folder, 'none.yaml') }).message).toContain(
      'none.yaml: there is no such file',
    );
    expect(refusal({ file: folder }).message).toContain('is a folder');
    expect(refusal({ file: join(folder, 'large.yaml') }).message).toContain('is larger than 1048576 bytes');
  });

  it('that cannot be read hides nothing that is wrong elsewhere, and nothing is missed that may be in it', () => {
    const folder = folderWith({ 'broken.yaml': 'a: [1,\nb: 2' });
    const env = { RUNBOAT_MAX_STARTED: 'many', RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH: '/nowhere' };
    for (const [file, forProcess] of [
      ['broken.yaml', 'gateway'],
      ['none.yaml', 'check'],
    ] as const) {
      const path = join(folder, file);
      const problems = problemsOf({ file: path, env, process: forProcess });
      const found = problems.map((problem) => problem.path);
      const ofFolder = forProcess === 'gateway' ? [] : ['RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH'];
      expect(found).toEqual([path, 'RUNBOAT_MAX_STARTED', ...ofFolder]);
    }
  });

  it('that cannot be read changes no setting that is in force', () => {
    const running = load({ yaml: MINIMAL_FILE }).config;
    const problems = problemsOf({ yaml: 'namespace: [', running });
    expect(problems).toHaveLength(1);
  });

  it('cannot grow by aliases', () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let i = 1; i < 60; i += 1) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    expect(refusal({ yaml: lines.join('\n') }).message).toContain('aliases exceeded');
  });

  it('that is empty has only what is missing wrong', () => {
    expect(pathsOf({ yaml: '' })).toEqual(['namespace', 'domain', 'repos']);
    expect(pathsOf({ yaml: '# nothing\n' })).toEqual(['namespace', 'domain', 'repos']);
  });

  it('is read, or refused with a ConfigError, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a:-[]{}&*!|>\'"#% \n\t@`,?0~.') }), (source) => {
        try {
          parseYaml(source, 'x.yaml');
        } catch (error) {
          expect(error).toMatchObject({ name: 'ConfigError' });
        }
      }),
    );
  });

  it('never shows a secret in what is wrong with it', () => {
    const secret = 'hunter2';
    const wrong = [
      `adminPassword: *${secret}`,
      `adminPassword: !${secret} x`,
      `adminPassword: !${secret}!x y`,
      `adminPassword: !<${secret}> y`,
      `adminPassword: "${secret}`,
      `adminPassword: {${secret}: x}`,
      `adminPassword: [${secret}]`,
      `adminPassword: @${secret}`,
    ].map((line) => `api: {${line}}`);
    const keys = [
      `secretEnv: {A: [${secret}]}`,
      `secretEnv: ${secret}`,
      `github: {token: [${secret}]}`,
      `github: {app: {id: 1, privateKey: {a: ${secret}}}}`,
      `repos: [{repo: a, branch: b, image: c, secretEnv: {B: "${secret}\\0"}}]`,
      `baseUrl: http://me:${secret}@example.org`,
    ];
    for (const yaml of [...wrong.map((line) => `${MINIMAL_FILE}${line}`), ...keys]) {
      expect(refusal({ yaml }).message).not.toContain(secret);
    }
  });
});

describe('a scalar of the file', () => {
  it('of an environment map is the text that was written', () => {
    const values = '{A: 16.0, B: 0x1F, C: true, D: yes, E: 1e3, F: "7.0", G: 12345678901234567890, H: ""}';
    const { config } = load({ yaml: `${MINIMAL_FILE}\nenv: ${values}\nsecretEnv: {P: 0123}` });
    expect(config.env).toEqual({
      A: '16.0',
      B: '0x1F',
      C: 'true',
      D: 'yes',
      E: '1e3',
      F: '7.0',
      G: '12345678901234567890',
      H: '',
    });
    expect(config.secretEnv).toEqual({ P: '0123' });
  });

  it('of an environment map must be there, and be text that Kubernetes takes', () => {
    const yaml = `${MINIMAL_FILE}\nenv: {A: , B: ~, C: [], D: {}, E: "\\0", F: "\\ud800", "G-H": x}`;
    expect(pathsOf({ yaml }).sort()).toEqual([
      'env.A',
      'env.B',
      'env.C',
      'env.D',
      'env.E',
      'env.F',
      'env.G-H',
    ]);
    expect(refusal({ yaml }).message).toContain('env.A: has no value; write "" for an empty text');
  });

  it('of the template variables keeps its type, and is refused when text and number differ', () => {
    const { config } = load({ yaml: `${MINIMAL_FILE}\ntemplateVars: {a: 5, b: -1.5, c: false, d: "16.0"}` });
    expect(config.templateVars).toEqual({ a: 5, b: -1.5, c: false, d: '16.0' });
    const yaml = `${MINIMAL_FILE}\ntemplateVars: {a: 16.0, b: 0x1F, c: 12345678901234567890, d: .inf, e: ~}`;
    const paths = ['templateVars.a', 'templateVars.b', 'templateVars.c', 'templateVars.d', 'templateVars.e'];
    expect([...new Set(pathsOf({ yaml }))]).toEqual(paths);
  });

  it('that should be a text asks for quotes when it is a number', () => {
    const yaml = 'namespace: a\ndomain: b\nfooterHtml: 5\nrepos: [{repo: a, branch: 16.0, image: c}]';
    expect(problemsOf({ yaml })).toEqual([
      {
        path: 'repos[0].branch',
        message: 'must be a regular expression, a text of 1 to 1000 characters (put it in single quotes)',
      },
      { path: 'footerHtml', message: 'must be a text (put it in quotes)' },
    ]);
  });

  it('may have any name that Kubernetes takes, those of JavaScript included', () => {
    const { config } = load({ yaml: `${MINIMAL_FILE}\nenv: {__proto__: a, constructor: b, toString: c}` });
    expect(Object.entries(config.env)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ]);
  });
});
