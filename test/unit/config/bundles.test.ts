import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { builtInFolder } from '../../../lib/config/bundles.js';
import { folderWith, load, MINIMAL, MINIMAL_FILE, problemsOf } from './support.js';

function bundle(name: string): Record<string, string> {
  return { [`${name}/kustomization.yaml.hbs`]: '' };
}

describe('bundles', () => {
  it('that are built in need no entry', () => {
    const { config } = load({ yaml: `${MINIMAL_FILE}\ndefaultBundle: webpage` });
    expect(Object.keys(config.bundles)).toEqual(['odoo', 'webpage']);
    expect(existsSync(join(config.bundles['odoo'] ?? '', 'kustomization.yaml.hbs'))).toBe(true);
  });

  it('that are built in are those of the package', () => {
    expect(existsSync(join(builtInFolder(), '..', 'package.json'))).toBe(true);
  });

  it('of the configuration win over built-in ones of the same name', () => {
    const folder = folderWith({
      ...bundle('mine'),
      'runboat.yaml': `${MINIMAL_FILE}\nbundles: {odoo: mine}`,
    });
    const { config, warnings } = load({ env: {}, file: join(folder, 'runboat.yaml') });
    expect(config.bundles['odoo']).toBe(join(folder, 'mine'));
    expect(warnings).toEqual([]);
  });

  it('of the environment start at the working directory', () => {
    const folder = folderWith(bundle('mine'));
    const env = { ...MINIMAL, RUNBOAT_BUNDLES: '{"x": "./mine"}', RUNBOAT_DEFAULT_BUNDLE: 'x' };
    expect(load({ env, workingFolder: folder }).config).toMatchObject({
      defaultBundle: 'x',
      bundles: { x: join(folder, 'mine') },
    });
    expect(problemsOf({ env })).toEqual([
      { path: 'RUNBOAT_BUNDLES.x', message: expect.stringContaining('does not exist') },
    ]);
  });

  it('are refused when the folder is a file', () => {
    const folder = folderWith({ file: '' });
    expect(problemsOf({ yaml: `${MINIMAL_FILE}\nbundles: {x: ${folder}/file}` })).toEqual([
      { path: 'bundles.x', message: expect.stringContaining('is not a folder') },
    ]);
  });

  it('with a Jinja template are refused with how to convert it', () => {
    const folder = folderWith({ 'old/kustomization.yaml.jinja': '' });
    const env = { ...MINIMAL, RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH: `${folder}/old` };
    const [problem] = problemsOf({ env });
    expect(problem?.path).toBe('RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH');
    expect(problem?.message).toContain(`convert it once: runboat convert-bundle ${folder}/old`);
  });

  it('by RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH are the default, unless RUNBOAT_DEFAULT_BUNDLE says another', () => {
    const folder = folderWith(bundle('mine'));
    const env = { ...MINIMAL, RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH: 'mine' };
    expect(load({ env, workingFolder: folder }).config).toMatchObject({
      defaultBundle: 'mine',
      bundles: { mine: join(folder, 'mine') },
    });
    const both = { ...env, RUNBOAT_DEFAULT_BUNDLE: 'odoo' };
    expect(load({ env: both, workingFolder: folder }).config.defaultBundle).toBe('odoo');
  });

  it('of two folders with the same last part cannot be told apart', () => {
    const folder = folderWith({ ...bundle('a/same'), ...bundle('b/same') });
    const build = (path: string) => ({
      repo: '.',
      branch: '.',
      builds: [{ image: 'x', kubefiles_path: path }],
    });
    const repos = (...paths: string[]) => ({ ...MINIMAL, RUNBOAT_REPOS: JSON.stringify(paths.map(build)) });
    expect(load({ env: repos('a/same', 'a/same/'), workingFolder: folder }).warnings).toEqual([]);
    expect(problemsOf({ env: repos('a/same', 'b/same'), workingFolder: folder })).toEqual([
      { path: 'RUNBOAT_REPOS[1].builds[0].kubefiles_path', message: expect.stringContaining('rename one') },
    ]);
  });

  it('by a path that take the place of a built-in one are a warning', () => {
    const folder = folderWith(bundle('odoo'));
    const env = { ...MINIMAL, RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH: 'odoo' };
    const { config, warnings } = load({ env, workingFolder: folder });
    expect(config.bundles['odoo']).toBe(join(folder, 'odoo'));
    expect(warnings).toEqual([expect.stringContaining('takes the place of the built-in one')]);
  });

  it('that no one knows are refused where they are named', () => {
    const yaml = `${MINIMAL_FILE}\ndefaultBundle: nothing`;
    expect(problemsOf({ yaml })).toEqual([
      {
        path: 'defaultBundle',
        message: 'no bundle is called `nothing`; there are: odoo, webpage; others go into `bundles`',
      },
    ]);
  });
});
