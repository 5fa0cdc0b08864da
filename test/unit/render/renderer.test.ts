import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { BundleStore } from '../../../operator/render/bundle-store.js';
import { checkBundles } from '../../../operator/render/check-bundles.js';
import { offlineKinds } from '../../../operator/render/kinds.js';
import { compilePlan, fillPlan } from '../../../operator/render/plan.js';
import { TOKEN_PREFIX } from '../../../operator/render/tokens.js';
import { BundleInvalid } from '../../../operator/render/types.js';
import {
  bundleOf,
  DEFAULT_TYPES,
  DEPLOYMENT,
  inputOf,
  JOB,
  minimal,
  removeFolders,
  rendererWith,
  writeFolder,
} from './support.js';

afterAll(removeFolders);
// Every new shape runs kubectl several times, which is slow on a loaded machine.
jest.setTimeout(120_000);

const CLUSTER_ROLE = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n';

describe('rendering', () => {
  const renderer = rendererWith();

  it('gives fresh trees, so that changing one changes no other', async () => {
    const bundle = await bundleOf(minimal());
    const [first] = await renderer.render(bundle, 'start', inputOf());
    Object.assign(first?.metadata ?? {}, { name: 'changed' });
    const [second] = await renderer.render(bundle, 'start', inputOf());
    expect([first?.metadata.name, second?.metadata.name]).toEqual(['changed', 'app']);
  });

  it('renders a mode that has no resources as nothing', async () => {
    const bundle = await bundleOf(
      minimal({
        'kustomization.yaml.hbs': 'resources:\n{{#if (eq mode "start")}}\n- deployment.yaml\n{{/if}}\n',
      }),
    );
    expect(await renderer.render(bundle, 'stop', inputOf())).toEqual([]);
    expect(await renderer.render(bundle, 'start', inputOf())).toHaveLength(1);
  });

  it('reads numbers and modes as kubectl does', async () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: "0755", b: "yes", c: on}\nmode: 0755\nbig: 1e3\n';
    const bundle = await bundleOf(minimal({ 'more.yaml': text }, ['more.yaml']));
    const [more] = (await renderer.render(bundle, 'start', inputOf())).filter(
      ({ kind }) => kind === 'ConfigMap',
    );
    expect(more).toMatchObject({ data: { a: '0755', b: 'yes', c: 'on' }, mode: 0o755, big: 1000 });
  });

  it('puts bytes around values in binary data', async () => {
    const files = minimal({
      'kustomization.yaml.hbs': `${minimal()['kustomization.yaml.hbs']}configMapGenerator: [{name: x, files: [f], options: {disableNameSuffixHash: true}}]\n`,
    });
    const raw = Buffer.concat([Buffer.from([0xff, 0x00]), Buffer.from('static')]);
    const [map] = (await renderer.render(await bundleOf({ ...files, f: raw }), 'start', inputOf())).filter(
      ({ kind }) => kind === 'ConfigMap',
    );
    expect(map?.['binaryData']).toEqual({ f: raw.toString('base64') });
  });

  it('keeps generated names with a hash of static content', async () => {
    const root = `${minimal()['kustomization.yaml.hbs']}configMapGenerator: [{name: static, literals: [a=b]}]\n`;
    const resources = await renderer.render(
      await bundleOf(minimal({ 'kustomization.yaml.hbs': root })),
      'start',
      inputOf(),
    );
    expect(resources.find(({ kind }) => kind === 'ConfigMap')?.metadata.name).toMatch(
      /^static-[2456789bcdfghkmt]{10}$/,
    );
  });

  it('understands anchors, aliases and merges, also around values', async () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: &d {a: &a "{{build_slug}}", b: *a}\nmore: {<<: *d, c: d}\n';
    const bundle = await bundleOf(minimal({ 'more.yaml.hbs': text }, ['more.yaml']));
    const resources = await renderer.render(bundle, 'start', inputOf({ buildSlug: 's' }));
    expect(resources.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({
      data: { a: 's', b: 's' },
      more: { a: 's', b: 's', c: 'd' },
    });
  });

  it('refuses resources that are nested without end', async () => {
    const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndeep: ${deep}\n`;
    const bundle = await bundleOf(minimal({ 'more.yaml': text }, ['more.yaml']));
    await expect(renderer.render(bundle, 'start', inputOf())).rejects.toThrow(BundleInvalid);
  });

  it('lets word choose a file and a patch by value', async () => {
    const root = `${minimal()['kustomization.yaml.hbs']}patches: [{path: "{{word build_template_vars.size}}.yaml"}]\n`;
    const patch = (replicas: number) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: ${replicas}}\n`;
    const bundle = await bundleOf(
      minimal({ 'kustomization.yaml.hbs': root, 'small.yaml': patch(1), 'large.yaml': patch(3) }),
    );
    const replicas = async (size: string) =>
      (await renderer.render(bundle, 'start', inputOf({ templateVars: { size } })))[0]?.['spec'];
    expect(await replicas('small')).toMatchObject({ replicas: 1 });
    expect(await replicas('large')).toMatchObject({ replicas: 3 });
  });

  it('refuses a bundle whose modes render different Deployments', async () => {
    const other = DEPLOYMENT.replace(
      '{name: app}',
      '{name: {{#if (eq mode "stop")}}other{{else}}app{{/if}} }',
    );
    const bundle = await bundleOf(minimal({ 'deployment.yaml.hbs': other }));
    await expect(renderer.renderAll(bundle, inputOf())).rejects.toThrow(
      /mode stop renders the Deployment other, but mode deployment renders app/,
    );
  });

  it('refuses a cluster-scoped kind even when resourceTypes lists it', async () => {
    const own = rendererWith({ allowed: offlineKinds([...DEFAULT_TYPES, 'clusterrole']) });
    const bundle = await bundleOf(minimal({ 'more.yaml': CLUSTER_ROLE }, ['more.yaml']));
    await expect(own.render(bundle, 'start', inputOf())).rejects.toThrow(/ClusterRole x is cluster-scoped/);
  });

  it('compiles again when a static file of the bundle changes', async () => {
    const map = (value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {k: ${value}}\n`;
    const render = async (value: string) =>
      renderer.render(
        await bundleOf(minimal({ 'more.yaml': map(value) }, ['more.yaml'])),
        'start',
        inputOf(),
      );
    expect(JSON.stringify(await render('one'))).toContain('"k":"one"');
    expect(JSON.stringify(await render('two'))).toContain('"k":"two"');
  });
});

describe('a plan', () => {
  it('refuses a token that came out in pieces', () => {
    expect(() => compilePlan({ a: { b: `x${TOKEN_PREFIX}00` } }, 1)).toThrow(/at \.a\.b a value is cut/);
    expect(() => compilePlan({ [`${TOKEN_PREFIX}0007z`]: 1 }, 7)).toThrow(/a value is cut/);
  });

  it('never looks at an inserted value again', () => {
    const token = `${TOKEN_PREFIX}0000z`;
    const other = `${TOKEN_PREFIX}0001z`;
    expect(fillPlan(compilePlan({ a: [token, `${other}-${token}`] }, 2), [other, 'b'])).toEqual({
      a: [other, `b-${other}`],
    });
  });

  it('replaces inside of base64 by bytes, and leaves base64 without tokens as it is', () => {
    const encode = (text: string, encoding: BufferEncoding = 'utf8') =>
      Buffer.from(text, encoding).toString('base64');
    const secret = {
      kind: 'Secret',
      data: { a: encode(`\xff${TOKEN_PREFIX}0000z`, 'latin1'), b: encode('x'), c: `${TOKEN_PREFIX}0000z` },
    };
    const filled = fillPlan(compilePlan(secret, 1), ['\u00e9']) as { data: Record<string, string> };
    expect(Buffer.from(filled.data['a'] as string, 'base64').toString('hex')).toBe('ffc3a9');
    expect(filled.data['b']).toBe(encode('x'));
    expect(filled.data['c']).toBe('\u00e9');
  });
});

describe('the self-check', () => {
  const renderer = rendererWith();
  const withPatch = (root: string) =>
    bundleOf(minimal({ 'kustomization.yaml.hbs': `${minimal()['kustomization.yaml.hbs']}${root}` }));

  it('finds nothing in a bundle that keeps the contract', async () => {
    expect(await renderer.selfCheck(await bundleOf(minimal()), {})).toEqual({ errors: [], warnings: [] });
  });

  it('refuses a value whose part kustomize cuts out', async () => {
    const bundle = await withPatch(
      'replacements:\n- source: {kind: Deployment, fieldPath: metadata.labels.full, options: {delimiter: "-", index: 0}}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.labels.part], options: {create: true}}]\nlabels: [{pairs: {full: "{{build_slug}}"}}]\n',
    );
    const { errors } = await renderer.selfCheck(bundle, {});
    expect(errors[0]?.sentence).toMatch(
      /at Deployment\.apps .*\.metadata\.labels\.part kustomize gives something else/,
    );
  });

  it('refuses a number that is printed as text where Kubernetes wants a number, and accepts it in quotes', async () => {
    const service = (port: string) => ({
      's.yaml.hbs': `apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: {p: "{{build_template_vars.port}}"}}\nspec: {ports: [{port: ${port} }]}\n`,
    });
    const check = async (port: string) =>
      renderer.selfCheck(await bundleOf(minimal(service(port), ['s.yaml'])), { port: 80 });
    expect((await check('{{build_template_vars.port}}')).errors[0]?.sentence).toMatch(
      /spec\.ports\[0\]\.port a template variable of type number.*helper int/,
    );
    expect(await check('{{int build_template_vars.port}}')).toEqual({ errors: [], warnings: [] });
  });

  it('only warns when kustomize would refuse free text in place', async () => {
    // kustomize takes the name for a regular expression, and free text may have a lone bracket.
    const bundle = await withPatch(
      'patches:\n- target: {kind: Nothing, name: "{{build_template_vars.pattern}}"}\n  patch: "- {op: add, path: /metadata/x, value: y}"\n',
    );
    const { errors, warnings } = await renderer.selfCheck(bundle, { pattern: 'a' });
    expect(errors).toEqual([]);
    expect(warnings.every(({ sentence }) => /this does no harm here\.$/.test(sentence))).toBe(true);
    expect(warnings.length).toBeGreaterThan(0);
  });

  it('warns of fields of a Job that the operator leaves out', async () => {
    const job = JOB.replace('  template:', '  ttlSecondsAfterFinished: 60\n  suspend: true\n  template:');
    const { errors, warnings } = await renderer.selfCheck(
      await bundleOf(minimal({ 'job.yaml.hbs': job })),
      {},
    );
    expect(errors).toEqual([]);
    expect(warnings.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(
        /^Job job sets suspend and ttlSecondsAfterFinished, which the operator leaves out/,
      ),
    ]);
  });

  it('warns of an environment variable that made-up builds do not have', async () => {
    const bundle = await bundleOf(
      minimal(
        {
          'more.yaml.hbs':
            'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: "{{build_env.PGHOST}}"}\n',
        },
        ['more.yaml'],
      ),
    );
    const { errors, warnings } = await renderer.selfCheck(bundle, {});
    expect(errors).toEqual([]);
    expect(warnings[0]?.sentence).toMatch(/build_env\.PGHOST does not exist/);
  });
});

describe('checking the configured bundles', () => {
  it('finds every problem of every bundle, once, with file and sentence', async () => {
    const good = writeFolder(minimal());
    const bad = writeFolder(minimal({ 'job.yaml.hbs': '{{> x}}' }));
    const worse = writeFolder(minimal({ 'more.yaml': CLUSTER_ROLE }, ['more.yaml']));
    const missing = { name: 'missing', folder: '/does/not/exist', templateVars: [] };
    const found = await checkBundles(
      [
        { name: 'good', folder: good, templateVars: [{}, { a: 1 }] },
        { name: 'bad', folder: bad, templateVars: [{}] },
        { name: 'worse', folder: worse, templateVars: [{}, {}] },
        missing,
      ],
      rendererWith(),
    );
    expect(found.map(({ bundle, file, level }) => [bundle, file, level])).toEqual([
      ['bad', 'job.yaml.hbs', 'error'],
      ['worse', 'kustomization.yaml.hbs', 'error'],
      ['missing', undefined, 'error'],
    ]);
  });
});

describe('the store of bundles', () => {
  it('reads what changed, says which, and gives the last state', async () => {
    const folder = writeFolder(minimal());
    const store = new BundleStore({ one: folder, gone: '/does/not/exist' });
    expect(await store.refresh()).toEqual(['one']);
    const first = store.get('one')?.version;
    expect(await store.refresh()).toEqual([]);
    writeFileSync(join(folder, 'notes.txt'), 'x');
    expect(await store.refresh()).toEqual(['one']);
    expect(store.get('one')?.version).not.toBe(first);
    expect(store.get('gone')).toBeUndefined();
    expect(store.get('other')).toBeUndefined();
  });

  it('throws what is wrong with a bundle until it is corrected', async () => {
    const folder = writeFolder(minimal());
    const store = new BundleStore({ one: folder });
    await store.refresh();
    writeFileSync(join(folder, 'job.yaml.hbs'), '{{#if');
    expect(await store.refresh()).toEqual(['one']);
    expect(() => store.get('one')).toThrow(BundleInvalid);
    writeFileSync(join(folder, 'job.yaml.hbs'), String(minimal()['job.yaml.hbs']));
    expect(await store.refresh()).toEqual(['one']);
    expect(store.get('one')?.name).toBe('one');
  });

  it('forgets a bundle whose folder or whose entry is gone', async () => {
    const [one, two] = [writeFolder(minimal()), writeFolder(minimal())];
    const store = new BundleStore({ one, two });
    await store.refresh();
    await rm(one, { recursive: true });
    store.setFolders({ one });
    expect((await store.refresh()).sort()).toEqual(['one', 'two']);
    expect([store.get('one'), store.get('two')]).toEqual([undefined, undefined]);
  });
});

describe('the kinds that resourceTypes allows, without a cluster', () => {
  it.each([
    ['deployment', 'apps/v1', 'Deployment', true],
    ['deployments.apps', 'apps/v1', 'Deployment', true],
    ['deployments.v1.apps', 'apps/v1', 'Deployment', true],
    ['deploy', 'apps/v1', 'Deployment', true],
    ['Deployment', 'apps/v1', 'Deployment', true],
    ['deployment', 'extensions/v1beta1', 'Deployment', undefined],
    ['deployments.extensions', 'apps/v1', 'Deployment', undefined],
    ['pvc', 'v1', 'PersistentVolumeClaim', true],
    ['cm', 'v1', 'ConfigMap', true],
    ['cm', 'v1', 'Secret', undefined],
    ['ing', 'networking.k8s.io/v1', 'Ingress', true],
    ['clusterroles', 'rbac.authorization.k8s.io/v1', 'ClusterRole', false],
    ['certificates.cert-manager.io', 'cert-manager.io/v1', 'Certificate', true],
    ['certificate.cert-manager.io', 'cert-manager.io/v1', 'Certificate', true],
    ['certificates', 'cert-manager.io/v1', 'Certificate', undefined],
  ])('%s and %s %s: %s', (type, apiVersion, kind, namespaced) => {
    expect(offlineKinds([type]).find(apiVersion, kind)?.namespaced).toBe(namespaced);
  });
});
