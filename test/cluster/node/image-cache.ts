import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { withLockFile } from '../lock-file.js';
import { cachedPath } from '../paths.js';
import { type ImageConfig, imageFromFolder } from './image-archive.js';

/** What an image is made of. */
export interface ImageRecipe {
  /** The reference, with registry and tag. */
  name: string;
  config: ImageConfig;
  /** All that decides on the content: another content has another version. */
  version: string;
  /** Fills an empty folder, which becomes the image's root. */
  fill(root: string): Promise<void>;
}

/**
 * The archive of an image, made when there is none of this version yet: the path of a file that
 * `RealNode.importImage` takes. Kept under `~/.cache/runboat/images/`.
 */
export async function cachedImage(recipe: ImageRecipe, tell: (line: string) => void): Promise<string> {
  const { name, config, version, fill } = recipe;
  const hash = createHash('sha256').update(JSON.stringify([name, config, version]));
  const label = name.replace(/^.*\//, '').replace(':', '-');
  const archive = cachedPath('images', `${label}-${hash.digest('hex').slice(0, 12)}.tar`);
  const onWait = (owner: number) => tell(`Process ${owner} is making the image ${name}; waiting for it.`);
  if (existsSync(archive)) return archive;
  await withLockFile(`${archive}.lock`, onWait, async () => {
    if (existsSync(archive)) return;
    const root = await mkdtemp(`${archive}.root-`);
    try {
      tell(`Making the image ${name}, once; kept in ${archive}.`);
      await fill(root);
      await imageFromFolder(root, name, config, archive);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
  return archive;
}
