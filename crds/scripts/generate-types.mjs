// Makes runboatbuild.generated.ts from runboatbuild.yaml; with --check it only compares the two.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { compile } from 'json-schema-to-typescript';

const source = fileURLToPath(new URL('../runboatbuild.yaml', import.meta.url));
const target = fileURLToPath(new URL('../runboatbuild.generated.ts', import.meta.url));
const banner = [
  '// Generated from crds/runboatbuild.yaml by crds/scripts/generate-types.mjs (make generate). Do not edit.',
  "import type { ObjectMeta } from './object-meta.js';",
].join('\n');

/** The parts of the schema that get a type name of their own. */
const named = [
  ['RunboatBuildSpec', (root) => root.properties.spec],
  ['RunboatBuildStatus', (root) => root.properties.status],
  ['Phase', (root) => root.properties.status.properties.phase],
  ['InitStatus', (root) => root.properties.status.properties.initStatus],
  ['ReportedStatus', (root) => root.properties.status.properties.reported],
  ['ResolvedSettings', (root) => root.properties.status.properties.resolved],
  ['Condition', (root) => root.properties.status.properties.conditions.items],
  ['ConditionType', (root) => root.properties.status.properties.conditions.items.properties.type],
];

/** OpenAPI leaves objects open for the generator; the API server prunes what is not listed. */
function closeObjects(schema) {
  if (schema === null || typeof schema !== 'object') return;
  if (schema.properties) schema.additionalProperties = false;
  for (const child of Object.values(schema)) closeObjects(child);
}

/** The schema of the CRD, with what the API server itself guarantees for the top of every object. */
function typeSchema(crd) {
  const [version] = crd.spec.versions;
  const root = version.schema.openAPIV3Schema;
  for (const [title, find] of named) find(root).title = title;
  root.title = crd.spec.names.kind;
  closeObjects(root);
  root.required = ['apiVersion', 'kind', 'metadata', ...root.required];
  root.properties.apiVersion.tsType = `'${crd.spec.group}/${version.name}'`;
  root.properties.kind.tsType = `'${crd.spec.names.kind}'`;
  root.properties.metadata.tsType = 'ObjectMeta';
  return root;
}

async function generate() {
  const schema = typeSchema(load(await readFile(source, 'utf8')));
  return compile(schema, schema.title, {
    bannerComment: banner,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 110 },
  });
}

const generated = await generate();
if (!process.argv.includes('--check')) {
  await writeFile(target, generated);
} else if ((await readFile(target, 'utf8').catch(() => '')) !== generated) {
  console.error(
    'crds/runboatbuild.generated.ts is not what crds/runboatbuild.yaml gives; run "make generate" and commit the result.',
  );
  process.exitCode = 1;
}
