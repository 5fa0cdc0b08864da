import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from './command.js';
import { clusterFile } from './paths.js';
import type { ProgramName, ProgramSource } from './program-sources.js';

/** Builds programs of a pinned module into `folder`. Throws if Go is missing, too old, or fails. */
export async function buildPrograms(
  source: ProgramSource,
  names: readonly ProgramName[],
  folder: string,
): Promise<void> {
  const module = clusterFile('programs', source.module);
  await requireGo(module);
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off' };
  const flags = ['-trimpath', '-ldflags', `-s -w ${source.linkerFlags}`.trim()];
  for (const [target, packages] of targets(source, names, folder)) {
    await runCommand('go', ['build', ...flags, '-o', target, ...packages], { cwd: module, env });
  }
}

/** One run of Go for all packages that are named like their program, which is the quickest. */
function targets(source: ProgramSource, names: readonly ProgramName[], folder: string): [string, string[]][] {
  const sameName = names.filter((name) => path.basename(source.packages[name]!) === name);
  const others = names.filter((name) => !sameName.includes(name));
  const single = others.map((name): [string, string[]] => [
    path.join(folder, name),
    [source.packages[name]!],
  ]);
  if (sameName.length === 0) return single;
  return [[`${folder}/`, sameName.map((name) => source.packages[name]!)], ...single];
}

async function requireGo(module: string): Promise<void> {
  const wanted = /^go (\d+)\.(\d+)/m.exec(readFileSync(path.join(module, 'go.mod'), 'utf8'))!;
  const found = /go(\d+)\.(\d+)/.exec(await goVersion());
  const isRecent = found !== null && isAtLeast(numbers(found), numbers(wanted));
  if (isRecent) return;
  throw new Error(
    `Go ${wanted[1]}.${wanted[2]} or later is needed to build the programs of the test cluster, and ` +
      `${found ? `${found[0]} is installed` : 'there is none'}. Install it from https://go.dev/dl/, or name a ` +
      'folder that has etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl and kwok in ' +
      'KUBEBUILDER_ASSETS.',
  );
}

async function goVersion(): Promise<string> {
  try {
    return await runCommand('go', ['env', 'GOVERSION']);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function numbers(match: RegExpExecArray): [number, number] {
  return [Number(match[1]), Number(match[2])];
}

function isAtLeast(found: [number, number], wanted: [number, number]): boolean {
  return found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1]);
}
