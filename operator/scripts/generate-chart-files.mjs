// Writes what the chart needs and cannot read outside its folder: the definition of RunboatBuild, and the rights by
// resource type. With --check it writes nothing, and fails when a file is another.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import { chartRights } from '../../dist/operator/rights.js';

const root = new URL('../../', import.meta.url);
const at = (path) => fileURLToPath(new URL(path, root));
const head = (source) => `# Generated from ${source} by make generate. Do not edit.\n`;
const files = {
  'charts/runboat/files/runboatbuild.yaml': await readFile(at('crds/runboatbuild.yaml'), 'utf8'),
  'charts/runboat/files/rights.yaml':
    head('operator/rights.ts') + dump(chartRights(), { lineWidth: 110, noRefs: true, flowLevel: 2 }),
};

for (const [path, wanted] of Object.entries(files)) {
  if (!process.argv.includes('--check')) {
    await writeFile(at(path), wanted);
  } else if ((await readFile(at(path), 'utf8').catch(() => '')) !== wanted) {
    console.error(`${path} is not what its source gives; run "make generate" and commit it.`);
    process.exitCode = 1;
  }
}
