import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { repositoryRoot } from '../../cluster/paths.js';

const read = (file: string) => readFileSync(path.join(repositoryRoot, file), 'utf8');
const chart = load(read('charts/runboat/Chart.yaml')) as Record<string, string>;
const { version } = JSON.parse(read('package.json')) as { version: string };

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly additionalProperties?: unknown;
  readonly properties?: Record<string, Schema>;
}

/** All values with their paths; an object without listed properties is one value. */
function valuesOf(schema: Schema, at = ''): [path: string, schema: Schema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]): [string, Schema][] => {
    const here = at === '' ? name : `${at}.${name}`;
    return inner.properties ? [[`${here}.`, inner], ...valuesOf(inner, here)] : [[here, inner]];
  });
}

const schema = JSON.parse(read('charts/runboat/values.schema.json')) as Schema;
const values = valuesOf(schema);
const leaves = values.filter(([name]) => !name.endsWith('.')).map(([name]) => name);

describe('the values of the chart', () => {
  it('are at most 80', () => {
    expect(leaves.length).toBeLessThanOrEqual(80);
  });

  it.each(values)('%s has a type and a description that is a sentence', (_name, { type, description }) => {
    expect(type).toBeDefined();
    expect(description).toMatch(/^[A-Z].*\.$/);
  });

  it.each(values.filter(([name]) => name.endsWith('.')))('%s takes no unknown value', (_name, inner) => {
    expect(inner.additionalProperties).toBe(false);
  });

  it('are the same in values.yaml as in the schema', () => {
    const defaults = load(read('charts/runboat/values.yaml')) as Record<string, unknown>;
    const at = (name: string) =>
      name
        .split('.')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], defaults);
    expect(leaves.filter((name) => at(name) === undefined)).toEqual([]);
  });
});

describe('versions', () => {
  it('of package, chart and image are one', () => {
    expect([chart['version'], chart['appVersion']]).toEqual([version, version]);
  });

  it('has a section in the list of changes, or is still to be released', () => {
    expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## (Unreleased|\\[?${version})`, 'm'));
  });
});
