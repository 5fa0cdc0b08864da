import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { runCommand } from '../../cluster/command.js';
import { type Cluster, startCluster } from '../../cluster/control-plane.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { findPrograms } from '../../cluster/programs.js';
import type { Rule } from '../../support/account.js';
import { waitFor } from '../../support/cluster.js';
import { chartFolder, helm } from './helm-support.js';

const home = 'runboat';
const builds = 'runboat-builds';
const definition = 'crd/runboatbuilds.runboat.dev';
const folder = mkdtempSync(path.join(tmpdir(), 'runboat-helm-'));
const older = path.join(folder, 'older');
let cluster: Cluster;

// A cluster of its own, because definition and namespace of the builds are one for a whole cluster.
beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 });
  for (const name of [home, 'elsewhere']) {
    await cluster.kubectl(['create', 'namespace', name]);
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    await cluster.kubectl(['label', 'namespace', name, label]);
  }
  makeOlderChart();
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true });
});

/** A chart of an earlier version, whose definition of builds lacks something. */
function makeOlderChart(): void {
  cpSync(chartFolder, older, { recursive: true });
  const chart = path.join(older, 'Chart.yaml');
  writeFileSync(chart, readFileSync(chart, 'utf8').replace(/^version: .*$/m, 'version: 0.0.1'));
  const file = path.join(older, 'files', 'runboatbuild.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('shortNames: [rb]');
  writeFileSync(file, text.replace('shortNames: [rb]', 'shortNames: [rbold]'));
}

const install = (name: string, namespace: string, chart = chartFolder) =>
  helm(['upgrade', '--install', name, chart, '-n', namespace, '--wait', '--timeout', '120s'], { cluster });

const shortName = async () =>
  (await cluster.kubectl(['get', definition, '-o', 'jsonpath={.spec.names.shortNames[0]}'])).trim();

const password = async (key: string) =>
  cluster.kubectl(['get', 'secret', 'runboat', '-n', home, '-o', `jsonpath={.data.${key}}`]);

async function names(kind: string): Promise<string[]> {
  const text = await cluster.kubectl(['get', kind, '-n', builds, '-o', 'name']);
  return text.split('\n').filter((line) => line !== '');
}

const build = {
  apiVersion: 'runboat.dev/v1alpha1',
  kind: 'RunboatBuild',
  metadata: { name: 'kept', namespace: builds },
  spec: { repo: 'oca/web', targetBranch: '16.0', commit: 'a'.repeat(40) },
};

/** What `kubectl auth can-i --list` says of an account, beyond what everybody may. */
async function mayDo(account: string, namespace: string): Promise<string[]> {
  const list = async (name: string) =>
    (await cluster.kubectl(['auth', 'can-i', '--list', `--as=${name}`, '-n', namespace]))
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/\s+/g, ' '))
      .filter((line) => line !== '')
      .map(withSortedVerbs);
  const everybody = await list(`system:serviceaccount:${home}:nobody`);
  return (await list(account)).filter((line) => !everybody.includes(line)).sort();
}

function withSortedVerbs(line: string): string {
  return line.replace(/\[([^[]*)\]$/, (_, verbs: string) => `[${verbs.split(' ').sort().join(' ')}]`);
}

/** Rules as `kubectl auth can-i --list` prints them. */
function printed(rules: readonly Rule[]): string[] {
  return rules
    .map(({ apiGroups, resources, resourceNames = [], verbs }) => {
      const group = apiGroups[0] ? `.${apiGroups[0]}` : '';
      const [resource, subresource] = (resources[0] ?? '').split('/');
      const name = `${resource}${group}${subresource ? `/${subresource}` : ''}`;
      return withSortedVerbs(`${name} [] [${resourceNames.join(' ')}] [${verbs.join(' ')}]`);
    })
    .sort();
}

describe('helm', () => {
  it('installs without a value, all pods being ready, and tells the address', async () => {
    const said = await install('runboat', home, older);
    expect(said).toContain('Pages and API: http://localhost:8000');
    expect(said).toContain('helm test runboat -n runboat');
    expect(await shortName()).toBe('rbold');
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify(build));
  }, 180_000);

  it('upgrades to a chart with a newer definition, and keeps builds and passwords', async () => {
    const keys = ['admin-password', 'webhook-secret', 'postgresql-password', 'build-env'];
    const before = await Promise.all(keys.map(password));
    expect(before.every((text) => text !== '')).toBe(true);
    await install('runboat', home);
    expect(await shortName()).toBe('rb');
    expect(await Promise.all(keys.map(password))).toEqual(before);
    expect(await names('runboatbuilds')).toEqual(['runboatbuild.runboat.dev/kept']);
  }, 180_000);

  it.each(['operator', 'gateway'])('gives the %s no right but those that are documented', async (part) => {
    const account = `system:serviceaccount:${home}:runboat-${part}`;
    const file = path.join(repositoryRoot, 'docs', 'rbac', `${part}-role.yaml`);
    const { rules } = load(readFileSync(file, 'utf8')) as { rules: Rule[] };
    expect(await mayDo(account, builds)).toEqual(printed(rules));
    expect(await mayDo(account, home)).toEqual([]);
    expect(await mayDo(account, 'kube-system')).toEqual([]);
  });

  it('rolls back', async () => {
    await helm(['rollback', 'runboat', '1', '-n', home, '--wait', '--timeout', '120s'], { cluster });
    expect(await names('runboatbuilds')).toHaveLength(1);
    await install('runboat', home);
    expect(await shortName()).toBe('rb');
  }, 240_000);

  it('keeps builds, and the password of the database, when it uninstalls', async () => {
    const before = await password('postgresql-password');
    await helm(['uninstall', 'runboat', '-n', home, '--wait'], { cluster });
    expect(await names('runboatbuilds')).toHaveLength(1);
    expect(await password('postgresql-password')).toBe(before);
    expect(await names('rolebindings')).toEqual([]);
  }, 120_000);

  it('takes them up again under another name and in another namespace', async () => {
    await install('second', 'elsewhere');
    expect(await names('runboatbuilds')).toHaveLength(1);
    expect((await names('rolebindings')).sort()).toEqual([
      'rolebinding.rbac.authorization.k8s.io/second-runboat-gateway',
      'rolebinding.rbac.authorization.k8s.io/second-runboat-operator',
    ]);
    // Again, now as an upgrade beside a definition that is not its own.
    await install('second', 'elsewhere');
    expect(await shortName()).toBe('rb');
  }, 240_000);

  it('tells a command that removes everything, which ends', async () => {
    const notes = await helm(['get', 'notes', 'second', '-n', 'elsewhere'], { cluster });
    const command = /^ +(kubectl delete runboatbuilds .*)$/m.exec(notes)?.[1] ?? '';
    const programs = await findPrograms(['helm', 'kubectl']);
    const folders = [...new Set(Object.values(programs).map((program) => path.dirname(program)))];
    const env = {
      ...process.env,
      KUBECONFIG: cluster.kubeconfig,
      PATH: [...folders, process.env['PATH']].join(path.delimiter),
    };
    await runCommand('sh', ['-c', command], { env, cwd: repositoryRoot });
    await waitFor(async () => {
      const left = await cluster.kubectl(['get', 'namespaces,crds', '-o', 'name']);
      return !/runboat-builds|runboat\.dev/.test(left);
    });
  }, 120_000);
});
