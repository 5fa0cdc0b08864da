// What guides tell people to write: YAML that is YAML, shell that is shell, variables that there are.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { flagVariables } from '../../../cli/flags.js';
import { fileVariableOf, OTHER_VARIABLES, SETTINGS } from '../../../lib/config/settings.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { blocksOf, stepsOf } from '../../support/console-blocks.js';

const pages = ['README.md', ...inFolder('docs'), ...inFolder('charts/runboat')];
/** Variables of builds, which bundles read. */
const ofBundles = [
  'RUNBOAT_GIT_REPO',
  'RUNBOAT_GIT_REF',
  'RUNBOAT_GIT_TOKEN',
  'RUNBOAT_GIT_BASE_URL',
  'RUNBOAT_GIT_TARBALL_PATH',
];
/** What Kubernetes makes for a Service called `runboat`. */
const ofServices = ['RUNBOAT_PORT', 'RUNBOAT_SERVICE_HOST'];
const ofTests = /^RUNBOAT_(TEST|CHAOS)_/;
const known = new Set([
  ...SETTINGS.flatMap((setting) => [setting.variable, fileVariableOf(setting) ?? []].flat()),
  ...OTHER_VARIABLES.map(({ variable }) => variable),
  ...flagVariables,
  ...ofBundles,
  ...ofServices,
]);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

const chart = JSON.parse(textOf('charts/runboat/values.schema.json')) as Schema;
const settings = SETTINGS.map(({ key }) => key);
const settingGroups = new Set(settings.filter((key) => key.includes('.')).map((key) => key.split('.')[0]));

describe('what the pages show', () => {
  it.each(pages)('%s has YAML that can be read', (page) => {
    for (const block of blocksOf(textOf(page), 'yaml')) expect(() => loadAll(block)).not.toThrow();
  });

  it.each(pages)('%s has commands that a shell understands', (page) => {
    const commands = blocksOf(textOf(page), 'console').flatMap(stepsOf);
    const scripts = [...blocksOf(textOf(page), 'sh'), ...commands.map(({ command }) => command)];
    if (scripts.length === 0) return;
    execFileSync('bash', ['-n'], { input: scripts.join('\n'), stdio: 'pipe' });
  });

  it.each(pages)('%s names only variables that there are', (page) => {
    const named = [...textOf(page).matchAll(/\bRUNBOAT_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g)].map(([name]) => name);
    expect(named.filter((name) => !known.has(name) && !ofTests.test(name))).toEqual([]);
  });

  it.each(pages)('%s names only settings and values of the chart that there are', (page) => {
    const named = [...textOf(page).matchAll(/`((?:[a-z]\w*\.)+\w+)(?=[`:=])/g)].map(([, name = '']) => name);
    const wrong = named.filter((name) => {
      const [first = ''] = name.split('.');
      if (settingGroups.has(first))
        return !settings.some((key) => key === name || key.startsWith(`${name}.`));
      return first in (chart.properties ?? {}) && !isValue(chart, name.split('.'));
    });
    expect(wrong).toEqual([]);
  });
});

/** A path in the chart's values; an object without listed properties takes any. */
function isValue({ properties }: Schema, [first = '', ...rest]: string[]): boolean {
  if (!properties) return true;
  const next = properties[first];
  return next !== undefined && (rest.length === 0 || isValue(next, rest));
}

function inFolder(folder: string): string[] {
  const names = readdirSync(path.join(repositoryRoot, folder));
  return names.filter((name) => name.endsWith('.md')).map((name) => path.join(folder, name));
}

function textOf(page: string): string {
  return readFileSync(path.join(repositoryRoot, page), 'utf8');
}
