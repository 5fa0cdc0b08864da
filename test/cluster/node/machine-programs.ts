import { statSync } from 'node:fs';
import { copyFile, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../command.js';

/**
 * The program's file and the libraries that it loads, as paths of this machine. Throws if it is neither
 * a path of a program nor a command.
 */
export async function programFiles(program: string): Promise<string[]> {
  const file = (await runCommand('/bin/sh', ['-c', 'command -v "$1"', 'sh', program])).trim();
  const listed = await runCommand('ldd', [file]).catch((error: Error) => {
    // What a static program is told about.
    if (error.message.includes('not a dynamic executable')) return '';
    throw error;
  });
  const libraries = [...listed.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1]!);
  return [file, ...libraries];
}

/** Copies files of this machine to the same paths below `root`; of a link what it points to. */
export async function copyFiles(files: readonly string[], root: string): Promise<void> {
  for (const file of new Set(files)) {
    const target = path.join(root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(await realpath(file), target);
  }
}

/** Text that changes when one of the files does. */
export function filesVersion(files: readonly string[]): string {
  return files.map((file) => [file, statSync(file).size, statSync(file).mtimeMs].join(' ')).join('\n');
}
