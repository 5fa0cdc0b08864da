import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { ConfigError, type ConfigProblem } from '../../../lib/config/config-error.js';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../../lib/config/load.js';

const RULE = { repo: '.*', branch: '.*', builds: [{ image: 'odoo:16' }] };

/** What every configuration needs, from the environment. */
export const MINIMAL: NodeJS.ProcessEnv = {
  RUNBOAT_BUILD_NAMESPACE: 'builds',
  RUNBOAT_BUILD_DOMAIN: 'builds.example.org',
  RUNBOAT_REPOS: JSON.stringify([RULE]),
};

/** The same as a file. */
export const MINIMAL_FILE = `
namespace: builds
domain: builds.example.org
repos: [{repo: ".*", branch: ".*", image: "odoo:16"}]
`;

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder with these files (path to content), removed at the end. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'runboat-config-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Loads with two built-in bundles, `odoo` and `webpage`. */
export function load(options: Partial<LoadOptions> & { yaml?: string } = {}): LoadedConfig {
  const { yaml, ...rest } = options;
  const folder = folderWith({
    'built-in/odoo/kustomization.yaml.hbs': '',
    'built-in/webpage/kustomization.yaml.hbs': '',
    ...(yaml === undefined ? {} : { 'runboat.yaml': yaml }),
  });
  return loadConfig({
    env: yaml === undefined ? MINIMAL : {},
    process: 'check',
    builtInFolder: join(folder, 'built-in'),
    workingFolder: folder,
    ...(yaml === undefined ? {} : { file: join(folder, 'runboat.yaml') }),
    ...rest,
  });
}

/** The error of a configuration that must be refused. */
export function refusal(options: Parameters<typeof load>[0]): ConfigError {
  try {
    load(options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

/** The problems of a configuration that must be refused. */
export function problemsOf(options: Parameters<typeof load>[0]): readonly ConfigProblem[] {
  return refusal(options).problems;
}

export function pathsOf(options: Parameters<typeof load>[0]): string[] {
  return problemsOf(options).map(({ path }) => path);
}
