import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
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
  // What the gateway sees; that none of it is run in a browser is tested below.
  'gateway/ui': ['crds', 'lib', 'gateway'],
  cli: ['crds', 'lib', 'operator', 'gateway'],
  test: ['crds', 'lib', 'operator', 'gateway', 'gateway/ui', 'cli'],
  bench: ['crds', 'lib', 'operator', 'gateway', 'gateway/ui', 'cli', 'test'],
};
const projects = Object.keys(allowed);

/** Sources that import a module in one form. */
const importForms: Record<string, (module: string) => string> = {
  named: (module) => `import { value } from '${module}';\nexport const used: number = value;\n`,
  'type-only': (module) => `import type { Shape } from '${module}';\nexport type Used = Shape;\n`,
  dynamic: (module) => `export const used: Promise<unknown> = import('${module}');\n`,
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
    expect(await compile(from, importForms['named']!(subjectOf(from, to)))).toBe('');
  });

  it.each(closed)('stop $from from importing $to', async ({ from, to }) => {
    expect(await compile(from, importForms['named']!(subjectOf(from, to)))).toContain('error TS6307');
  });

  it.each(Object.keys(importForms))('stop an import that is %s', async (form) => {
    expect(await compile('operator', importForms[form]!(subjectOf('operator', 'cli')))).toContain(
      'error TS6307',
    );
  });

  it('are those of every project that the build compiles', async () => {
    const { references } = JSON.parse(await readFile(path.join(repositoryRoot, 'tsconfig.json'), 'utf8'));
    expect(references.map((reference: { path: string }) => reference.path).sort()).toEqual(
      [...projects].sort(),
    );
  });
});

describe('The web pages', () => {
  it('run nothing of the server but how states look and what a terminal shows, which import nothing themselves', async () => {
    const folder = path.join(repositoryRoot, 'gateway/ui');
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(5);
    const run: string[] = [];
    for (const file of files) {
      const source = await readFile(path.join(folder, file), 'utf8');
      for (const [, form, module] of source.matchAll(
        /^(?:import|export) (type )?[^;]*?from '(\.[^']*)';$/gm,
      )) {
        const target = path.relative(folder, path.resolve(folder, path.dirname(file), module!));
        if (form === undefined && target.startsWith('..')) run.push(target);
      }
    }
    const shared = ['../logs/terminal-text.js', '../pages/state-looks.js'];
    expect([...new Set(run)].sort()).toEqual(shared);
    for (const module of shared) {
      const source = await readFile(path.join(folder, module.replace(/js$/, 'ts')), 'utf8');
      expect(source).not.toMatch(/^import /m);
    }
  });
});

/** The module of another project, as a source in the folder of this one names it. */
function subjectOf(project: string, other: string): string {
  const relative = path.relative(project, `${other}/subject.js`);
  return relative.startsWith('.') ? relative : `./${relative}`;
}

/** What the compiler prints for a project that has a further source file. */
async function compile(project: string, source: string): Promise<string> {
  const file = path.join(copy, project, 'importer.ts');
  await writeFile(file, source);
  const compiler = path.join(copy, 'node_modules', '.bin', 'tsc');
  const { stdout } = spawnSync(compiler, ['-b', project], { cwd: copy, encoding: 'utf8' });
  await rm(file);
  return stdout;
}
