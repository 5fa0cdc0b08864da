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

  const repos = (...paths: string[]) => {
    const build = (path: string) => ({
      repo: '.',
      branch: '.',
      builds: [{ image: 'x', kubefiles_path: path }],
    });
    return { ...MINIMAL, RUNBOAT_REPOS: JSON.stringify(paths.map(build)) };
  };

  it('of folders with the same last part are named after the last two', () => {
    const workingFolder = folderWith({ ...bundle('16.0/k'), ...bundle('17.0/k'), ...bundle('17.0/other') });
    expect(load({ env: repos('16.0/k', '16.0/k/'), workingFolder }).config.repos[1]?.kubefiles).toBe('k');
    const env = { ...repos('16.0/k', '17.0/other'), RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH: '17.0/k' };
    const { config, warnings } = load({ env, workingFolder });
    expect(config.repos.map(({ kubefiles }) => kubefiles)).toEqual(['16.0-k', 'other']);
    expect(config.defaultBundle).toBe('17.0-k');
    expect(config.bundles).toMatchObject({
      '16.0-k': join(workingFolder, '16.0/k'),
      '17.0-k': join(workingFolder, '17.0/k'),
      other: join(workingFolder, '17.0/other'),
    });
    expect(warnings).toEqual([]);
  });

  it('of folders with the same last two parts cannot be told apart', () => {
    const workingFolder = folderWith({ ...bundle('x/a/same'), ...bundle('y/a/same') });
    expect(problemsOf({ env: repos('x/a/same', 'y/a/same'), workingFolder })).toEqual([
      { path: 'RUNBOAT_REPOS[1].builds[0].kubefiles_path', message: expect.stringContaining('rename one') },
    ]);
  });

  it('of a folder that gives no name for a bundle are refused with what to do', () => {
    const workingFolder = folderWith(bundle('my bundle'));
    const env = { ...repos('my bundle'), RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH: '/' };
    const message = (name: string) =>
      expect.stringMatching(`\`${name}\` of /.* is not the name of a bundle: .*; rename the folder`);
    expect(problemsOf({ env, workingFolder })).toEqual([
      { path: 'RUNBOAT_BUILD_DEFAULT_KUBEFILES_PATH', message: message('') },
      { path: 'RUNBOAT_REPOS[0].builds[0].kubefiles_path', message: message('my bundle') },
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
