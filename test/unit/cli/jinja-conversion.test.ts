import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toHandlebars } from '../../../cli/jinja/to-handlebars.js';
import { MODES, type Mode, type RenderInput } from '../../../operator/render/types.js';
import { inputOf, removeFolders } from '../render/support.js';
import { rendered } from './converted-template.js';

afterAll(removeFolders);

/** What the converted template renders, blank lines apart: they mean nothing in YAML. */
async function render(jinja: string, changes: Partial<RenderInput> = {}, mode: Mode = 'deployment') {
  const { text, unconverted } = toHandlebars(jinja);
  expect(unconverted).toEqual([]);
  return (await rendered(text, inputOf(changes), mode)).replace(/^\s*\n/gm, '').trimEnd();
}

describe('a Jinja template', () => {
  it.each([
    ['a variable', '{{ build_name }}', '{{build_name}}'],
    ['a member', '{{ commit_info.repo }}', '{{commit_info.repo}}'],
    ['a subscript', '{{ build_template_vars["a"] }}', '{{build_template_vars.a}}'],
    ['a subscript that is no name', "{{ build_env['a-b'] }}", '{{build_env.[a-b]}}'],
    ['a default', '{{ build_env.a | default("x", true) }}', '{{default build_env.a "x"}}'],
    ['get with a default', '{{ build_env.get("a", "x") }}', '{{default (lookup build_env "a") "x"}}'],
    ['or', '{{ build_env.a or "x" }}', '{{default build_env.a "x"}}'],
    ['a number', '{{ build_template_vars.n | int }}', '{{int build_template_vars.n}}'],
    ['texts that are joined', '{{ "a" ~ build_name + ".b" }}', 'a{{build_name}}.b'],
    ['a comment', '{# why #}', '{{!-- why --}}'],
    ['a choice that prints itself', "{{ mode if mode else '' }}", '{{mode}}'],
    [
      'the mode as an enumeration',
      '{% if mode.value == "stop" %}x{% endif %}',
      '{{#if (eq mode "stop")}}x{{/if}}',
    ],
    ['a raw block', '{% raw %}{% if %}{% endraw %}', '{% if %}'],
    ['a backslash before braces', 'a\\{{ mode }}', 'a\\\\{{mode}}'],
  ])('with %s is converted', (_, jinja, handlebars) => {
    expect(toHandlebars(jinja)).toMatchObject({ text: handlebars, unconverted: [] });
  });

  it('with elif keeps one chain of lines', () => {
    const jinja = [
      'resources:',
      '  {%- if mode == "start" %}',
      '  - a.yaml',
      '  {%- elif mode == "stop" %}',
      '  - b.yaml',
      '  {%- else %}',
      '  - c.yaml',
      '  {%- endif %}',
      'end: true',
    ].join('\n');
    expect(toHandlebars(jinja).text).toBe(
      [
        'resources:',
        '{{#if (eq mode "start")}}',
        '  - a.yaml',
        '{{else if (eq mode "stop")}}',
        '  - b.yaml',
        '{{else}}',
        '  - c.yaml',
        '{{/if}}',
        'end: true',
      ].join('\n'),
    );
  });

  it('renders each branch of a long chain with the indentation that it has', async () => {
    const branches = ['start', 'stop', 'cleanup'].map(
      (mode, index) => `{%- ${index ? 'elif' : 'if'} mode == "${mode}" %}`,
    );
    const jinja = [
      'a:',
      ...branches.flatMap((tag) => [`  ${tag}`, '  - b']),
      '  {%- else %}',
      '  - b',
      '  {%- endif %}',
      'c: d',
    ].join('\n');
    for (const mode of MODES) expect(await render(jinja, {}, mode)).toBe('a:\n  - b\nc: d');
  });

  it('chooses the same branch for each mode', async () => {
    const jinja =
      '{% if mode == "start" %}a{% elif mode in ("stop", "cleanup") %}b{% elif not mode != "initialize" %}c{% else %}d{% endif %}';
    const of = (mode: Mode) => render(jinja, {}, mode);
    expect([await of('start'), await of('stop'), await of('cleanup')]).toEqual(['a', 'b', 'b']);
    expect([await of('initialize'), await of('deployment')]).toEqual(['c', 'd']);
  });

  it('prints entries of a map in lines, and nothing for an empty one', async () => {
    const jinja = [
      'literals:',
      '  {%- for key, value in build_env.items() %}',
      '  - {{ key }}={{ value }} of {{ build_name }}{% if loop.first %} first{% endif %}',
      '  {%- endfor %}',
      'end: true',
    ].join('\n');
    expect(await render(jinja, { env: { A: '1', B: 'two' }, buildName: 'n' })).toBe(
      'literals:\n  - A=1 of n first\n  - B=two of n\nend: true',
    );
    expect(await render(jinja)).toBe('literals:\nend: true');
  });

  it('loops over keys, values, sorted entries, with a condition and with nothing to loop over', async () => {
    const env = { B: '2', A: '1' };
    expect(await render('{% for k in build_env %}{{ k }},{% endfor %}', { env })).toBe('A,B,');
    expect(await render('{% for v in build_env.values() %}{{ v }},{% endfor %}', { env })).toBe('1,2,');
    expect(await render('{% for k, v in build_env|dictsort %}{{ k }}{{ v }}{% endfor %}', { env })).toBe(
      'A1B2',
    );
    const some = '{% for k, v in build_env.items() if v == "2" %}{{ k }}{% endfor %}';
    expect(await render(some, { env })).toBe('B');
    expect(await render('{% for k in build_env %}{{ k }}{% else %}none{% endfor %}')).toBe('none');
  });

  it('nests loops and keeps their names apart', async () => {
    const jinja =
      '{% for a, x in build_env.items() %}{% for b, y in build_secret_env.items() %}{{ a }}{{ y }}{{ b }}{{ x }} {% endfor %}{% endfor %}';
    expect(await render(jinja, { env: { A: '1' }, secretEnv: { S: '2' } })).toBe('A2S1');
  });

  it('puts in what was set before', async () => {
    const jinja = '{% set vars = build_template_vars %}{% set size = vars.size or "1Gi" %}{{ size }}';
    expect(await render(jinja)).toBe('1Gi');
    expect(await render(jinja, { templateVars: { size: '2Gi' } })).toBe('2Gi');
  });

  it('says that it cannot tell what was set within an if, and converts what is in that if', async () => {
    const jinja = [
      '{% set a = "x" %}',
      '{% if mode == "stop" %}{% set a = "y" %}{{ a }}{% endif %}',
      '{{ a }}',
    ];
    const { unconverted } = toHandlebars(jinja.join('\n'));
    expect(unconverted).toMatchObject([{ line: 3, sentence: expect.stringContaining('"a" was set within') }]);
    expect(await render(jinja.slice(0, 2).join('\n'), {}, 'stop')).toBe('y');
  });

  it('takes white space away where - says so', async () => {
    expect(await render('a: {{- mode -}} b')).toBe('a:deploymentb');
    expect(await render('a  {%- if mode -%}  b  {%- endif -%}  c')).toBe('abc');
  });

  it('means the same for every condition of and, or and not', async () => {
    const names = ['A', 'B', 'C'];
    const leaf = fc.constantFrom(...names).map((name) => ({
      text: `build_env.${name}`,
      holds: (env: Record<string, string>) => Boolean(env[name]),
    }));
    const { condition } = fc.letrec<{
      condition: { text: string; holds: (env: Record<string, string>) => boolean };
    }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 3 },
        leaf,
        tie('condition').map((of) => ({
          text: `not (${of.text})`,
          holds: (env: Record<string, string>) => !of.holds(env),
        })),
        fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => ({
          text: `(${a.text}) and (${b.text})`,
          holds: (env: Record<string, string>) => a.holds(env) && b.holds(env),
        })),
        fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => ({
          text: `(${a.text}) or (${b.text})`,
          holds: (env: Record<string, string>) => a.holds(env) || b.holds(env),
        })),
      ),
    }));
    const values = fc.record({
      A: fc.constantFrom('', 'x'),
      B: fc.constantFrom('', 'x'),
      C: fc.constantFrom('', 'x'),
    });
    await fc.assert(
      fc.asyncProperty(condition, values, async ({ text, holds }, env) => {
        const jinja = `{% if ${text} %}\nyes\n{% else %}\nno\n{% endif %}`;
        expect(await render(jinja, { env })).toBe(holds(env) ? 'yes' : 'no');
      }),
      { numRuns: 60 },
    );
  });
});

