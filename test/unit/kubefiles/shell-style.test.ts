import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { KUBEFILES, whereIs } from './script-world.js';

const scripts = readdirSync(KUBEFILES, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.sh'),
);
const shellcheck = whereIs('shellcheck');
// A developer's machine may lack it; the project's own checks install it, and there its absence is a failure.
const check = shellcheck === undefined && process.env['CI'] === undefined ? it.skip : it;

describe('the scripts of the built-in bundles', () => {
  check.each(scripts)('pass shellcheck: %s', (script) => {
    if (shellcheck === undefined) throw new Error('shellcheck is missing; install the package shellcheck.');
    const done = spawnSync(shellcheck, [join('kubefiles', script)], {
      cwd: join(KUBEFILES, '..'),
      encoding: 'utf8',
    });
    expect(done.stdout + done.stderr).toBe('');
    expect(done.status).toBe(0);
  });

  it.each(scripts)('never print each command, which would print secrets: %s', (script) => {
    expect(readFileSync(join(KUBEFILES, script), 'utf8')).not.toMatch(/set -[a-z]*x|xtrace/);
  });

  it.each(scripts.filter((script) => !script.endsWith('common.sh')))(
    'stop at the first failure: %s',
    (script) => {
      const text = readFileSync(join(KUBEFILES, script), 'utf8');
      const strict = text.startsWith('#!/bin/sh\n') ? /^set -eu$/m : /^set -euo pipefail$/m;
      expect(text).toMatch(strict);
    },
  );
});
