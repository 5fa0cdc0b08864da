import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { loadBundle } from '../../../operator/render/bundle.js';
import { TOKEN_PREFIX } from '../../../operator/render/tokens.js';
import { BundleInvalid, type Mode, type RenderInput } from '../../../operator/render/types.js';
import {
  bundleOf,
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

const renderer = rendererWith();

interface Refused {
  readonly files: Record<string, string | Buffer>;
  readonly file: string;
  readonly says: RegExp;
  readonly mode?: Mode;
  readonly input?: Partial<RenderInput>;
}

async function refusalOf({ files, mode = 'deployment', input = {} }: Refused): Promise<BundleInvalid> {
  try {
    const resources = await renderer.render(await bundleOf(files), mode, inputOf(input));
    throw new Error(`not refused: ${JSON.stringify(resources)}`);
  } catch (error) {
    if (error instanceof BundleInvalid) return error;
    throw error;
  }
}

const ROOT = 'kustomization.yaml.hbs';
const config = (body: string) => ({ 'more.yaml.hbs': `apiVersion: v1\nkind: ConfigMap\n${body}` });
const withMore = (text: string) => minimal({ 'more.yaml.hbs': text }, ['more.yaml']);
const entry = (line: string) => minimal({ [ROOT]: `${minimal()[ROOT]}${line}\n` });
const printing = (text: string) =>
  withMore(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata:\n  k: ${text}\n`);
const second = (name: string) => DEPLOYMENT.replace('name: app', `name: ${name}`);

const cases: Record<string, Refused> = {
  'a YAML error in a kustomization': {
    files: entry('a: b: c'),
    file: ROOT,
    says: /YAML error in line \d+.*correct it/,
  },
  'a YAML error in a resource': {
    files: withMore('kind: [Config\nmetadata: {}'),
    file: 'more.yaml.hbs',
    says: /YAML error in line 2/,
  },
  'a template that does not parse': {
    files: withMore('x: {{#if a}}'),
    file: 'more.yaml.hbs',
    says: /cannot be read \(Parse error on line 1: .*\); correct it/,
  },
  'a variable that does not exist': {
    files: printing('{{nope}}'),
    file: 'more.yaml.hbs',
    says: /variable nope does not exist/,
  },
  'an entry of a map that does not exist': {
    files: printing('{{build_env.NOPE}}'),
    file: 'more.yaml.hbs',
    says: /variable build_env\.NOPE does not exist.*default build_env\.NOPE/,
  },
  'a missing file': {
    files: minimal({}, ['gone.yaml']),
    file: ROOT,
    says: /"gone\.yaml", which is not a file of the bundle/,
  },
  'a missing file of a generator': {
    files: entry('configMapGenerator: [{name: x, files: [k=gone.sh]}]'),
    file: ROOT,
    says: /"gone\.sh", which is not a file/,
  },
  'a missing patch': { files: entry('patches: [{path: gone.yaml}]'), file: ROOT, says: /"gone\.yaml"/ },
  'an address as a resource': {
    files: minimal({}, ['https://example.org/x.yaml']),
    file: ROOT,
    says: /not a file of the bundle/,
  },
  'an address that is also the path of a file': {
    files: minimal({ 'https:/example.org/x.yaml': 'kind: X' }, ['https://example.org/x.yaml']),
    file: ROOT,
    says: /not a file of the bundle/,
  },
  'a repository as a base': {
    files: minimal({}, ['github.com/owner/repo']),
    file: ROOT,
    says: /not a file of the bundle/,
  },
  'a folder outside of the bundle': {
    files: minimal({}, ['../other']),
    file: ROOT,
    says: /not a file of the bundle/,
  },
  'an absolute path': { files: minimal({}, ['/etc']), file: ROOT, says: /not a file of the bundle/ },
  'an address under a field that only Go reads as resources': {
    files: entry('re\u017fources: [https://example.org/x.yaml]'),
    file: ROOT,
    says: /not a file of the bundle/,
  },
  'an address in a nested kustomization': {
    files: minimal({ 'sub/kustomization.yaml': 'resources: [https://example.org/x]' }, ['sub']),
    file: 'sub/kustomization.yaml',
    says: /not a file of the bundle/,
  },
  'an address in a transformer written inline': {
    files: entry(
      'transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  path: https://example.org/x',
    ),
    file: ROOT,
    says: /not a file of the bundle/,
  },
  'an address in a generator in a file': {
    files: minimal(
      {
        [ROOT]: `${minimal()[ROOT]}generators: [gen.yaml]\n`,
        'gen.yaml':
          'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\nfiles: [https://example.org/x]',
      },
      [],
    ),
    file: 'gen.yaml',
    says: /not a file of the bundle/,
  },
  'a Helm chart': {
    files: entry('helmCharts: [{name: x, repo: https://example.org}]'),
    file: ROOT,
    says: /Helm charts/,
  },
  'a value inside a path': { files: minimal({}, ['{{build_slug}}.yaml']), file: ROOT, says: /helper word/ },
  'a resource without a name': {
    files: withMore(config('metadata: {}\n')['more.yaml.hbs']),
    file: 'more.yaml.hbs',
    says: /give every resource a metadata\.name/,
  },
  'a resource whose name is empty for this build': {
    files: withMore('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{build_env.N}}"}\n'),
    file: ROOT,
    says: /has no name/,
    input: { env: { N: '' } },
  },
  'a name that is no segment of a path': {
    files: withMore('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{build_env.N}}"}\n'),
    file: ROOT,
    says: /which Kubernetes refuses/,
    input: { env: { N: '../secrets/x' } },
  },
  'another namespace': {
    files: {
      ...minimal({ [ROOT]: 'resources: [deployment.yaml, more.yaml]' }),
      ...config('metadata: {name: x, namespace: kube-system}\n'),
    },
    file: ROOT,
    says: /ConfigMap x is in the namespace "kube-system" instead of runboat-builds/,
  },
  'a cluster-scoped resource': {
    files: withMore('apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n'),
    file: ROOT,
    says: /ClusterRole x is cluster-scoped/,
  },
  'a kind that is not listed': {
    files: withMore('apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: x}\n'),
    file: ROOT,
    says: /StatefulSet x is of a kind that resourceTypes does not list/,
  },
  'two resources of one identity': {
    files: withMore(DEPLOYMENT),
    file: 'more.yaml.hbs',
    says: /already registered id.*render every resource only once/,
  },
  'two resources of one identity for this build': {
    files: withMore(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{build_env.A}}"}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{build_env.B}}"}\n',
    ),
    file: ROOT,
    says: /ConfigMap same is rendered twice/,
    input: { env: { A: 'same', B: 'same' } },
  },
  'a Secret of the name under which the settings are recorded': {
    files: entry(
      'secretGenerator: [{name: "{{build_name}}-runboat", literals: ["a=b"]}]\ngeneratorOptions: {disableNameSuffixHash: true}',
    ),
    file: ROOT,
    says: /Secret oca-mis-builder-16-0-1a2b3c4d5e6f-runboat has the name .* records the build's settings; give it another name/,
  },
  'such a Secret in mode cleanup alone, its name made by a prefix': {
    files: {
      [ROOT]:
        '{{#if (eq mode "cleanup")}}\nnamePrefix: "{{build_name}}-"\nsecretGenerator: [{name: runboat, literals: ["a=b"]}]\ngeneratorOptions: {disableNameSuffixHash: true}\n{{/if}}\n',
    },
    file: ROOT,
    mode: 'cleanup',
    says: /Secret oca-mis-builder-16-0-1a2b3c4d5e6f-runboat has the name/,
  },
  'no Deployment': {
    files: { [ROOT]: 'resources: [job.yaml]', 'job.yaml.hbs': JOB },
    file: ROOT,
    says: /renders no Deployment/,
  },
  'two Deployments': {
    files: withMore(second('other')),
    file: ROOT,
    says: /renders 2 Deployments \(app, other\)/,
  },
  'two Deployments in another mode': {
    files: withMore(second('other')),
    file: ROOT,
    mode: 'stop',
    says: /mode stop renders 2 Deployments/,
  },
  'two Jobs': {
    files: withMore(JOB.replace('name: job', 'name: two')),
    file: ROOT,
    mode: 'initialize',
    says: /renders 2 Jobs \(job, two\)/,
  },
  'no Job to initialise': {
    files: { ...minimal(), [ROOT]: 'resources: [deployment.yaml]' },
    file: ROOT,
    mode: 'initialize',
    says: /renders 0 Jobs; it must render exactly one/,
  },
  'two Jobs to clean up': {
    files: withMore(`${JOB}---${JOB.replace('name: job', 'name: two')}`),
    file: ROOT,
    mode: 'cleanup',
    says: /one or none/,
  },
  'a Job in another mode': {
    files: withMore(JOB),
    file: ROOT,
    mode: 'start',
    says: /only initialize and cleanup may/,
  },
  'a Deployment whose selector lacks the label': {
    files: minimal({
      'deployment.yaml.hbs': DEPLOYMENT.replace(
        'matchLabels: {runboat/build: "{{build_name}}"}',
        'matchLabels: {app: x}',
      ),
    }),
    file: ROOT,
    says: /selector .* of Deployment app lacks the label runboat\/build/,
  },
  'a Deployment whose pod template lacks the label': {
    files: minimal({
      'deployment.yaml.hbs': DEPLOYMENT.replace(
        'metadata: {labels: {runboat/build: "{{build_name}}"}}',
        'metadata: {labels: {app: x}}',
      ),
    }),
    file: ROOT,
    says: /pod template .* of Deployment app lacks the label runboat\/build/,
  },
  'a Job whose pod template lacks the label': {
    files: minimal({ 'job.yaml.hbs': JOB.replace('runboat/build: "{{build_name}}", ', '') }),
    file: ROOT,
    mode: 'initialize',
    says: /pod template .* of Job job lacks the label runboat\/build/,
  },
  'a Job whose pods say they do something else': {
    files: minimal({ 'job.yaml.hbs': JOB.replace('"{{mode}}"', 'cleanup') }),
    file: ROOT,
    mode: 'initialize',
    says: /runboat\/job-kind with "cleanup"; in mode initialize it must be initialize/,
  },
  'a key that the bundle sets too': {
    files: withMore(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  PGDATABASE: x\n  {{#each build_env}}\n  {{@key}}: {{this}}\n  {{/each}}\n',
    ),
    file: ROOT,
    says: /ConfigMap x: the key PGDATABASE occurs twice/,
    input: { env: { PGDATABASE: 'mine' } },
  },
  'an environment name twice': {
    files: minimal({
      'deployment.yaml.hbs': DEPLOYMENT.replace(
        'name: app, image',
        'name: app, env: [{name: A, value: x}{{#each build_env}}, {name: "{{@key}}", value: "{{this}}"}{{/each}}], image',
      ),
    }),
    file: ROOT,
    says: /Deployment app has the environment variable A \(container app\) twice/,
    input: { env: { A: 'mine' } },
  },
  'a container twice': {
    files: minimal({
      'deployment.yaml.hbs': DEPLOYMENT.replace(
        'containers: [',
        'containers: [{name: "{{build_env.A}}", image: x}, ',
      ),
    }),
    file: ROOT,
    says: /the container app twice/,
    input: { env: { A: 'app' } },
  },
  'a generated name whose hash covers values': {
    files: entry('configMapGenerator: [{name: x, literals: ["a={{build_slug}}"]}]'),
    file: ROOT,
    says: /disableNameSuffixHash: true/,
  },
  'a generated name whose hash covers a value in base64': {
    files: entry('secretGenerator: [{name: x, literals: ["a={{build_slug}}"]}]'),
    file: ROOT,
    says: /disableNameSuffixHash: true/,
  },
  'a map that is printed': {
    files: printing('"{{build_env}}"'),
    file: 'more.yaml.hbs',
    says: /prints build_env, which is a map/,
  },
  'the context that is printed': {
    files: printing('"{{this}}"'),
    file: 'more.yaml.hbs',
    says: /which is a map/,
  },
  'a word that is none': {
    files: printing('{{word build_env.A}}'),
    file: 'more.yaml.hbs',
    says: /build_env\.A is printed with word/,
    input: { env: { A: 'a b' } },
  },
  'a word that leaves the folder': {
    files: minimal({}, ['{{word build_env.A}}']),
    file: ROOT,
    says: /build_env\.A is printed with word/,
    input: { env: { A: '..' } },
  },
  'an int that is none': {
    files: printing('{{int build_env.A}}'),
    file: 'more.yaml.hbs',
    says: /build_env\.A is printed with int/,
    input: { env: { A: '1e3' } },
  },
  'a bool that is none': {
    files: printing('{{bool build_env.A}}'),
    file: 'more.yaml.hbs',
    says: /build_env\.A is printed with bool/,
    input: { env: { A: 'maybe' } },
  },
  'a secret as literal text': {
    files: printing('{{word build_secret_env.A}}'),
    file: 'more.yaml.hbs',
    says: /build_secret_env\.A is a secret/,
    input: { secretEnv: { A: 'hidden' } },
  },
  'half a surrogate pair in a value': {
    files: printing('{{build_env.A}}'),
    file: 'undefined',
    says: /build_env\.A is not well-formed Unicode/,
    input: { env: { A: 'x\ud800' } },
  },
  'half a surrogate pair in a key': {
    files: minimal(),
    file: 'undefined',
    says: /a key of build_secret_env is not well-formed Unicode/,
    input: { secretEnv: { '\udc00': 'x' } },
  },
  'a number printed as text': {
    files: minimal({
      'deployment.yaml.hbs': DEPLOYMENT.replace(
        'spec:\n  selector',
        'spec:\n  replicas: {{build_template_vars.replicas}}\n  selector',
      ),
    }),
    file: ROOT,
    says: /\.spec\.replicas a template variable of type number is printed as text; print it with the helper int/,
    input: { templateVars: { replicas: 2 } },
  },
};

describe('a bundle that breaks the contract is refused with its file and a sentence', () => {
  it.each(Object.entries(cases))('%s', async (_name, refused) => {
    const error = await refusalOf(refused);
    expect(error.sentence).toMatch(refused.says);
    expect(String(error.file)).toBe(refused.file);
    expect(error.message).toMatch(/^Bundle sample.*\.$/s);
    expect(error.message).not.toContain(TOKEN_PREFIX);
    expect(error.message).not.toMatch(/\/tmp\//);
  });

  it('never says the value of a secret', async () => {
    const refused = cases['a secret as literal text'] as Refused;
    expect((await refusalOf(refused)).message).not.toContain('hidden');
  });
});

describe('a folder that is no bundle is refused', () => {
  const load = (files: Record<string, string | Buffer>) =>
    bundleOf(files).then(
      () => 'accepted',
      (error: Error) => error.message,
    );

  it('without kustomization.yaml.hbs', async () => {
    expect(await load({ 'kustomization.yaml': 'resources: []' })).toMatch(
      /kustomization\.yaml\.hbs: the file is missing/,
    );
  });

  it('with a Jinja kustomization, saying how to convert it', async () => {
    expect(await load({ 'kustomization.yaml.jinja': '' })).toMatch(
      /convert it once: runboat convert-bundle /,
    );
  });

  it('with a template and a file of the same name', async () => {
    expect(await load(minimal({ 'deployment.yaml': 'x' }))).toMatch(/there is also a file deployment\.yaml/);
  });

  it('with a template that is not UTF-8', async () => {
    expect(await load(minimal({ 'x.hbs': Buffer.from([0xff]) }))).toMatch(
      /x\.hbs: it is a template but not UTF-8/,
    );
  });

  it('with the prefix of tokens in a file', async () => {
    expect(await load(minimal({ 'x.txt': `a ${TOKEN_PREFIX}` }))).toMatch(
      /x\.txt: it contains zq[0-9a-f]+, which is reserved/,
    );
  });

  it('with a symbolic link, to a file or to a folder', async () => {
    for (const target of ['deployment.yaml.hbs', '/etc']) {
      const folder = writeFolder(minimal());
      symlinkSync(target, join(folder, 'link'));
      await expect(loadBundle('sample', folder)).rejects.toThrow(/link: it is a symbolic link/);
    }
  });

  it('that does not exist', async () => {
    await expect(loadBundle('sample', '/does/not/exist')).rejects.toThrow(
      /the folder cannot be read.*correct its path/,
    );
  });
});
