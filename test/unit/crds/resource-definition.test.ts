import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { conditionTypes, reasonNames, reasons } from '../../../crds/conditions.js';
import * as constants from '../../../crds/constants.js';
import { deriveBuildName, identityOf, MAX_NAME_LENGTH } from '../../../crds/names.js';
import type { RunboatBuild } from '../../../crds/runboatbuild.generated.js';

interface Schema {
  type?: string;
  description?: string;
  enum?: string[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  'x-kubernetes-validations'?: { rule: string; message: string }[];
}

interface Definition {
  spec: {
    group: string;
    names: { kind: string; plural: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
}

function readYaml(path: string): unknown {
  return load(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));
}

const definition = readYaml('crds/runboatbuild.yaml') as Definition;
const version = definition.spec.versions[0]!;
const root = version.schema.openAPIV3Schema;

/** Every field below the schema with its path, items and values of maps included. */
function fields(schema: Schema, path = ''): [string, Schema][] {
  const children: [string, Schema][] = Object.entries(schema.properties ?? {}).map(([name, child]) => [
    `${path}.${name}`,
    child,
  ]);
  if (schema.items) children.push([`${path}[]`, schema.items]);
  if (schema.additionalProperties) children.push([`${path}{}`, schema.additionalProperties]);
  return children.flatMap(([name, child]) => [[name, child] as [string, Schema], ...fields(child, name)]);
}

function isBounded(schema: Schema): boolean {
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer') return schema.minimum !== undefined && schema.maximum !== undefined;
  if (schema.type === 'string') return schema.maxLength !== undefined || schema.enum !== undefined;
  if (schema.type === 'array') return schema.maxItems !== undefined && schema.items !== undefined;
  return schema.properties !== undefined || schema.maxProperties !== undefined;
}

// The API server describes metadata itself and refuses a description of it.
const described = fields(root).filter(([path]) => path !== '.metadata');

describe('the resource definition', () => {
  it.each(described)('has a description, a type and a bound for %s', (_path, schema) => {
    expect(schema.description).toMatch(/^[A-Z0-9].*\.$/);
    expect(schema.type).toBeDefined();
    expect(isBounded(schema)).toBe(true);
  });

  it('has the group, version and names that the constants have', () => {
    expect(definition.spec.group).toBe(constants.API_GROUP);
    expect(version.name).toBe(constants.API_VERSION);
    expect(definition.spec.names).toMatchObject({
      kind: constants.BUILD_KIND,
      plural: constants.BUILD_PLURAL,
    });
  });

  it('has the bound of names that the names have', () => {
    const rules = root['x-kubernetes-validations'] ?? [];
    expect(rules.map(({ rule }) => rule)).toContain(`self.metadata.name.size() <= ${MAX_NAME_LENGTH}`);
  });

  it('says in a sentence what is wrong with a refused object', () => {
    const rules = [root, ...described.map(([, schema]) => schema)].flatMap(
      (s) => s['x-kubernetes-validations'] ?? [],
    );
    expect(rules.length).toBeGreaterThan(5);
    for (const { message } of rules) expect(message).toMatch(/^The .*[a-z]\.$/);
  });

  it('names the conditions that the code knows', () => {
    const type = described.find(([path]) => path === '.status.conditions[].type');
    expect(type?.[1].enum).toEqual(Object.keys(conditionTypes));
  });
});

describe('the reasons', () => {
  it.each(reasonNames)('%s is one PascalCase word with a meaning and a place', (name) => {
    expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(reasons[name].meaning).toMatch(/^[A-Z].*\.$/);
    expect(reasons[name].places.length).toBeGreaterThan(0);
  });

  it('include all that the contract names', () => {
    expect(reasonNames).toEqual(
      expect.arrayContaining([
        'NoMatchingRule',
        'BundleInvalid',
        'BundleMissing',
        'Forbidden',
        'ApplyRefused',
        'NameCollision',
        'ResetNeeded',
        'CleanupFailed',
        'JobRefused',
        'JobLost',
        'NotInitialized',
        'StartLimitReached',
        'NamespaceTerminating',
      ]),
    );
  });
});

it('the example build has the name that its identity derives', () => {
  const example = readYaml('docs/examples/build.yaml') as RunboatBuild;
  expect(example.metadata.name).toBe(deriveBuildName(identityOf(example)));
});
