import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import Handlebars from 'handlebars';
import { loadAll } from 'js-yaml';
import { loadBundle } from '../../../operator/render/bundle.js';
import { splitImage } from '../../../operator/render/context.js';
import { findKubectl } from '../../../operator/render/kustomize.js';
import { MODES, type Mode, type RenderInput } from '../../../operator/render/types.js';
import { inputOf, removeFolders, rendererWith, repository, writeFolder } from './support.js';

afterAll(removeFolders);
// Every new shape runs kubectl several times, which is slow on a loaded machine.
jest.setTimeout(120_000);

const renderer = rendererWith();
const bundles = ['test/fixtures/bundles/complete', 'kubefiles/odoo', 'kubefiles/webpage'].filter((folder) =>
  existsSync(join(repository, folder, 'kustomization.yaml.hbs')),
);

// Rendering as one would do it without tokens: plain Handlebars with the values, plain kustomize. It shares no code
// with the renderer; it only works because these values need no quoting.
const plain = Handlebars.create();
plain.registerHelper({
  eq: (a: unknown, b: unknown) => String(a ?? '') === String(b ?? ''),
  default: (value: unknown, fallback: unknown) => (value === undefined || value === '' ? fallback : value),
  int: (value: unknown) => String(Number(value)),
  bool: (value: unknown) => String(value).toLowerCase(),
  word: String,
  shell: (value: unknown) => `'${String(value).replaceAll("'", "'\\''")}'`,
});

function contextOf(mode: Mode, input: RenderInput): object {
  const image = splitImage(input.image);
  const { repo, targetBranch, pr, gitCommit } = input.commitInfo;
  return {
    mode,
    namespace: input.namespace,
    build_name: input.buildName,
    build_slug: input.buildSlug,
    build_domain: input.buildDomain,
    database_prefix: input.databasePrefix,
    commit_info: { repo, target_branch: targetBranch, pr: pr ?? '', git_commit: gitCommit },
    image_name: image.name,
    image_tag: image.tag,
    image_digest: image.digest,
    build_env: input.env,
    build_secret_env: input.secretEnv,
    build_template_vars: input.templateVars,
  };
}

function kustomizeInPlace(folder: string, mode: Mode, input: RenderInput): Map<string, unknown> {
  const files: Record<string, string | Buffer> = {};
  for (const path of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!path.isFile()) continue;
    const full = join(path.parentPath, path.name);
    const name = full.slice(folder.length + 1);
    const content = readFileSync(full);
    if (!name.endsWith('.hbs')) files[name] = content;
    else
      files[name.slice(0, -4)] = plain.compile(content.toString(), { noEscape: true })(
        contextOf(mode, input),
      );
  }
  const output = execFileSync(findKubectl(), ['kustomize', writeFolder(files)], {
    env: { PATH: '' },
  }).toString();
  return byIdentity(loadAll(output));
}

function byIdentity(resources: readonly unknown[]): Map<string, unknown> {
  return new Map(resources.map((resource) => [identityOf(resource), withDecodedSecret(resource)]));
}

function identityOf(resource: unknown): string {
  const { kind, metadata } = resource as { kind: string; metadata: { name: string; namespace?: string } };
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function withDecodedSecret(resource: unknown): unknown {
  const { kind, data } = resource as { kind: string; data?: Record<string, string> };
  if (kind !== 'Secret' || data === undefined) return resource;
  const plainData = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString(),
  ]);
  return { ...(resource as object), data: Object.fromEntries(plainData) };
}

const inputs: Record<string, RenderInput> = {
  'a branch with nothing set': inputOf(),
  'a pull request with everything set': inputOf({
    databasePrefix: 'a_',
    commitInfo: { repo: 'oca/mis-builder', targetBranch: '17.0', pr: 12, gitCommit: 'ab'.repeat(20) },
    image: `registry.example.org:5000/oca/image:py3.12@sha256:${'ab'.repeat(32)}`,
    env: { EXCLUDE: 'one two', INCLUDE: 'mis_builder', PGHOST: 'postgres.example.org' },
    secretEnv: {
      PGPASSWORD: 'a long secret of more than seventy characters, so that its base64 text is wrapped',
    },
    templateVars: { storageClassName: 'fast', title: 'a title', replicas: 1, token: true, mail: 'off' },
  }),
};

describe.each(bundles)('the bundle %s', (folder) => {
  describe.each(Object.entries(inputs))('for %s', (_name, input) => {
    it.each(MODES)('renders in mode %s what kustomize makes of the values in place', async (mode) => {
      const bundle = await loadBundle('sample', join(repository, folder));
      const rendered = byIdentity(await renderer.render(bundle, mode, input));
      const expected = kustomizeInPlace(join(repository, folder), mode, input);
      expect(rendered.size).toBeGreaterThan(0);
      expect(Object.fromEntries(rendered)).toEqual(Object.fromEntries(expected));
    });
  });

  it('passes its self-check without a warning', async () => {
    const bundle = await loadBundle('sample', join(repository, folder));
    expect(await renderer.selfCheck(bundle, { storageClassName: 'fast', replicas: 1 })).toEqual({
      errors: [],
      warnings: [],
    });
  });
});
