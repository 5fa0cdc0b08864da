import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { repositoryRoot } from '../../cluster/paths.js';

jest.setTimeout(30_000);

/** Which project may import which; everything else must fail the build. */
const allowed: Record<string, readonly string[]> = {
  crds: [],
  lib: ['crds'],
  operator: ['crds', 'lib'],
  gateway: ['crds', 'lib'],
  cli: ['crds', 'lib', 'operator', 'gateway'],
  test: ['crds', 'lib', 'operator', 'gateway', 'cli'],
  bench: ['crds', 'lib', 'operator', 'gateway', 'cli', 'test'],
};
const projects = Object.keys(allowed);

const importForms: Record<string, (target: string) => string> = {
  named: (target) => `import { value } from '../${target}/subject.js';\nexport const used: number = value;\n`,
  'type-only': (target) =>
    `import type { Shape } from '../${target}/subject.js';\nexport type Used = Shape;\n`,
  dynamic: (target) => `export const used: Promise<unknown> = import('../${target}/subject.js');\n`,
};

/** A copy of the checkout's compiler settings, with two small sources a project. */
let copy = '';

beforeAll(async () => {
  copy = await mkdtemp(path.join(os.tmpdir(), 'runboat-test-'));
  await symlink(path.join(repositoryRoot, 'node_modules'), path.join(copy, 'node_modules'));
  for (const file of [
    'package.json',
    'tsconfig.base.json',
    ...projects.map((project) => `${project}/tsconfig.json`),
  ]) {
    await mkdir(path.dirname(path.join(copy, file)), { recursive: true });
    await cp(path.join(repositoryRoot, file), path.join(copy, file));
  }
  for (const project of projects) {
    const source = 'export const value: number = 1;\nexport interface Shape { a: number }\n';
    await writeFile(path.join(copy, project, 'subject.ts'), source);
  }
});

afterAll(() => rm(copy, { recursive: true }));

describe('The walls between the folders', () => {
  const pairs = projects.flatMap((from) => projects.filter((to) => to !== from).map((to) => ({ from, to })));
  const open = pairs.filter(({ from, to }) => allowed[from]!.includes(to));
  const closed = pairs.filter(({ from, to }) => !allowed[from]!.includes(to));

  it.each(open)('let $from import $to', async ({ from, to }) => {
    expect(await compile(from, importForms['named']!(to))).toBe('');
  });

  it.each(closed)('stop $from from importing $to', async ({ from, to }) => {
    expect(await compile(from, importForms['named']!(to))).toContain('error TS6307');
  });

  it.each(Object.keys(importForms))('stop an import that is %s', async (form) => {
    expect(await compile('operator', importForms[form]!('cli'))).toContain('error TS6307');
  });

  it('are those of every project that the build compiles', async () => {
    const { references } = JSON.parse(await readFile(path.join(repositoryRoot, 'tsconfig.json'), 'utf8'));
    expect(references.map((reference: { path: string }) => reference.path).sort()).toEqual(
      [...projects].sort(),
    );
  });
});

/** What the compiler prints for a project that has a further source file. */
async function compile(project: string, source: string): Promise<string> {
  const file = path.join(copy, project, 'importer.ts');
  await writeFile(file, source);
  const compiler = path.join(copy, 'node_modules', '.bin', 'tsc');
  const { stdout } = spawnSync(compiler, ['-b', project], { cwd: copy, encoding: 'utf8' });
  await rm(file);
  return stdout;
}
