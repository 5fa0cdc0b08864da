import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { getResource, kubectl, useNamespace, waitFor } from '../../support/cluster.js';
import { sampleBuild, sampleCommit } from './sample-build.js';

const namespace = useNamespace();

function inNamespace(...args: string[]): Promise<string> {
  return kubectl([...args, '-n', namespace.name]);
}

function create(name: string, spec: Record<string, unknown> = {}): Promise<string> {
  return kubectl(['create', '-n', namespace.name, '-f', '-'], JSON.stringify(sampleBuild(name, spec)));
}

function setStatus(name: string, status: Record<string, unknown>): Promise<string> {
  const change = JSON.stringify({ status });
  return inNamespace('patch', 'rb', name, '--subresource=status', '--type=merge', '-p', change);
}

function readyCondition(status: 'True' | 'False'): object {
  const lastTransitionTime = '2026-11-21T12:00:00Z';
  return { type: 'Ready', status, reason: 'Started', message: 'The build answers.', lastTransitionTime };
}

function cells(line: string | undefined): string[] {
  return (line ?? '').trim().split(/\s{2,}/);
}

describe('kubectl get', () => {
  beforeAll(async () => {
    await create('shown', { pr: 12 });
    await setStatus('shown', {
      phase: 'Started',
      url: 'http://shown.builds.example.org',
      queuePosition: 4,
      conditions: [readyCondition('True')],
    });
  });

  it('shows repository, branch, pull request, commit, phase, readiness and age', async () => {
    const [head, row] = (await inNamespace('get', 'rb', 'shown')).split('\n');
    expect(cells(head)).toEqual(['NAME', 'REPO', 'BRANCH', 'PR', 'COMMIT', 'PHASE', 'READY', 'AGE']);
    expect(cells(row).slice(0, -1)).toEqual([
      'shown',
      'oca/mis-builder',
      '16.0',
      '12',
      sampleCommit,
      'Started',
      'True',
    ]);
  });

  it('shows address and place in the queue on top of it when asked for wide output', async () => {
    const [head, row] = (await inNamespace('get', 'rb', 'shown', '-o', 'wide')).split('\n');
    expect(cells(head).slice(-2)).toEqual(['URL', 'QUEUE']);
    expect(cells(row).slice(-2)).toEqual(['http://shown.builds.example.org', '4']);
  });

  it.each(['rb', 'runboatbuild', 'runboatbuilds', 'runboatbuilds.runboat.dev', 'runboat'])(
    'finds builds under %s',
    async (resource) => {
      expect(await inNamespace('get', resource, '-o', 'name')).toContain('runboatbuild.runboat.dev/shown');
    },
  );
});

it('kubectl scale starts and stops a build, and is refused another number', async () => {
  await create('scaled');
  await inNamespace('scale', 'rb/scaled', '--replicas=1');
  expect((await getResource(namespace.name, 'rb', 'scaled')).spec.replicas).toBe(1);
  await expect(inNamespace('scale', 'rb/scaled', '--replicas=2')).rejects.toThrow('spec.replicas');
  await inNamespace('scale', 'rb/scaled', '--current-replicas=1', '--replicas=0');
  expect((await getResource(namespace.name, 'rb', 'scaled')).spec.replicas).toBe(0);
});

it('the scale of a build tells the replicas that were observed', async () => {
  await create('observed', { replicas: 1 });
  await setStatus('observed', { replicas: 1 });
  const path = `/apis/runboat.dev/v1alpha1/namespaces/${namespace.name}/runboatbuilds/observed/scale`;
  const scale = JSON.parse(await kubectl(['get', '--raw', path]));
  expect(scale).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 1 } });
});

it('kubectl wait --for=condition=Ready ends when the build is ready and not before', async () => {
  await create('awaited');
  await setStatus('awaited', { conditions: [readyCondition('False')] });
  await expect(inNamespace('wait', 'rb/awaited', '--for=condition=Ready', '--timeout=1s')).rejects.toThrow(
    'timed out',
  );
  const waiting = inNamespace('wait', 'rb/awaited', '--for=condition=Ready', '--timeout=30s');
  await setStatus('awaited', { conditions: [readyCondition('True')] });
  await expect(waiting).resolves.toContain('condition met');
});

it('kubectl delete waits for the cleanup', async () => {
  await create('deleted');
  await inNamespace(
    'patch',
    'rb',
    'deleted',
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":["runboat.dev/cleanup"]}}',
  );
  let ended = false;
  const deletion = inNamespace('delete', 'rb', 'deleted', '--timeout=30s').then(() => {
    ended = true;
  });
  await waitFor(async () => (await getResource(namespace.name, 'rb', 'deleted')).metadata.deletionTimestamp, {
    describe: 'the deletionTimestamp of the build',
  });
  expect(ended).toBe(false);
  await inNamespace('patch', 'rb', 'deleted', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
  await deletion;
  expect(await getResource(namespace.name, 'rb', 'deleted')).toBeUndefined();
});

describe('kubectl explain', () => {
  interface Schema {
    description?: string;
    properties?: Record<string, Schema>;
    items?: Schema;
  }
  const file = new URL('../../../crds/runboatbuild.yaml', import.meta.url);
  const definition = load(readFileSync(file, 'utf8')) as {
    spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
  };
  const { spec, status } = definition.spec.versions[0]!.schema.openAPIV3Schema.properties!;

  function squeezed(text: string): string {
    return text.replace(/\s+/g, ' ');
  }

  it.each<[string, Schema]>([
    ['rb.spec', spec!],
    ['rb.status', status!],
    ['rb.status.reported', status!.properties!['reported']!],
    ['rb.status.resolved', status!.properties!['resolved']!],
    ['rb.status.conditions', status!.properties!['conditions']!.items!],
  ])('describes %s and every field in it', async (path, schema) => {
    const output = squeezed(await kubectl(['explain', path]));
    expect(output).not.toContain('no description');
    for (const [name, field] of Object.entries(schema.properties!)) {
      expect(output).toContain(` ${name} <`);
      expect(output).toContain(squeezed(field.description!));
    }
  });
});
