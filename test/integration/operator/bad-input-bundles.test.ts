import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createBuild,
  eventsOf,
  patch,
  remove,
  scriptedBundle,
  useOperator,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import {
  type Change,
  changedBundle,
  expectOneEvent,
  expectOthersGoOn,
  expectSentence,
  kustomization,
  leftovers,
  refusal,
} from './bad-input-support.js';

const role = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: more}
rules: []
`;
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n';
const job = (name: string) => `apiVersion: batch/v1
kind: Job
metadata: {name: ${name}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: none}]
`;
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: second}
spec:
  selector: {matchLabels: {app: second}}
  template:
    metadata: {labels: {app: second}}
    spec: {containers: [{name: second, image: none}]}
`;

/** What is wrong, how a bundle gets it, and what the sentence says: where it is and what to do. */
const defects: Record<string, [what: string, change: Change, words: RegExp]> = {
  yaml: [
    'a YAML error',
    (bundle) => bundle.replace('settings.yaml.hbs', 'data:\n', 'data: [\n'),
    /settings\.yaml/,
  ],
  template: [
    'a template error',
    (bundle) => bundle.replace('settings.yaml.hbs', '{{#each build_env}}', '{{#each build_env'),
    /settings\.yaml\.hbs/,
  ],
  variable: [
    'a variable that there is not',
    (bundle) => bundle.replace('settings.yaml.hbs', '{{database_prefix}}', '{{data_base}}'),
    /settings\.yaml\.hbs.*data_base/,
  ],
  helper: [
    'a helper that there is not',
    (bundle) => bundle.replace('settings.yaml.hbs', '{{build_name}}', '{{upper build_name}}'),
    /settings\.yaml\.hbs.*upper/,
  ],
  missing: [
    'a missing file',
    (bundle) => bundle.replace(kustomization, 'settings.yaml', 'setings.yaml'),
    /setings\.yaml/,
  ],
  remote: [
    'a file on the network',
    (bundle) => bundle.replace(kustomization, 'settings.yaml', 'https://example.org/settings.yaml'),
    /https:\/\/example\.org\/settings\.yaml/,
  ],
  link: [
    'a symbolic link',
    ({ folder }) => symlinkSync('/etc/hostname', join(folder, 'host.txt')),
    /host\.txt.*symbolic link.*put a copy/,
  ],
  root: [
    'no root file',
    ({ folder }) => rmSync(join(folder, kustomization)),
    /kustomization\.yaml\.hbs.*missing/,
  ],
  nameless: [
    'a resource without a name',
    (bundle) => bundle.addResource('apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n'),
    /name/,
  ],
  cluster: [
    'a cluster-scoped resource',
    (bundle) => bundle.addResource('apiVersion: v1\nkind: Namespace\nmetadata: {name: more}\n'),
    /Namespace .* is cluster-scoped.*take it out of the bundle/,
  ],
  unlisted: [
    'a kind outside of resourceTypes',
    (bundle) => bundle.addResource(role),
    /Role .*resourceTypes does not list.*take it out of the bundle, or add the kind/,
  ],
  namespace: [
    'another namespace in a resource',
    (bundle) => {
      bundle.replace(kustomization, 'namespace: "{{namespace}}"\n', '');
      bundle.addResource(configMap.replace('name: more', 'name: more, namespace: kube-system'));
    },
    /ConfigMap .*kube-system.*namespace: \{\{namespace\}\}/,
  ],
  jobs: [
    'two Jobs to initialise',
    (bundle) => bundle.addResource(job('second'), 'initialize'),
    /initialize renders 2 Jobs.*exactly one/,
  ],
  nojob: [
    'no Job to initialise',
    (bundle) =>
      bundle.replace(kustomization, '  - initialize.yaml\n', '  - initialize.yaml\n'.replace(/.*/, '')),
    /initialize renders 0 Jobs.*exactly one/,
  ],
  cleanups: [
    'two Jobs to clean up',
    (bundle) => bundle.addResource(job('second'), 'cleanup'),
    /cleanup renders 2 Jobs.*one or none/,
  ],
  startjob: [
    'a Job to start',
    (bundle) => bundle.addResource(job('second'), 'start'),
    /start renders the Job.*only initialize and cleanup may/,
  ],
  nodeployment: [
    'no Deployment',
    (bundle) => bundle.replace('web.yaml.hbs', 'kind: Deployment', 'kind: ReplicaSet'),
    /resourceTypes|no Deployment/,
  ],
  deployments: ['two Deployments', (bundle) => bundle.addResource(deployment), /2 Deployments.*exactly one/],
  unlabelled: [
    'a pod template without the label',
    (bundle) => bundle.replace(kustomization, '    includeSelectors: true\n', ''),
    /label.*runboat\/build/,
  ],
  twice: [
    'a resource twice',
    (bundle) => bundle.addResource(configMap.replace('more', 'environment')),
    /ConfigMap.*environment/,
  ],
  hash: [
    'a generated name that depends on values',
    (bundle) => bundle.replace(kustomization, 'disableNameSuffixHash: true', 'disableNameSuffixHash: false'),
    /disableNameSuffixHash: true/,
  ],
};