describe('what has no counterpart', () => {
  it.each([
    ['{% include "x" %}', /include.*write its text out/],
    ['{% macro a() %}', /macro/],
    ['{{ build_name | upper }}', /filter upper.*templateVars/],
    ['{{ unknown }}', /no "unknown"; there are mode/],
    ['{{ build_name.split("-") }}', /split\(\)/],
    ['{{ 1 % 2 }}', /not understood/],
    ['{% for x in [1, 2] %}{{ x }}{% endfor %}', /loops go over|list|too complex/],
    ['{% for k, v in build_env.items() %}{{ loop.index }}{% endfor %}', /loop\.index0/],
    ['{% if build_env is mapping %}x{% endif %}', /is mapping/],
  ])('is told with its line: %s', (construct, sentence) => {
    const { unconverted, text } = toHandlebars(`first: line\n${construct}\n`);
    expect(unconverted).toHaveLength(1);
    expect(unconverted[0]).toMatchObject({ line: 2, sentence: expect.stringMatching(sentence) });
    // Nothing that was lost may look as if it were valid.
    expect(text).toMatch(/\{%|\{\{/);
  });

  it('does not keep the rest from being converted', () => {
    const { text, unconverted } = toHandlebars('{% if a is weird %}{{ mode }}{% endif %}{{ build_name }}');
    expect(unconverted).toHaveLength(1);
    expect(text).toContain('{{build_name}}');
  });

  it.each(['{% if mode %}', '{% endif %}', '{% for k in build_env %}{% endif %}'])(
    'is refused when tags do not match: %s',
    (jinja) => {
      expect(() => toHandlebars(jinja)).toThrow(/line 1: /);
    },
  );

  it('is told for each line', () => {
    const { unconverted } = toHandlebars('{{ build_name | upper }}\n{{ build_name | upper }}');
    expect(unconverted.map(({ line }) => line)).toEqual([1, 2]);
  });

  it('is remarked when YAML would read a number in it', () => {
    const { remarks } = toHandlebars(
      'a: {{ build_template_vars.a or "1" }}\nb: "{{ build_env.b or "1" }}"\nc: {{ build_env.c|int }}\n- {{ build_env.get("d") }}\ne: {{ build_name }}',
    );
    const numbers = remarks.filter(({ sentence }) => sentence.includes('looks like a number'));
    expect(numbers.map(({ line }) => line)).toEqual([1, 4]);
  });

  it('is remarked when it only differs for empty values', () => {
    const { remarks } = toHandlebars(
      'a\n{{ build_env.a | default("x") }}\n{% if build_env.b is defined %}b{% endif %}',
    );
    expect(remarks).toEqual([
      { line: 2, sentence: expect.stringContaining('an empty value') },
      { line: 3, sentence: expect.stringContaining('empty counts as missing') },
    ]);
  });
});
