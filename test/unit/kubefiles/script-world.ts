import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const KUBEFILES = join(import.meta.dirname, '../../../kubefiles');

// All that a script may find besides its stubs; a command that is not listed is missing, as in a small image.
const REAL_COMMANDS =
  'bash cat cp env find grep gzip mkdir mktemp od printf rm sed sh tar tee touch tr true'.split(' ');
const SEPARATOR = '\u001f';

/** What a script did: `calls` has one entry for each call of a stub, its name and then its arguments. */
export interface ScriptRun {
  readonly status: number | null;
  readonly output: string;
  readonly termination: string;
  readonly calls: readonly (readonly string[])[];
}

/** A container for a bundle's scripts in a temporary folder: volume, scripts, virtual environment, stub commands. */
export interface ScriptWorld {
  /** Path in the temporary folder of an absolute path that the scripts use. */
  path(inContainer: string): string;
  /** Adds a command that records its call and then runs the lines of sh. */
  stub(name: string, lines?: string): void;
  run(script: string, env: Readonly<Record<string, string>>, shell?: 'bash' | 'sh'): ScriptRun;
  remove(): void;
}

const MAPPED_PATHS = [
  '/runboat',
  '/mnt/data',
  '/opt/odoo-venv',
  '/dev/termination-log',
  '/tmp',
  '/etc/odoo.cfg',
];

/** Copies the scripts of a bundle into a new world, with the container's paths replaced by those of the world. */
export function createScriptWorld(bundle: string): ScriptWorld {
  const root = mkdtempSync(join(tmpdir(), 'runboat-scripts-'));
  const path = (inContainer: string) => join(root, inContainer);
  for (const folder of ['/bin', '/runboat', '/mnt/data', '/opt/odoo-venv/bin', '/tmp', '/dev', '/etc']) {
    mkdirSync(path(folder), { recursive: true });
  }
  for (const command of REAL_COMMANDS) symlinkSync(findCommand(command), path(`/bin/${command}`));
  const scripts = join(KUBEFILES, bundle, 'scripts');
  for (const name of readdirSync(scripts)) {
    writeFileSync(path(`/runboat/${name}`), mapPaths(readFileSync(join(scripts, name), 'utf8'), root));
  }
  return {
    path,
    stub: (name, lines = '') => writeStub(root, name, lines),
    run: (script, env, shell = 'bash') => runScript(root, [shell, path(`/runboat/${script}`)], env),
    remove: () => rmSync(root, { recursive: true }),
  };
}

/** Where a command of this machine is; undefined when it has none of that name. */
export function whereIs(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function findCommand(command: string): string {
  const found = whereIs(command);
  if (found === undefined) throw new Error(`The tests of scripts need ${command}; install it.`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// In one pass, and only where the path begins: `/tmp` in a replaced path, or inside another word, is left alone.
function mapPaths(script: string, root: string): string {
  const paths = new RegExp(`(?<=[\\s"'=>]|^)(${MAPPED_PATHS.join('|')})(?=[\\s"'/;]|$)`, 'gm');
  return script.replaceAll(paths, (path) => join(root, path));
}

function writeStub(root: string, name: string, lines: string): void {
  const record = `{ printf '%s' '${name}'; for argument in "$@"; do printf '${SEPARATOR}%s' "$argument"; done; echo; }`;
  const text = `#!/bin/sh\n${record} >>'${root}/calls'\n${mapPaths(lines, root)}\n`;
  writeFileSync(join(root, 'bin', name), text, { mode: 0o755 });
}

function runScript(
  root: string,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): ScriptRun {
  const calls = join(root, 'calls');
  const termination = join(root, 'dev/termination-log');
  rmSync(calls, { force: true });
  writeFileSync(termination, '');
  const mapped = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, mapPaths(value, root)]),
  );
  const done = spawnSync(join(root, 'bin', command[0] ?? 'sh'), command.slice(1), {
    env: { PATH: join(root, 'bin'), TMPDIR: join(root, 'tmp'), ...mapped },
    encoding: 'utf8',
    timeout: 20_000,
  });
  const lines = existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [];
  return {
    status: done.status,
    output: done.stdout + done.stderr,
    termination: readFileSync(termination, 'utf8'),
    calls: lines.map((line) => line.split(SEPARATOR)),
  };
}
