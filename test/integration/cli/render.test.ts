import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { dump, load, loadAll } from 'js-yaml';
import { repositoryRoot } from '../../cluster/paths.js';
import { kubectl, useNamespace } from '../../support/cluster.js';
import { configOf, runboat, temporaryFile } from './run-command.js';

const namespace = useNamespace();
const modes = ['deployment', 'initialize', 'start', 'stop', 'cleanup'] as const;
const build = 'docs/examples/build.yaml';

interface Resource {
  kind: string;
  metadata: { name: string; namespace: string };
}

function configFile(bundle: string): string {
  return temporaryFile(
    `${bundle}.yaml`,
    configOf(bundle, { namespace: namespace.name, secretEnv: { PGPASSWORD: 'p' } }),
  );
}

function render(mode: string, file: string, config: string, input = '') {
  return runboat(['render', '--mode', mode, '-f', file, '--config', config], { input });
}

describe.each(['odoo', 'webpage'])('the built-in bundle %s', (bundle) => {
  it.each(modes)('renders mode %s as YAML that the API server accepts', async (mode) => {
    const { code, stdout, stderr } = await render(mode, build, configFile(bundle));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const resources = loadAll(stdout) as Resource[];
    expect(resources.length).toBeGreaterThan(0);
    for (const { metadata } of resources) expect(metadata.namespace).toBe(namespace.name);
    const jobs = resources.filter(({ kind }) => kind === 'Job');
    expect(jobs).toHaveLength(mode === 'initialize' || mode === 'cleanup' ? 1 : 0);
    const dryRun = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'];
    const answer = await kubectl(dryRun, stdout);
    expect(answer.match(/serverside-applied \(server dry run\)/g)).toHaveLength(resources.length);
  });
});

describe('a build that cannot be rendered ends with code 1 and the sentence of the condition', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a build is changed into a wrong one.
  const example = load(readFileSync(join(repositoryRoot, build), 'utf8')) as any;
  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'without a matching rule',
      { repo: 'acme/secret' },
      /^No rule of the configuration matches repository acme\/secret with branch 16\.0\. Ask .*\.$/m,
    ],
    ['with a bundle that is not configured', { kubefiles: 'nowhere' }, /has no bundle "nowhere"/],
    ['with a value that the bundle cannot take', { env: { PGDATABASE: 'mine' } }, /PGDATABASE/],
  ])('%s', async (_title, spec, words) => {
    const text = dump({ ...example, spec: { ...example.spec, ...spec } });
    const { code, stdout, stderr } = await render('deployment', '-', configFile('odoo'), text);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
