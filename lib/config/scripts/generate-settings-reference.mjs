// Writes docs/reference/settings.md from the compiled schema (`tsc -b lib` first).
// With --check it writes nothing, and fails when the page is not what the schema says.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderSettingsReference } from '../../../dist/lib/config/settings-reference.js';

const page = resolve(dirname(fileURLToPath(import.meta.url)), '../../../docs/reference/settings.md');
const wanted = renderSettingsReference();

if (process.argv.includes('--check')) {
  if (read(page) !== wanted) {
    console.error('docs/reference/settings.md is not what lib/config/schema.ts says; run `make generate`');
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, wanted);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
