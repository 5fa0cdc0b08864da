import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../cluster/paths.js';
import { programSources } from '../../cluster/program-sources.js';
import { imageLabels, imageSettings } from '../../image/contents.js';

const dockerfile = readFileSync(path.join(repositoryRoot, 'Dockerfile'), 'utf8');
const line = (instruction: string) => new RegExp(`^${instruction} (.*)$`, 'm').exec(dockerfile)?.[1];
const lastStage = dockerfile.slice(dockerfile.lastIndexOf('FROM'));

describe('the Dockerfile', () => {
  it('runs what the image of `make image` runs, as the same user, with the same environment', () => {
    const { User, Entrypoint, WorkingDir, Cmd, Env } = imageSettings;
    expect(line('USER')).toBe(User);
    expect(JSON.parse(line('ENTRYPOINT') ?? '')).toEqual(Entrypoint);
    expect(JSON.parse(line('CMD') ?? '')).toEqual(Cmd);
    expect(lastStage).toContain(`WORKDIR ${WorkingDir}\n`);
    expect(lastStage).toContain(`ENV ${Env.join(' \\\n    ')}\n`);
  });

  it('has the program from what fills the image of `make image`', () => {
    expect(dockerfile).toContain('test/image/app.ts /image\n');
    expect(lastStage).toContain(`COPY --from=build /image ${imageSettings.WorkingDir}\n`);
  });

  it('has the labels of `make image`, and the version of this package', () => {
    const version = /^ARG VERSION=(.*)$/m.exec(lastStage)?.[1];
    const labels = lastStage.replace(`\${VERSION}`, version ?? '');
    for (const [name, value] of Object.entries(imageLabels)) expect(labels).toContain(`${name}="${value}"`);
  });

  it('brings the kubectl that bundles are tested with, for the architecture that is built for', () => {
    const kubernetes = programSources.find(({ packages }) => 'kubectl' in packages);
    expect(dockerfile).toContain(`ARG KUBECTL_VERSION=${kubernetes?.version}\n`);
    // A default would win over the value of BuildKit.
    expect(dockerfile).toContain('ARG TARGETARCH\n');
  });

  it('takes its bases from arguments, so that a release can pin them by digest', () => {
    const bases = [...dockerfile.matchAll(/^FROM \$\{(\w+)\}/gm)].map(([, base]) => base);
    expect(bases).toEqual(['BUILD_IMAGE', 'BUILD_IMAGE', 'RUNTIME_IMAGE']);
  });
});
