import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtInFolder } from '../lib/config/bundles.js';

/** The version of this package, such as `0.1.0`. */
export function packageVersion(): string {
  const file = join(dirname(builtInFolder()), 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
