import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, loadBundle } from '../../../operator/render/bundle.js';
import { offlineKinds } from '../../../operator/render/kinds.js';
import { Renderer, type RendererOptions } from '../../../operator/render/renderer.js';
import type { RenderInput } from '../../../operator/render/types.js';

/** The resource types that the configuration has by default. */
export const DEFAULT_TYPES = ['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job'];

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

const folders: string[] = [];

/** A folder with the files given; removed by `removeFolders`. */
export function writeFolder(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'runboat-test-bundle-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** A shell script in the place of kubectl; `$0.d` is a folder of its own to write to. */
export function program(script: string): string {
  const path = join(writeFolder({ kubectl: `#!/bin/sh\n${script}\n`, 'kubectl.d/keep': '' }), 'kubectl');
  chmodSync(path, 0o755);
  return path;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A bundle from the files given. */
export function bundleOf(files: Readonly<Record<string, string | Buffer>>, name = 'sample'): Promise<Bundle> {
  return loadBundle(name, writeFolder(files));
}

export function rendererWith(options: Partial<RendererOptions> = {}): Renderer {
  return new Renderer({ allowed: offlineKinds(DEFAULT_TYPES), ...options });
}

/** What to render for, with ordinary values. */
export function inputOf(changes: Partial<RenderInput> = {}): RenderInput {
  return {
    namespace: 'runboat-builds',
    buildName: 'oca-mis-builder-16-0-1a2b3c4d5e6f',
    buildSlug: 'oca-mis-builder-16-0-1a2b3c4d5e6f',
    buildDomain: 'builds.example.org',
    databasePrefix: '',
    commitInfo: {
      repo: 'oca/mis-builder',
      targetBranch: '16.0',
      pr: null,
      gitCommit: '1a2b3c4d5e6f'.padEnd(40, '0'),
    },
    image: 'registry.example.org/oca/image:py3.10',
    env: {},
    secretEnv: {},
    templateVars: {},
    ...changes,
  };
}

/** A Deployment that keeps the contract, as the file `deployment.yaml.hbs`. */
export const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {runboat/build: "{{build_name}}"}}
  template:
    metadata: {labels: {runboat/build: "{{build_name}}"}}
    spec:
      containers: [{name: app, image: "{{image_name}}:{{image_tag}}"}]
`;

/** A Job that keeps the contract; its name is the mode's. */
export const JOB = `
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec:
  template:
    metadata: {labels: {runboat/build: "{{build_name}}", runboat/job-kind: "{{mode}}"}}
    spec:
      restartPolicy: Never
      containers: [{name: job, image: "{{image_name}}"}]
`;

/** The smallest bundle that keeps the contract, with more lines and files where a test needs them. */
export function minimal(
  extra: Readonly<Record<string, string | Buffer>> = {},
  resources: readonly string[] = [],
): Record<string, string | Buffer> {
  const more = resources.map((path) => `- ${path}\n`).join('');
  return {
    'kustomization.yaml.hbs': `namespace: "{{namespace}}"\nresources:\n- deployment.yaml\n${more}{{#if (eq mode "initialize")}}\n- job.yaml\n{{/if}}\n`,
    'deployment.yaml.hbs': DEPLOYMENT,
    'job.yaml.hbs': JOB,
    ...extra,
  };
}
