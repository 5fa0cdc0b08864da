import { readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../command.js';
import { clusterFile } from '../paths.js';
import { cachedImage } from './image-cache.js';
import { pauseImage } from './node-files.js';

/** The archive of the image whose only program waits for its end. Needs Go the first time. */
export function pauseArchive(tell: (line: string) => void): Promise<string> {
  const source = clusterFile('node', 'pause');
  return cachedImage(
    {
      name: pauseImage,
      config: { Entrypoint: ['/pause'] },
      version: readFileSync(path.join(source, 'main.go'), 'utf8'),
      async fill(root) {
        const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' };
        const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', path.join(root, 'pause'), '.'];
        await runCommand('go', args, { cwd: source, env });
        // mkdtemp makes folders for the owner alone.
        await chmod(root, 0o755);
      },
    },
    tell,
  );
}
