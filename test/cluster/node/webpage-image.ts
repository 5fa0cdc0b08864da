import path from 'node:path';
import { boxOf } from './busybox.js';
import { cachedImage } from './image-cache.js';
import { postgresPrograms } from './postgres.js';

/** The image of the bundle `webpage`. */
export const webpageImage = 'runboat.test/webpage:1';

/** Its archive; see `boxArchive`. */
export function webpageArchive(tell: (line: string) => void): Promise<string> {
  return boxArchive(webpageImage, ['sh'], tell);
}

/**
 * The archive of an image with a busybox, psql and curl of this machine with their libraries, about 20 MB,
 * which runs a command unless it is told another. Throws if the machine lacks one of the programs.
 */
export async function boxArchive(
  name: string,
  command: string[],
  tell: (line: string) => void,
): Promise<string> {
  const box = await boxOf([path.join(postgresPrograms(), 'psql'), 'curl']);
  const config = {
    Env: ['PATH=/bin:/usr/bin:/usr/sbin:/sbin', 'HOME=/tmp'],
    Cmd: command,
  };
  return cachedImage({ name, config, version: box.version, fill: (root) => box.fill(root) }, tell);
}
