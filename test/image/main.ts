// `make image`: the image as an archive that needs no Docker daemon, for `ctr images import`, `kind load
// image-archive`, `docker load` or a registry client. The Dockerfile makes the same for a registry.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../cluster/command.js';
import { imageFromFolder } from '../cluster/node/image-archive.js';
import { repositoryRoot } from '../cluster/paths.js';
import { fillImage, imageLabels, imageSettings } from './contents.js';

const name = `runboat:${imageLabels['org.opencontainers.image.version']}`;
const archive = path.join(repositoryRoot, 'test-output', 'image.tar');
const root = await mkdtemp(path.join(os.tmpdir(), 'runboat-image-'));
try {
  await fillImage(root);
  await mkdir(path.dirname(archive), { recursive: true });
  await imageFromFolder(root, name, { ...imageSettings, Labels: imageLabels }, archive);
  const size = Number((await runCommand('du', ['-sb', root])).split('\t')[0]);
  console.log(
    `${name}: ${(size / 1e6).toFixed(0)} MB installed, in ${path.relative(repositoryRoot, archive)}`,
  );
} finally {
  await rm(root, { recursive: true, force: true });
}
