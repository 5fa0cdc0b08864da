import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let copy = '';

function generate(folder: string, ...flags: string[]): { status: number | null; stderr: string } {
  const script = join(folder, 'crds/scripts/generate-types.mjs');
  return spawnSync(process.execPath, ['--preserve-symlinks-main', script, ...flags], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'runboat-types-'));
  cpSync(join(root, 'crds'), join(copy, 'crds'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterEach(() => rmSync(copy, { recursive: true }));

describe('the generated types', () => {
  it('are those that the resource definition gives', () => {
    expect(generate(root, '--check')).toMatchObject({ status: 0, stderr: '' });
  });

  it('are refused by the check when somebody edited them', () => {
    appendFileSync(join(copy, 'crds/runboatbuild.generated.ts'), '// mine\n');
    const { status, stderr } = generate(copy, '--check');
    expect(status).toBe(1);
    expect(stderr).toContain('run "make generate"');
  });

  it('are refused by the check when the definition changed, until they are made again', () => {
    const definition = join(copy, 'crds/runboatbuild.yaml');
    const text = readFileSync(definition, 'utf8');
    writeFileSync(definition, text.replaceAll('queuePosition:', 'placeInQueue:'));
    expect(generate(copy, '--check').status).toBe(1);
    expect(generate(copy)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(copy, 'crds/runboatbuild.generated.ts'), 'utf8')).toContain(
      'placeInQueue?: number;',
    );
    expect(generate(copy, '--check').status).toBe(0);
  });
});
