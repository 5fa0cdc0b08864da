import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from '../command.js';

/** How containers of an image run, in the terms of Docker's image configuration. */
export interface ImageConfig {
  Env?: string[];
  User?: string;
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64' };

/**
 * Packs a folder as an image with one layer into `archive`, in the format of `docker save`. Owners stay
 * as they are in the folder. The name is that of a reference with registry and tag.
 */
export async function imageFromFolder(
  folder: string,
  name: string,
  config: ImageConfig,
  archive: string,
): Promise<void> {
  const work = await mkdtemp(`${archive}.part-`);
  try {
    const layer = path.join(work, 'layer.tar');
    await runCommand('tar', [
      '--create',
      '--numeric-owner',
      '--one-file-system',
      '--sort=name',
      `--file=${layer}`,
      `--directory=${folder}`,
      '.',
    ]);
    await writeFile(path.join(work, 'config.json'), JSON.stringify(await imageConfig(layer, config)));
    const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
    await writeFile(path.join(work, 'manifest.json'), JSON.stringify(manifest));
    const members = ['manifest.json', 'config.json', 'layer.tar'];
    const packed = path.join(work, 'image.tar');
    await runCommand('tar', ['--create', `--file=${packed}`, `--directory=${work}`, ...members]);
    await rename(packed, archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function imageConfig(layer: string, config: ImageConfig): Promise<object> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(layer), hash);
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${hash.digest('hex')}`] },
  };
}
