import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../cluster/paths.js';
import { programSources } from '../../cluster/program-sources.js';
import { imageSettings } from '../../image/contents.js';

const dockerfile = readFileSync(path.join(repositoryRoot, 'Dockerfile'), 'utf8');
const line = (instruction: string) => new RegExp(`^${instruction} (.*)$`, 'm').exec(dockerfile)?.[1];

describe('the Dockerfile', () => {
  it('runs what the image of `make image` runs, as the same user', () => {
    const { User, Entrypoint, WorkingDir, Cmd } = imageSettings;
    expect(line('USER')).toBe(User);
    expect(JSON.parse(line('ENTRYPOINT') ?? '')).toEqual(Entrypoint);
    expect(JSON.parse(line('CMD') ?? '')).toEqual(Cmd);
    expect(dockerfile.slice(dockerfile.lastIndexOf('FROM'))).toContain(`WORKDIR ${WorkingDir}\n`);
  });

  it('brings the kubectl that bundles are tested with', () => {
    const kubernetes = programSources.find(({ packages }) => 'kubectl' in packages);
    expect(dockerfile).toContain(`ARG KUBECTL_VERSION=${kubernetes?.version}\n`);
  });

  it('takes its bases from arguments, so that a release can pin them by digest', () => {
    const bases = [...dockerfile.matchAll(/^FROM \$\{(\w+)\}/gm)].map(([, base]) => base);
    expect(bases).toEqual(['BUILD_IMAGE', 'BUILD_IMAGE', 'RUNTIME_IMAGE']);
  });
});
