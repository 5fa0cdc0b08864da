import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { loadBundle } from '../../../operator/render/bundle.js';
import { findKubectl } from '../../../operator/render/kustomize.js';
import { toYaml } from '../../../operator/render/output.js';
import { type KubeResource, MODES, type Mode, type RenderInput } from '../../../operator/render/types.js';
import { bundleOf, inputOf, minimal, program, removeFolders, rendererWith, repository } from './support.js';

afterAll(removeFolders);
// Every new shape runs kubectl several times, which is slow on a loaded machine.
jest.setTimeout(120_000);

const renderer = rendererWith();
const complete = () => loadBundle('complete', `${repository}test/fixtures/bundles/complete`);

// Pieces that mean something to YAML, Handlebars, kustomize, sh or JavaScript, and any Unicode between them.
const NASTY = [
  '\n',
  '\r\n',
  '"',
  "'",
  '\\',
  '`',
  '$(id)',
  '$'.concat('{x}'),
  '{{build_name}}',
  '{{{x}}}',
  '{{#each x}}',
  '}}',
  '---\n',
  '...\n',
  'apiVersion: v1\nkind: Pod\n',
  ': ',
  '- ',
  '#',
  ' #',
  '&a',
  '*a',
  '!!int',
  '|',
  '>',
  '%',
  '@',
  '{',
  '}',
  '[',
  ']',
  ',',
  '=',
  '==',
  'null',
  '~',
  'true',
  'no',
  '0x1F',
  '0755',
  '1e3',
  '.inf',
  '<<',
  '__proto__',
  'constructor',
  '\t',
  '\u2028',
  '\u0085',
  '\ufeff',
  '\u0000',
  '\u{1f6a2}',
  '$(PGHOST)',
  '$$',
  'zq',
  '; rm -rf /',
  '&& x',
  'metadata:\n  name: x',
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 5 })
  .map((parts) => parts.join(''));
const name = text.filter((key) => !['PGDATABASE', 'GIT_REF', 'GIT_REPO', 'BRANCH', 'PR'].includes(key));
const entries = fc.uniqueArray(fc.tuple(name, text), {
  selector: ([key]) => key,
  minLength: 2,
  maxLength: 2,
});
// fromEntries makes own properties, so __proto__ stays an ordinary key.
const env = entries.map((pairs): Record<string, string> => Object.fromEntries(pairs));
// Whether a text is empty, and how many entries a map has, is part of the shape: few shapes keep the test short.
const filled = text.map((drawn) => drawn || ' ');
const TAME = { ONE: 'x', TWO: 'y' };

const input: fc.Arbitrary<RenderInput> = fc
  .record({ env, secretEnv: env, branch: filled, title: filled, slug: filled, prefix: filled })
  .map((drawn) =>
    inputOf({
      env: drawn.env,
      secretEnv: drawn.secretEnv,
      buildSlug: drawn.slug,
      buildDomain: drawn.slug,
      databasePrefix: drawn.prefix,
      commitInfo: { repo: drawn.prefix, targetBranch: drawn.branch, pr: null, gitCommit: drawn.title },
      templateVars: { title: drawn.title, mailImage: drawn.title },
    }),
  );

function pick(resources: readonly KubeResource[], kind: string, suffix: string): KubeResource {
  return resources.find((item) => item.kind === kind && item.metadata.name.endsWith(suffix)) as KubeResource;
}

function dataOf(resource: KubeResource): [string, string][] {
  return Object.entries(resource['data'] as Record<string, string>).sort(byKey);
}

function byKey([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : 1;
}

// The tree with every text replaced by its type, and the maps that users fill left out.
function structureOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structureOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([key, inner]) => [key, key === 'data' ? 'data' : structureOf(inner)]);
}

describe('values with any Unicode, YAML, template and shell syntax', () => {
  it('arrive intact as keys and values and never change the structure', async () => {
    const bundle = await complete();
    await fc.assert(
      fc.asyncProperty(input, fc.constantFrom<Mode>(...MODES), async (build, mode) => {
        const plain = await renderer.render(
          bundle,
          mode,
          inputOf({ ...build, env: TAME, secretEnv: TAME, templateVars: { title: 'x', mailImage: 'y' } }),
        );
        const resources = await renderer.render(bundle, mode, build);

        expect(structureOf(resources)).toEqual(structureOf(plain));
        const own: [string, string][] = [
          ['PGDATABASE', build.databasePrefix + build.buildName],
          ['GIT_REF', build.commitInfo.gitCommit],
          ['GIT_REPO', build.commitInfo.repo],
          ['BRANCH', build.commitInfo.targetBranch],
          ['PR', ''],
        ];
        expect(dataOf(pick(resources, 'ConfigMap', '-env'))).toEqual(
          [...own, ...Object.entries(build.env)].sort(byKey),
        );
        const secret = dataOf(pick(resources, 'Secret', 'secretenv')).map(([key, value]) => [
          key,
          Buffer.from(value, 'base64').toString(),
        ]);
        expect(secret).toEqual(Object.entries(build.secretEnv).sort(byKey));
      }),
      { numRuns: 200 },
    );
  });

  it('survive being written as YAML and read again', async () => {
    const bundle = await complete();
    await fc.assert(
      fc.asyncProperty(input, async (build) => {
        for (const resource of await renderer.render(bundle, 'deployment', build))
          expect(load(toYaml([resource]))).toEqual(resource);
      }),
      { numRuns: 30 },
    );
  });

  it('are no reason to refuse a bundle when kustomize itself would change them', async () => {
    const bundle = await complete();
    for (const title of ['\u0085', 'a\u2028 b', '"quoted"', '\ufeff', 'a,b']) {
      const [deployment] = (
        await rendererWith().render(bundle, 'deployment', inputOf({ templateVars: { title } }))
      ).filter(({ kind }) => kind === 'Deployment');
      expect(JSON.stringify(deployment)).toContain(JSON.stringify({ name: 'TITLE', value: title }));
    }
  });

  it('mean nothing to a shell that runs a script they were quoted for', async () => {
    const bundle = await bundleOf(
      minimal(
        {
          'more.yaml.hbs':
            'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata:\n  script: |\n    printf %s {{shell build_env.A}}{{shell "-it\'s"}}\n',
        },
        ['more.yaml'],
      ),
    );
    // No NUL: no shell can hold one.
    const value = text.filter((drawn) => !drawn.includes('\0'));
    await fc.assert(
      fc.asyncProperty(value, async (drawn) => {
        const resources = await renderer.render(bundle, 'deployment', inputOf({ env: { A: drawn } }));
        const script = (pick(resources, 'ConfigMap', 'more')['data'] as { script: string }).script;
        expect(execFileSync('/bin/sh', ['-c', script]).toString()).toBe(`${drawn}-it's`);
      }),
      { numRuns: 60 },
    );
  });

  it('need only one shape for any number of builds', async () => {
    const kubectl = program(`echo run >> "$0.d/runs"; exec ${findKubectl()} "$@"`);
    const own = rendererWith({ kubectl });
    const bundle = await complete();
    for (let n = 0; n < 20; n += 1) {
      const changes = { buildName: `b${n}`, env: { [`K${n}`]: `v${n}`, L: '' }, image: `image${n}:tag` };
      await own.render(bundle, 'start', inputOf(changes));
    }
    // One to compile, two for the self-check; no template variable is printed.
    expect(readFileSync(`${kubectl}.d/runs`, 'utf8').trim().split('\n')).toHaveLength(3);
  });
});