const names = Object.keys(defects);
const folders = names.map((name) => [name, changedBundle(name, defects[name]![1]).folder]);
const late = changedBundle('late', defects['yaml']![1]);
const config = {
  bundles: { ...Object.fromEntries(folders), late: late.folder },
  resourceTypes: ['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job', 'namespace'],
};
const bed = useOperator(config);

describe('a bundle with', () => {
  beforeAll(async () => {
    for (const name of names) await createBuild(bed.namespace, { name, spec: { kubefiles: name } });
  });

  it.each(names.map((name) => [defects[name]![0], name]))(
    '%s refuses its build in a sentence',
    async (_what, name) => {
      const { reason, message } = await refusal(bed.namespace, name);
      expect(reason).toBe('BundleInvalid');
      expect(message).toMatch(defects[name]![2]);
      expectSentence(message);
    },
    90_000,
  );

  it('anything wrong leads to nothing being created', async () => {
    for (const name of names) await refusal(bed.namespace, name);
    expect(await leftovers(bed.namespace)).toEqual([]);
  });

  it('anything wrong leads to one Event, however often it is tried', async () => {
    // A bundle that changes, whichever, lets all that was refused be tried once more.
    late.write('README.md', 'Still broken.\n');
    await expectOneEvent(bed, 'yaml', 'BundleInvalid', 2);
    for (const name of names) expect(await eventsOf(bed.namespace, name)).toHaveLength(1);
  });

  it('anything wrong leaves the other builds alone', async () => {
    await expectOthersGoOn(bed.namespace);
  });

  it('anything wrong does not keep its build from being deleted', async () => {
    for (const name of names) await remove('build', bed.namespace, name);
    for (const name of names) await waitForGone(bed.namespace, name);
    expect(await leftovers(bed.namespace)).toEqual([]);
  });
});

it('a bundle that is corrected on disk lets its refused build go on by itself within 10 s', async () => {
  const name = await createBuild(bed.namespace, { spec: { kubefiles: 'late', replicas: 1 } });
  await refusal(bed.namespace, name);
  cpSync(scriptedBundle, late.folder, { recursive: true, force: true });
  const corrected = Date.now();
  const build = await waitForPhase(bed.namespace, name, 'Started');
  expect(Date.parse(build.status?.initStartedAt ?? '') - corrected).toBeLessThan(10_000);
});

describe('a build of a bundle', () => {
  it('that is not configured is refused, and goes on when its spec names another one', async () => {
    const name = await createBuild(bed.namespace, { spec: { kubefiles: 'nowhere' } });
    const { reason, message } = await refusal(bed.namespace, name);
    expect(reason).toBe('BundleMissing');
    expect(message).toBe(
      'The configuration has no bundle "nowhere". ' +
        'Ask the administrator to add it under "bundles", or choose another one and reset the build.',
    );
    expect(await leftovers(bed.namespace)).not.toContainEqual(expect.stringContaining(name));
    await patch('build', bed.namespace, name, { spec: { kubefiles: 'scripted' } });
    await waitForPhase(bed.namespace, name, 'Stopped');
  });

  it('that a variable of its own breaks is refused, and goes on without the variable', async () => {
    const spec = { env: { PGDATABASE: 'mine' } };
    const name = await createBuild(bed.namespace, { spec });
    const { reason, message } = await refusal(bed.namespace, name);
    expect(reason).toBe('BundleInvalid');
    expect(message).toContain('PGDATABASE');
    expectSentence(message);
    await patch('build', bed.namespace, name, { spec: { env: null } });
    await waitForPhase(bed.namespace, name, 'Stopped');
  });

  it('without a rule is refused in spite of all overrides, and goes on when the configuration has one', async () => {
    const spec = { repo: 'acme/shop', targetBranch: 'next', image: 'x:1', kubefiles: 'scripted' };
    const name = await createBuild(bed.namespace, { spec });
    const { reason, message } = await refusal(bed.namespace, name);
    expect(reason).toBe('NoMatchingRule');
    expect(message).toBe(
      'No rule of the configuration matches repository acme/shop with branch next. ' +
        'Ask the administrator to add one under "repos", or delete this build.',
    );
    await expectOneEvent(bed, name, 'NoMatchingRule', 1);
    await expectOthersGoOn(bed.namespace);
    const repos = [{ repo: '.*', branch: '.*', image: 'i:1', kubefiles: 'scripted' }];
    await bed.restart({ ...config, repos });
    await waitForPhase(bed.namespace, name, 'Stopped');
  });
});
