import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { downloadPrograms } from '../../cluster/download.js';
import { programSources } from '../../cluster/program-sources.js';
import { cacheFolder, findPrograms } from '../../cluster/programs.js';

const kubernetes = programSources.find((source) => source.module === 'kubernetes')!;
const variables = [
  'XDG_CACHE_HOME',
  'KUBEBUILDER_ASSETS',
  'PATH',
  ...programSources.map((s) => s.releases.variable),
];

jest.setTimeout(30_000);

let folder = '';
let answers = new Map<string, string>();
let requested: string[] = [];
let server: http.Server;
let silent = false;
const before = new Map(variables.map((name) => [name, process.env[name]]));

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'runboat-test-'));
  [answers, requested, silent] = [new Map(), [], false];
  server = http.createServer((request, response) => {
    requested.push(request.url!);
    if (silent) return;
    const answer = answers.get(request.url!);
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  delete process.env['KUBEBUILDER_ASSETS'];
  process.env['XDG_CACHE_HOME'] = folder;
  for (const { releases } of programSources) process.env[releases.variable] = `http://127.0.0.1:${port}`;
});

afterEach(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

describe('The programs of the test cluster', () => {
  it('are taken from the folder KUBEBUILDER_ASSETS when it has all of them', async () => {
    await placeExecutable('assets', 'etcd');
    await placeExecutable('assets', 'kubectl');
    process.env['KUBEBUILDER_ASSETS'] = path.join(folder, 'assets');
    const found = await findPrograms(['etcd', 'kubectl'], fail);
    expect(found).toEqual({
      etcd: path.join(folder, 'assets', 'etcd'),
      kubectl: path.join(folder, 'assets', 'kubectl'),
    });
    expect(requested).toEqual([]);
  });

  it('are fetched once, with a line that says so, when that folder lacks one', async () => {
    await placeExecutable('assets', 'kubelet');
    process.env['KUBEBUILDER_ASSETS'] = path.join(folder, 'assets');
    publish('kubectl', 'the program');
    const lines: string[] = [];
    const found = await findPrograms(['kubectl'], (line) => lines.push(line));
    expect(await readFile(found.kubectl, 'utf8')).toBe('the program');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`kubectl ${kubernetes.version}`);
    await findPrograms(['kubectl'], fail);
    expect(requested).toHaveLength(2);
  });

  it('are fetched once by two that ask at the same moment', async () => {
    publish('kubectl', 'the program');
    await Promise.all([
      findPrograms(['kubectl'], () => undefined),
      findPrograms(['kubectl'], () => undefined),
    ]);
    expect(requested).toHaveLength(2);
  });

  it('leave no half cache, and say what to install, when they can be neither fetched nor built', async () => {
    publish('kubectl', 'the program');
    process.env['PATH'] = folder;
    await expect(findPrograms(['kubectl', 'kubelet'], () => undefined)).rejects.toThrow(
      /^Go 1\.\d+ or later is needed/,
    );
    expect(await readdir(cacheFolder())).toEqual([]);
    const beside = await readdir(path.dirname(cacheFolder()));
    expect(beside).toEqual([path.basename(cacheFolder())]);
  });
});

describe('The cache of programs', () => {
  it('is cleared of what a killed run left', async () => {
    publish('kubectl', 'the program');
    await mkdir(`${cacheFolder()}.part-killed`, { recursive: true });
    await findPrograms(['kubectl'], () => undefined);
    expect(await readdir(path.dirname(cacheFolder()))).toEqual([path.basename(cacheFolder())]);
  });
});

describe('A fetched program', () => {
  it('is refused when its checksum is not the published one', async () => {
    publish('kubectl', 'the program');
    answers.set(`/${releasePath('kubectl')}`, 'something else');
    await expect(downloadPrograms(kubernetes, ['kubectl'], folder)).rejects.toThrow(
      'was published: not used',
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('is refused when no checksum was published', async () => {
    publish('kubectl', 'the program');
    answers.delete(`/${releasePath('kubectl')}.sha256`);
    await expect(downloadPrograms(kubernetes, ['kubectl'], folder)).rejects.toThrow('answered 404');
  });

  it('is given up after a few seconds when the server does not answer', async () => {
    silent = true;
    const started = Date.now();
    await expect(downloadPrograms(kubernetes, ['kubectl'], folder)).rejects.toThrow('no answer');
    expect(Date.now() - started).toBeLessThan(20_000);
  });
});

function publish(program: 'kubectl', content: string): void {
  answers.set(`/${releasePath(program)}`, content);
  answers.set(`/${releasePath(program)}.sha256`, createHash('sha256').update(content).digest('hex'));
}

function releasePath(program: 'kubectl'): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return kubernetes.releases.file(program, { os: process.platform, arch }).path;
}

async function placeExecutable(subfolder: string, name: string): Promise<void> {
  await mkdir(path.join(folder, subfolder), { recursive: true });
  await writeFile(path.join(folder, subfolder, name), '');
  await chmod(path.join(folder, subfolder, name), 0o755);
}

function fail(line: string): never {
  throw new Error(`Nothing was to be told, but: ${line}`);
}
