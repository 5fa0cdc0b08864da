import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { findKubectl, Kustomize, KustomizeFailed } from '../../../operator/render/kustomize.js';
import { bundleOf, inputOf, minimal, program, removeFolders, rendererWith } from './support.js';

afterAll(removeFolders);
// Every new shape runs kubectl several times, which is slow on a loaded machine.
jest.setTimeout(120_000);

const FILES = new Map([
  ['kustomization.yaml', 'resources: []'],
  ['sub/a.txt', 'a'],
]);

describe('running kustomize', () => {
  it('gives the program an empty environment, an empty PATH and a folder with the files, and removes the folder', async () => {
    const kubectl = program(
      'echo "path=[$PATH] home=[$HOME] kubeconfig=[$KUBECONFIG] args=[$1] folder=[$2]"; cd "$2" && echo *; echo sub/*',
    );
    process.env['KUBECONFIG'] ??= '/somewhere';
    const [first, second, third] = (await new Kustomize(kubectl).run(FILES)).split('\n');
    expect(first).toMatch(/^path=\[\] home=\[\] kubeconfig=\[\] args=\[kustomize\] folder=\[\/.*\]$/);
    expect([second, third]).toEqual(['kustomization.yaml sub', 'sub/a.txt']);
    expect(existsSync(/folder=\[(.*)\]/.exec(first as string)?.[1] as string)).toBe(false);
  });

  it('ends a run that takes too long, with a sentence', async () => {
    const kustomize = new Kustomize(program('while :; do :; done'), 100);
    await expect(kustomize.run(FILES)).rejects.toThrow(/did not end within 0\.1 s; make the bundle simpler/);
  });

  it('says what to do when there is no place for its folder', async () => {
    const kustomize = new Kustomize(program(''), undefined, '/no/such/folder');
    await expect(kustomize.run(FILES)).rejects.toThrow(
      'in /no/such/folder no folder can be made to render the bundle in (ENOENT); mount something writable there',
    );
  });

  it('runs at most two at once', async () => {
    // Each run leaves a marker, and waits (not for ever) until it sees the marker of another.
    const kubectl = program(
      'd="$0.d"; : > "$d/run.$$"; i=0; set -- "$d"/run.*\nwhile [ $# -lt 2 ] && [ $i -lt 20000 ]; do i=$((i+1)); set -- "$d"/run.*; done; echo $#; /bin/rm "$d/run.$$"',
    );
    const kustomize = new Kustomize(kubectl);
    const seen = await Promise.all(Array.from({ length: 8 }, () => kustomize.run(FILES)));
    expect(Math.max(...seen.map(Number))).toBeLessThanOrEqual(2);
    expect(seen.some((count) => Number(count) === 2)).toBe(true);
  });

  it('shows the first line of an error, without warnings and without the path of its folder', async () => {
    const kubectl = program(
      'echo "# Warning: old field" >&2; echo "error: $2/a.yaml is bad" >&2; echo more >&2; exit 1',
    );
    const error = await new Kustomize(kubectl).run(FILES).catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(KustomizeFailed);
    expect((error as Error).message).toBe('a.yaml is bad');
  });

  it('stops a run that prints without end, with a sentence', async () => {
    const kustomize = new Kustomize(
      program('while :; do echo "0123456789012345678901234567890123456789"; done'),
    );
    await expect(kustomize.run(FILES)).rejects.toThrow(/larger than \d+ bytes; make the bundle smaller/);
  });

  it('understands the log line that some builds of kubectl print instead', async () => {
    const kubectl = program(
      `printf '%s\\n' 'E0102 03:04:05.6 7 run.go:72] "command failed" err="accumulating \\"x\\": bad\\nmore"' >&2; exit 1`,
    );
    await expect(new Kustomize(kubectl).run(FILES)).rejects.toThrow(/^accumulating "x": bad$/);
  });

  it('compiles equal shapes that are asked for at the same time only once', async () => {
    const kubectl = program(`echo run >> "$0.d/runs"; exec ${findKubectl()} "$@"`);
    const renderer = rendererWith({ kubectl });
    const bundle = await bundleOf(minimal());
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        renderer.render(bundle, 'deployment', inputOf({ buildName: `b${n}` })),
      ),
    );
    // One to compile, two for the self-check.
    expect(readFileSync(`${kubectl}.d/runs`, 'utf8').trim().split('\n')).toHaveLength(3);
  });

  it('forgets a failed compile, so that the next build tries again', async () => {
    const kubectl = program(
      `[ -e "$0.d/again" ] || { : > "$0.d/again"; exit 1; }; exec ${findKubectl()} "$@"`,
    );
    const renderer = rendererWith({ kubectl });
    const bundle = await bundleOf(minimal());
    await expect(renderer.render(bundle, 'stop', inputOf())).rejects.toThrow(
      /kustomize refuses it \(it gave no reason\)/,
    );
    await expect(renderer.render(bundle, 'stop', inputOf())).resolves.toHaveLength(1);
  });

  it('keeps no value of a build in the files it writes', async () => {
    const kubectl = program(`/bin/cat "$2"/* >> "$0.d/seen"; exec ${findKubectl()} "$@"`);
    const files = minimal(
      {
        'more.yaml.hbs':
          'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  {{#each build_secret_env}}\n  {{@key}}: {{this}}\n  {{/each}}\n',
      },
      ['more.yaml'],
    );
    const resources = await rendererWith({ kubectl }).render(
      await bundleOf(files),
      'start',
      inputOf({ secretEnv: { PGPASSWORD: 'very-secret' } }),
    );
    expect(JSON.stringify(resources)).toContain('"PGPASSWORD":"very-secret"');
    expect(readFileSync(`${kubectl}.d/seen`, 'utf8')).not.toMatch(/very-secret|PGPASSWORD/);
    expect(readdirSync(`${kubectl}.d`)).toContain('seen');
  });
});

describe('finding kubectl', () => {
  it('prefers what is given, then RUNBOAT_KUBECTL, then the first in PATH', () => {
    const [given, own, first, second] = [program(''), program(''), program(''), program('')] as const;
    const folder = (path: string) => path.slice(0, -'/kubectl'.length);
    const PATH = `/does/not/exist:${folder(first)}:${folder(second)}`;
    expect(findKubectl(given, { RUNBOAT_KUBECTL: own, PATH })).toBe(given);
    expect(findKubectl(undefined, { RUNBOAT_KUBECTL: own, PATH })).toBe(own);
    expect(findKubectl(undefined, { RUNBOAT_KUBECTL: '', PATH })).toBe(first);
  });

  it('says what to do when there is none', () => {
    expect(() => findKubectl(undefined, { PATH: '/does/not/exist' })).toThrow(
      /install it, or set RUNBOAT_KUBECTL/,
    );
    expect(findKubectl('sh', { PATH: '/bin' })).toBe('/bin/sh');
    expect(() => findKubectl('/does/not/exist')).toThrow(/cannot be run from \/does\/not\/exist/);
  });
});
