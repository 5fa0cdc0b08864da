import { createHash } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command.js';
import type { Platform, ProgramName, ProgramSource } from './program-sources.js';

/** A server that does not begin to answer within this time is given up. */
const answerTimeoutMs = 4_000;
const transferTimeoutMs = 10 * 60_000;

/**
 * Fetches official release programs into `folder`, each checked against its published SHA-256.
 * Throws when a server does not answer, a file is missing or a checksum differs.
 */
export async function downloadPrograms(
  source: ProgramSource,
  names: readonly ProgramName[],
  folder: string,
): Promise<void> {
  const base = process.env[source.releases.variable] || source.releases.address;
  for (const name of names) {
    const file = source.releases.file(name, platform());
    const expected = checksumIn(await fetchText(`${base}/${file.checksumPath}`), path.basename(file.path));
    const content = await fetchBytes(`${base}/${file.path}`);
    const actual = createHash('sha256').update(content).digest('hex');
    if (actual !== expected) {
      throw new Error(
        `${base}/${file.path} has the SHA-256 ${actual}, but ${expected} was published: not used.`,
      );
    }
    await place(content, path.join(folder, name), file.member);
  }
}

function platform(): Platform {
  return { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch };
}

/** A checksum file is either the bare checksum, or lines of `<checksum>  <file name>`. */
function checksumIn(text: string, fileName: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const line = lines.length === 1 ? lines[0] : lines.find(([, name]) => name?.replace('*', '') === fileName);
  const checksum = line?.[0];
  if (!checksum || !/^[0-9a-f]{64}$/.test(checksum))
    throw new Error(`No SHA-256 was published for ${fileName}.`);
  return checksum;
}

async function place(content: Buffer, target: string, member: string | undefined): Promise<void> {
  if (member === undefined) {
    await writeFile(target, content);
  } else {
    const unpacked = `${target}.unpacked`;
    await mkdir(unpacked);
    await writeFile(`${target}.tar.gz`, content);
    await runCommand('tar', ['-xzf', `${target}.tar.gz`, '-C', unpacked, member]);
    await rename(path.join(unpacked, member), target);
  }
  await chmod(target, 0o755);
}

async function fetchText(url: string): Promise<string> {
  return (await fetchBytes(url)).toString('utf8');
}

async function fetchBytes(url: string): Promise<Buffer> {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`no answer within ${answerTimeoutMs / 1000} s`)),
    answerTimeoutMs,
  );
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`answered ${response.status}`);
    const deadline = setTimeout(
      () => abort.abort(new Error('the transfer took too long')),
      transferTimeoutMs,
    );
    return Buffer.from(await response.arrayBuffer().finally(() => clearTimeout(deadline)));
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : message}`);
  } finally {
    clearTimeout(timer);
  }
}
