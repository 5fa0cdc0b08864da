import { describe, expect, it } from '@jest/globals';
import { buildContext, splitImage } from '../../../operator/render/context.js';
import { compileTemplate, renderTemplate } from '../../../operator/render/templates.js';
import { fillTokens, TokenTable } from '../../../operator/render/tokens.js';
import type { RenderInput } from '../../../operator/render/types.js';
import { inputOf } from './support.js';

const ENV = { B: 'two', A: 'one', EMPTY: '', ['__proto__']: 'proto' };

function texts(template: string, changes: Partial<RenderInput> = {}) {
  const table = new TokenTable();
  const context = buildContext(
    table,
    'start',
    inputOf({ env: ENV, templateVars: { no: false, zero: 0, n: 5, empty: '' }, ...changes }),
  );
  const raw = renderTemplate(compileTemplate(template), context, table);
  return {
    raw,
    filled: fillTokens(
      raw,
      table.leaves.map(({ value }) => value),
    ),
    tokens: table.leaves.length,
  };
}

const fill = (template: string, changes?: Partial<RenderInput>) => texts(template, changes).filled;

describe('the template language', () => {
  it.each([
    ['{{mode}} {{namespace}}', 'start runboat-builds'],
    ['{{commit_info.repo}}@{{commit_info.target_branch}}', 'oca/mis-builder@16.0'],
    ['[{{commit_info.pr}}]', '[]'],
    ['{{{build_env.A}}}{{&build_env.A}}{{this.build_env.A}}{{./mode}}{{@root.mode}}', 'oneoneonestartstart'],
    ['{{#if (eq mode "start")}}yes{{else if (eq mode "stop")}}maybe{{else}}no{{/if}}', 'yes'],
    ['{{#if (eq mode "stop")}}yes{{else}}no{{/if}}', 'no'],
    ['{{^if build_env.NONE}}none{{/if}}', 'none'],
    ['{{#unless build_env.EMPTY}}empty{{/unless}}', 'empty'],
    [
      '{{#if build_template_vars.no}}x{{/if}}{{#if build_template_vars.zero}}x{{/if}}{{#if build_template_vars.n}}5{{/if}}',
      '5',
    ],
    ['{{#if commit_info.pr}}pr{{else}}branch{{/if}}', 'branch'],
    ['{{#if build_env}}some{{/if}}{{#if build_secret_env}}some{{else}}none{{/if}}', 'somenone'],
    [
      '{{eq build_template_vars.n "5"}} {{eq build_template_vars.no "false"}} {{eq build_env.A build_env.B}}',
      'true true false',
    ],
    [
      '{{#each build_env}}{{@index}}{{#if @first}}^{{/if}}{{@key}}={{this}}{{#if @last}}.{{/if}};{{/each}}',
      '0^A=one;1B=two;2EMPTY=;3__proto__=proto.;',
    ],
    [
      '{{#each build_env as |value key|}}{{key}}:{{value}},{{../mode}} {{/each}}',
      'A:one,start B:two,start EMPTY:,start __proto__:proto,start ',
    ],
    ['{{#each build_secret_env}}x{{else}}none{{/each}}{{#each nope}}x{{else}}none{{/each}}', 'nonenone'],
    ['{{#each build_env}}{{#if (eq @key "B")}}{{lookup ../build_env @key}}{{/if}}{{/each}}', 'two'],
    [
      '{{#with build_env}}{{A}}{{#with B}}{{this}}{{/with}}{{/with}}{{#with nope}}x{{else}}none{{/with}}',
      'onetwonone',
    ],
    ['{{lookup build_env "A"}}[{{lookup build_env "NONE"}}]{{lookup build_env "constructor"}}', 'one[]'],
    [
      '{{default build_env.NONE "x"}}{{default build_env.EMPTY "y"}}{{default build_env.A "z"}}{{default build_template_vars.no "w"}}',
      'xyonefalse',
    ],
    ['{{int build_template_vars.n}} {{int "007"}} {{int (default build_env.NONE -3)}}', '5 7 -3'],
    ['{{bool build_template_vars.no}} {{bool "TRUE"}}', 'false true'],
    ['{{word build_env.A}}.{{word "a-b_c.d"}}', 'one.a-b_c.d'],
    ['{{shell build_env.EMPTY}}{{shell build_template_vars.empty}}{{shell "it\'s"}}', "'''''it'\\''s'"],
    ['{{{{if mode}}}}{{raw}}{{{{/if}}}}', '{{raw}}'],
    ['{{! a comment }}{{!-- another --}}x', 'x'],
  ])('renders %s', (template, expected) => {
    expect(fill(template)).toBe(expected);
  });

  it('prints a token for every value and literal text only through int, bool, word, eq and @index', () => {
    expect(
      texts('{{int build_template_vars.n}}{{bool build_template_vars.no}}{{word mode}}{{eq mode "x"}}')
        .tokens,
    ).toBe(0);
    expect(texts('{{build_template_vars.n}}').raw).toMatch(/^zq[0-9a-f]{12}0000z$/);
  });

  it('keeps empty text empty outside of the environment, and makes it a token inside', () => {
    expect(texts('{{database_prefix}}{{build_template_vars.empty}}').raw).toBe('');
    expect(texts('{{build_env.EMPTY}}').tokens).toBe(1);
    expect(texts('{{build_secret_env.X}}', { secretEnv: { X: '' } }).tokens).toBe(1);
  });

  it('uses one token for one value, and one for one key of one map, in order of first printing', () => {
    const twice = '{{#each build_env}}{{@key}}{{/each}}';
    expect(texts(`${twice}${twice}`).tokens).toBe(4);
    expect(texts('{{build_env.A}}{{build_env.A}}{{#each build_env}}{{this}}{{/each}}').tokens).toBe(4);
    const { raw } = texts('{{build_env.B}} {{build_env.A}} {{build_env.B}}');
    const [first, second, third] = raw.split(' ');
    expect([first, third]).toEqual([raw.slice(0, 19), raw.slice(0, 19)]);
    expect(second).toBe(`${raw.slice(0, 14)}0001z`);
  });

  it('gives equal text for builds that differ only in names and values of the environment', () => {
    const template = '{{#each build_env}}{{@key}}: {{this}}\n{{/each}}{{build_name}}';
    const one = texts(template, { env: { A: '1', B: '' }, buildName: 'x' }).raw;
    expect(texts(template, { env: { X: 'y', ['__proto__']: 'z' }, buildName: 'w' }).raw).toBe(one);
    expect(texts(template, { env: { A: '1' }, buildName: 'x' }).raw).not.toBe(one);
  });

  it.each([
    ['{{> partial}}', /partials .* cannot be used/],
    ['{{#> partial}}x{{/partial}}', /partial blocks/],
    ['{{#*inline "x"}}y{{/inline}}', /inline blocks/],
    ['{{* decorator}}', /decorators/],
    ['{{#build_env}}x{{/build_env}}', /the block \{\{#build_env\}\} cannot be used/],
    ['{{^build_env}}x{{/build_env}}', /the block/],
    ['{{{{raw}}}}x{{{{/raw}}}}', /the block/],
    ['{{#if a b}}x{{/if}}', /exactly one argument, but has 2/],
    ['{{#if mode includeZero=true}}x{{/if}}', /arguments with a name/],
    ['{{#if x}}{{else foo}}{{/if}}', /the block/],
    ['{{log mode}}', /there is no helper log/],
    ['{{helperMissing mode}}', /there is no helper helperMissing/],
    ['{{nope mode}}', /there is no helper nope; there are eq, default, lookup, int, bool, word, shell/],
    ['{{eq (nope mode) "x"}}', /there is no helper nope/],
    ['{{constructor mode}}', /there is no helper constructor/],
    ['{{if mode}}', /it is a block: write \{\{#if/],
    ['{{word}}', /the helper word needs 1 argument, but has 0/],
    ['{{eq mode}}', /the helper eq needs 2 arguments, but has 1/],
    ['{{"literal"}}', /a literal stands between/],
    ['{{@constructor}}', /@constructor does not exist/],
    ['a\n\n{{@_parent.key}}', /^line 3: @_parent does not exist/],
    ['{{#if', /cannot be read/],
    ['{{#if a}}{{/each}}', /cannot be read/],
  ])('refuses %s', (template, sentence) => {
    expect(() => compileTemplate(template)).toThrow(sentence);
  });

  it.each([
    ['{{nope}}', /the variable nope does not exist/],
    ['{{commit_info.nope}}', /the variable commit_info\.nope does not exist/],
    ['{{build_name.length}}', /the variable \{\{build_name\}\}\.length does not exist/],
    ['{{nope.further}}', /does not exist/],
    ['{{eq nope.further "x"}}', /asks for a variable that does not exist/],
    ['{{constructor}}', /the variable constructor does not exist/],
    ['{{toString}}', /the variable toString does not exist/],
    ['{{build_env.[valueOf]}}', /build_env\.valueOf does not exist/],
    ['{{@key}}', /does not exist/],
    ['{{build_env}}', /prints build_env, which is a map.*\{\{#each build_env\}\}/],
    ['x{{commit_info}}', /prints commit_info/],
    ['{{default build_env "x"}}', /prints build_env/],
    ['{{#each build_name}}x{{/each}}', /\{\{#each\}\} needs a map such as build_env, not build_name/],
    ['{{lookup build_name "x"}}', /lookup needs a map/],
    ['{{eq build_env "x"}}', /eq needs a single value, but build_env is a map/],
    ['{{int build_env.A}}', /build_env\.A is printed with int/],
    ['{{int "9007199254740993"}}', /printed with int/],
    ['{{int nope}}', /a variable that does not exist is printed with int/],
    ['{{bool "yes"}}', /printed with bool/],
    ['{{word "a b"}}', /printed with word/],
    ['{{word "a..b"}}', /printed with word/],
    ['{{word build_env.EMPTY}}', /printed with word/],
  ])('refuses to render %s', (template, sentence) => {
    expect(() => fill(template)).toThrow(sentence);
  });
});

describe('an image reference', () => {
  it.each([
    ['odoo', 'odoo', 'latest', ''],
    ['odoo:16', 'odoo', '16', ''],
    ['host:5000/odoo', 'host:5000/odoo', 'latest', ''],
    ['host:5000/a/odoo:16', 'host:5000/a/odoo', '16', ''],
    ['a/b@sha256:12', 'a/b', 'latest', 'sha256:12'],
    ['host:5000/a/b:1@sha256:12', 'host:5000/a/b', '1', 'sha256:12'],
  ])('%s is cut into name, tag and digest', (image, name, tag, digest) => {
    expect(splitImage(image)).toEqual({ name, tag, digest });
  });
});
