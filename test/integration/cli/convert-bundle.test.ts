import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { runboat } from './run-command.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'runboat-old-bundle-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const job = (kind: string) => `
apiVersion: batch/v1
kind: Job
metadata: {name: ${kind}, labels: {runboat/job-kind: ${kind}}}
spec:
  template:
    metadata: {labels: {runboat/job-kind: ${kind}}}
    spec: {restartPolicy: Never, containers: [{name: app, image: app}]}
`;

const files = {
  'kustomization.yaml.jinja': `
resources:
  {%- if mode == 'deployment' %}
  - deployment.yaml
  {%- elif mode == "initialize" %}
  - initialize.yaml
  {%- elif mode == "cleanup" %}
  - cleanup.yaml
  {%- endif %}
namespace: {{ namespace }}
namePrefix: "{{ build_name }}-"
commonLabels:
  runboat/build: "{{ build_name }}"
commonAnnotations:
  runboat/pr: "{{ commit_info.pr if commit_info.pr else '' }}"
images:
  - name: app
    newName: "{{ image_name }}"
    newTag: "{{ image_tag }}"
configMapGenerator:
  - name: env
    literals:
      {%- for key, value in build_env.items() %}
      - {{ key }}={{ value }}
      {%- endfor %}
generatorOptions:
  disableNameSuffixHash: true
patches:
  - target: {kind: Deployment, name: app}
    patch: |-
      - op: replace
        path: /spec/template/spec/priorityClassName
        value: {{ build_template_vars["priority"] }}
`,
  'deployment.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {priorityClassName: low, containers: [{name: app, image: app}]}
`,
  'initialize.yaml': job('initialize'),
  'cleanup.yaml': job('cleanup'),
};

// Each runs kustomize for each mode more than once.
jest.setTimeout(60_000);

describe('runboat convert-bundle', () => {
  it('makes a valid bundle of a folder of the Python runboat, beside its template', async () => {
    const folder = folderWith(files);
    const { code, stdout, stderr } = await runboat(['convert-bundle', folder]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('It is a valid bundle in all five modes.');
    expect(existsSync(join(folder, 'kustomization.yaml.jinja'))).toBe(true);
  });

  it('writes to another folder with all other files, and never over an earlier result', async () => {
    const folder = folderWith(files);
    const target = join(folderWith({}), 'new');
    expect((await runboat(['convert-bundle', folder, target])).code).toBe(0);
    expect(readFileSync(join(target, 'deployment.yaml'), 'utf8')).toBe(files['deployment.yaml']);
    expect(existsSync(join(target, 'kustomization.yaml.jinja'))).toBe(false);
    const again = await runboat(['convert-bundle', folder, target]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('exists already; remove it to convert anew');
  });

  it('converts anew into a folder of an earlier run once the result is removed', async () => {
    const folder = folderWith(files);
    const target = folderWith({ 'deployment.yaml': files['deployment.yaml'] });
    expect((await runboat(['convert-bundle', folder, target])).code).toBe(0);
  });

  it('copies nothing when another file of the target has the name of one', async () => {
    const target = folderWith({ 'initialize.yaml': 'mine', 'cleanup.yaml': files['cleanup.yaml'] });
    const { code, stderr } = await runboat(['convert-bundle', folderWith(files), target]);
    expect(code).toBe(2);
    expect(stderr).toContain('has other files of the same names: initialize.yaml; remove them');
    expect(readdirSync(target).sort()).toEqual(['cleanup.yaml', 'initialize.yaml']);
  });

  it.each(['new', '../link/new'])(
    'refuses a target within the folder, also by way of a link: %s',
    async (way) => {
      const outer = folderWith(
        Object.fromEntries(Object.entries(files).map(([name, content]) => [`old/${name}`, content])),
      );
      const folder = join(outer, 'old');
      symlinkSync(folder, join(outer, 'link'));
      const { code, stderr } = await runboat(['convert-bundle', folder, `${folder}/${way}`]);
      expect(code).toBe(2);
      expect(stderr).toContain('so would become a part of itself');
      expect(readdirSync(folder).sort()).toEqual(Object.keys(files).sort());
    },
  );

  it('says what becomes of a plain kustomization beside the template, of those in subfolders and of other templates', async () => {
    const base = 'configMapGenerator: [{name: more, literals: [a=b]}]\n';
    const plain = { 'kustomization.yaml': 'old', 'base/kustomization.yaml': base, 'base/page.hbs': 'text' };
    const folder = folderWith({ ...files, ...plain });
    const target = join(folderWith({}), 'new');
    const { code, stdout } = await runboat(['convert-bundle', folder, target]);
    expect(code).toBe(0);
    expect(stdout).toContain(`note: ${join(folder, 'kustomization.yaml')} is left out`);
    expect(stdout).toContain(`note: ${join(folder, 'base/page.hbs')} is a template in a bundle`);
    expect(existsSync(join(target, 'kustomization.yaml'))).toBe(false);
    expect(readFileSync(join(target, 'base/kustomization.yaml'), 'utf8')).toBe(base);
  });

  it.each([
    ['beside the template', true],
    ['in the target', false],
  ])('refuses a plain kustomization %s, where the bundle would have both', async (_, isSame) => {
    const plain = { 'kustomization.yaml': 'resources: []\n' };
    const folder = folderWith(isSame ? { ...files, ...plain } : files);
    const target = isSame ? folder : folderWith(plain);
    const before = readdirSync(target);
    const { code, stderr } = await runboat(['convert-bundle', folder, target]);
    expect(code).toBe(2);
    expect(stderr).toContain('a bundle cannot have both; move it away');
    expect(readdirSync(target)).toEqual(before);
  });

  it('names the setting that kinds need which are not allowed by default', async () => {
    const template = files['kustomization.yaml.jinja'].replace('resources:', 'resources:\n  - more.yaml');
    const more = [
      'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\n',
      'apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: thing}\n',
    ].join('---\n');
    const folder = folderWith({ ...files, 'kustomization.yaml.jinja': template, 'more.yaml': more });
    const { code, stdout } = await runboat(['convert-bundle', folder]);
    expect(stdout).toContain(
      'note: the setting resourceTypes has to name cronjobs.batch, things.example.org, too.',
    );
    expect(code).toBe(0);
  });

  it('takes numbers and variables of other names for its check', async () => {
    const template = files['kustomization.yaml.jinja'].replace(
      'patches:',
      '{% set vars = build_template_vars %}\npatches:\n  - target: {kind: Deployment}\n    patch: |-\n' +
        '      - op: add\n        path: /spec/replicas\n        value: {{ vars.workers|int }}\n' +
        '      - op: add\n        path: /metadata/labels\n        value: { x: "{{ vars["my-size"] }}" }',
    );
    const { code, stdout } = await runboat([
      'convert-bundle',
      folderWith({ ...files, 'kustomization.yaml.jinja': template }),
    ]);
    expect(stdout).toContain('It is a valid bundle');
    expect(code).toBe(0);
  });

  it('names file and line of what is left to do', async () => {
    const template = files['kustomization.yaml.jinja'].replace('{{ namespace }}', '{{ namespace | upper }}');
    const folder = folderWith({ ...files, 'kustomization.yaml.jinja': template });
    const { code, stdout } = await runboat(['convert-bundle', folder]);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `${join(folder, 'kustomization.yaml.jinja')}:10: the value is not converted: the filter upper`,
    );
  });

  it('says what breaks the contract of bundles', async () => {
    const { 'cleanup.yaml': _, ...rest } = files;
    const { code, stdout } = await runboat(['convert-bundle', folderWith(rest)]);
    expect(code).toBe(1);
    expect(stdout).toContain('cleanup.yaml');
  });

  it('refuses a folder without a template', async () => {
    const { code, stderr } = await runboat(['convert-bundle', folderWith({})]);
    expect(code).toBe(2);
    expect(stderr).toContain('kustomization.yaml.jinja');
  });
});
