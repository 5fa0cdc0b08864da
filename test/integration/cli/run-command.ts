// The command `runboat` as people call it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { repositoryRoot } from '../../cluster/paths.js';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly env?: Record<string, string>;
  readonly input?: string;
}

/** Runs `bin/runboat` to its end, without the settings of whoever runs the tests. */
export async function runboat(args: readonly string[], options: CallOptions = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'bin/runboat'), ...args], {
    cwd: repositoryRoot,
    env: { ...cleanEnvironment(), ...options.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += String(text);
  });
  child.stderr.on('data', (text) => {
    stderr += String(text);
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('RUNBOAT_'));
  return { ...Object.fromEntries(kept), NODE_OPTIONS: '' };
}

const folder = mkdtempSync(join(tmpdir(), 'runboat-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file for the tests of this module and gives its path. */
export function temporaryFile(name: string, content: string | object): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** What every configuration needs, for one of the built-in bundles. */
export function configOf(kubefiles: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    namespace: 'runboat-builds',
    domain: 'builds.example.org',
    repos: [{ repo: '^oca/.*', branch: '.*', image: 'registry.example.org/odoo:16.0', kubefiles }],
    ...changes,
  };
}
