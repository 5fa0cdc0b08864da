import { join } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Bundle, loadBundle } from '../../../operator/render/bundle.js';
import { offlineKinds } from '../../../operator/render/kinds.js';
import { Renderer } from '../../../operator/render/renderer.js';
import { type KubeResource, MODES, type Mode, type RenderInput } from '../../../operator/render/types.js';
import { KUBEFILES } from './script-world.js';

const INPUT: RenderInput = {
  namespace: 'builds',
  buildName: 'oca-web-16-0-pr12-1a2b3c4d5e6f',
  buildSlug: 'the-slug',
  buildDomain: 'builds.example.org',
  databasePrefix: 'px_',
  commitInfo: { repo: 'oca/web', targetBranch: '16.0', pr: 12, gitCommit: '1a2b3c4d5e6f'.padEnd(40, '0') },
  image: 'registry.example.org:5000/odoo:16.0',
  env: { INCLUDE: 'web,base', PGHOST: 'db' },
  secretEnv: { PGPASSWORD: 'pg=secret' },
  templateVars: {},
};
// Each shape runs kustomize several times; a loaded machine needs longer than the usual 5 s.
jest.setTimeout(60_000);

const NAME = INPUT.buildName;
const renderer = new Renderer({
  allowed: offlineKinds(['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job']),
});

async function bundleOf(name: string): Promise<Bundle> {
  return await loadBundle(name, join(KUBEFILES, name));
}

// The parts of a Kubernetes object that these tests read.
// biome-ignore lint/suspicious/noExplicitAny: a rendered tree has no type of its own.
type Tree = any;

function find(resources: readonly KubeResource[], kind: string, name: string): Tree {
  const found = resources.find(
    (resource) => resource.kind === kind && resource.metadata.name === `${NAME}-${name}`,
  );
  if (found === undefined) throw new Error(`no ${kind} ${NAME}-${name} was rendered`);
  return found;
}

function podSpecs(resources: readonly KubeResource[]): Tree[] {
  return resources
    .map((resource: Tree) => resource.spec?.template?.spec)
    .filter((spec) => spec !== undefined);
}

function withoutJobs(resources: readonly KubeResource[]): readonly KubeResource[] {
  return resources.filter((resource) => resource.kind !== 'Job');
}

describe.each(['odoo', 'webpage'])('the built-in bundle %s', (name) => {
  let modes: Record<Mode, KubeResource[]>;
  beforeAll(async () => {
    modes = await renderer.renderAll(await bundleOf(name), INPUT);
  });

  it('renders the same resources in all modes but cleanup, besides the job, so that nothing needs applying', () => {
    for (const mode of ['initialize', 'start', 'stop'] as const) {
      expect(withoutJobs(modes[mode])).toEqual(modes.deployment);
    }
    const cleanup = withoutJobs(modes.cleanup);
    expect(cleanup.map((resource) => resource.kind).sort()).toEqual(['ConfigMap', 'ConfigMap', 'Secret']);
    for (const resource of cleanup) expect(modes.deployment).toContainEqual(resource);
  });

  it('labels every resource, pod template and selector with the build, but gives no selector to a job', () => {
    for (const resource of MODES.flatMap((mode) => modes[mode]) as Tree[]) {
      expect(resource.metadata.labels['runboat/build']).toBe(NAME);
      expect(resource.metadata.namespace).toBe('builds');
      if (resource.spec?.template) expect(resource.spec.template.metadata.labels['runboat/build']).toBe(NAME);
      if (resource.kind === 'Deployment')
        expect(resource.spec.selector.matchLabels['runboat/build']).toBe(NAME);
      if (resource.kind === 'Service') expect(resource.spec.selector['runboat/build']).toBe(NAME);
      if (resource.kind === 'Job') expect(resource.spec.selector).toBeUndefined();
    }
  });

  it('names the kind of a job on the job and on its pods', () => {
    for (const mode of ['initialize', 'cleanup'] as const) {
      const job = find(modes[mode], 'Job', mode);
      expect(job.metadata.labels['runboat/job-kind']).toBe(mode);
      expect(job.spec.template.metadata.labels['runboat/job-kind']).toBe(mode);
      expect(job.spec.template.spec.restartPolicy).toBe('Never');
    }
    expect(find(modes.initialize, 'Job', 'initialize').spec.backoffLimit).toBe(0);
    expect(find(modes.cleanup, 'Job', 'cleanup').spec.backoffLimit).toBe(6);
  });

  it('gives all containers the secret environment, then its own, and no credentials of the cluster', () => {
    for (const spec of MODES.flatMap((mode) => podSpecs(modes[mode]))) {
      expect(spec.automountServiceAccountToken).toBe(false);
      for (const container of spec.containers) {
        const kinds = container.envFrom.map((source: Tree) => Object.keys(source)[0]);
        expect(kinds).toEqual(['secretRef', 'configMapRef']);
      }
    }
  });

  it('refers only to volumes, objects and scripts that it renders', () => {
    for (const mode of MODES) expect(missingReferences(modes[mode])).toEqual([]);
  });

  it('renders without any environment, and refuses an environment that sets what the bundle sets', async () => {
    const bundle = await bundleOf(name);
    await expect(renderer.renderAll(bundle, { ...INPUT, env: {}, secretEnv: {} })).resolves.toBeDefined();
    const clash = { ...INPUT, env: { PGDATABASE: 'other' } };
    await expect(renderer.render(bundle, 'deployment', clash)).rejects.toThrow('PGDATABASE');
  });

  it('passes its self-check without errors or warnings', async () => {
    expect(await renderer.selfCheck(await bundleOf(name), {})).toEqual({ errors: [], warnings: [] });
  });
});

function missingReferences(resources: readonly KubeResource[]): string[] {
  const there = new Map(
    resources.map((resource) => [`${resource.kind} ${resource.metadata.name}`, resource as Tree]),
  );
  const scripts = [...there.values()].flatMap((resource) => Object.keys(resource.data ?? {}));
  const wanted = podSpecs(resources).flatMap((spec: Tree) => [
    ...spec.containers.flatMap((container: Tree) =>
      container.envFrom.map((source: Tree) =>
        source.secretRef ? `Secret ${source.secretRef.name}` : `ConfigMap ${source.configMapRef.name}`,
      ),
    ),
    ...(spec.volumes ?? []).map((volume: Tree) =>
      volume.configMap
        ? `ConfigMap ${volume.configMap.name}`
        : `PersistentVolumeClaim ${volume.persistentVolumeClaim.claimName}`,
    ),
  ]);
  const started = podSpecs(resources)
    .flatMap((spec: Tree) =>
      spec.containers.flatMap((container: Tree) => container.command ?? container.args ?? []),
    )
    .filter((word: string) => word.startsWith('/runboat/'))
    .map((path: string) => path.slice('/runboat/'.length));
  return [
    ...wanted.filter((name) => !there.has(name)),
    ...started.filter((script: string) => !scripts.includes(script)),
  ];
}

describe('the bundle odoo', () => {
  let resources: KubeResource[];
  beforeAll(async () => {
    resources = await renderer.render(await bundleOf('odoo'), 'initialize', INPUT);
  });

  it('gives the scripts their settings by environment: the bundle its own, then the build its own', () => {
    expect(find(resources, 'ConfigMap', 'odooenv').data).toEqual({
      PGDATABASE: `px_${NAME}`,
      ADDONS_DIR: '/mnt/data/odoo-addons-dir',
      RUNBOAT_GIT_REPO: 'oca/web',
      RUNBOAT_GIT_REF: INPUT.commitInfo.gitCommit,
      INCLUDE: 'web,base',
      PGHOST: 'db',
    });
    const secret = find(resources, 'Secret', 'odoosecretenv');
    expect(secret.data).toEqual({ PGPASSWORD: Buffer.from('pg=secret').toString('base64') });
  });

  it('runs Odoo with the probes, resources and time to stop that builds have always had', () => {
    const { template } = find(resources, 'Deployment', 'odoo').spec;
    expect(template.metadata.annotations['kubectl.kubernetes.io/default-container']).toBe('odoo');
    expect(template.spec.terminationGracePeriodSeconds).toBe(10);
    const odoo = template.spec.containers.find((container: Tree) => container.name === 'odoo');
    expect(odoo).toMatchObject({
      image: 'registry.example.org:5000/odoo:16.0',
      readinessProbe: { tcpSocket: { port: 8069 }, initialDelaySeconds: 2, periodSeconds: 2 },
      livenessProbe: { tcpSocket: { port: 8069 }, initialDelaySeconds: 30, periodSeconds: 30 },
      resources: { requests: { cpu: '50m', memory: '100Mi' }, limits: { cpu: '800m', memory: '1Gi' } },
    });
    expect(odoo.volumeMounts).toContainEqual({
      name: 'data',
      mountPath: '/opt/odoo-venv',
      subPath: 'odoo-venv',
    });
  });

  it('initialises with one CPU and 1 GiB, within 20 minutes', () => {
    const job = find(resources, 'Job', 'initialize');
    expect(job.spec.activeDeadlineSeconds).toBe(1200);
    const amounts = { cpu: '1', memory: '1Gi' };
    expect(job.spec.template.spec.containers[0].resources).toEqual({ requests: amounts, limits: amounts });
  });

  it('is reached at its slug, and its mail beside it', () => {
    const hosts = resources
      .filter((resource) => resource.kind === 'Ingress')
      .map((ingress: Tree) => [
        ingress.spec.rules[0].host,
        ingress.spec.rules[0].http.paths[0].backend.service.port.number,
        ingress.spec.rules[0].http.paths[0].backend.service.name,
      ]);
    expect(hosts.sort()).toEqual([
      ['the-slug.builds.example.org', 8069, `${NAME}-odoo`],
      ['the-slug.mail.builds.example.org', 8025, `${NAME}-odoo`],
    ]);
    const ports = find(resources, 'Service', 'odoo').spec.ports.map((port: Tree) => port.port);
    expect(ports).toEqual([8069, 8072, 8025]);
  });

  it('keeps 200Mi of the default class', () => {
    const { spec } = find(resources, 'PersistentVolumeClaim', 'data');
    expect(spec.resources.requests.storage).toBe('200Mi');
    expect(spec).not.toHaveProperty('storageClassName');
  });
});

describe('the template variables of the bundle odoo', () => {
  const templateVars = {
    storageClassName: 'fast',
    volumeSize: '2Gi',
    ingressClassName: 'traefik',
    ingressAnnotation1: 'acme.example.org/limit',
    ingressAnnotation1Value: '64m',
    ingressAnnotation3: 'acme.example.org/flag',
    mailCatcherName: 'mailpit',
    mailCatcherImage: 'axllent/mailpit:v1.20',
    cleanupImage: 'postgres:16',
  };

  it('reach the volume, both Ingresses, the mail catcher and the cleanup', async () => {
    const bundle = await bundleOf('odoo');
    const { initialize, cleanup } = await renderer.renderAll(bundle, { ...INPUT, templateVars });
    const { spec } = find(initialize, 'PersistentVolumeClaim', 'data');
    expect([spec.storageClassName, spec.resources.requests.storage]).toEqual(['fast', '2Gi']);
    for (const name of ['odoo', 'mailpit']) {
      const ingress = find(initialize, 'Ingress', name);
      expect(ingress.spec.ingressClassName).toBe('traefik');
      expect(ingress.metadata.annotations).toMatchObject({
        'acme.example.org/limit': '64m',
        'acme.example.org/flag': '',
      });
    }
    const { containers } = find(initialize, 'Deployment', 'odoo').spec.template.spec;
    expect(containers.map((container: Tree) => container.name)).toEqual(['odoo', 'mailpit']);
    expect(containers[1].image).toBe('axllent/mailpit:v1.20');
    expect(find(cleanup, 'Job', 'cleanup').spec.template.spec.containers[0].image).toBe('postgres:16');
  });

  it('pass the self-check, and so does an image with a digest', async () => {
    const bundle = await bundleOf('odoo');
    expect(await renderer.selfCheck(bundle, templateVars)).toEqual({ errors: [], warnings: [] });
    const image = `ghcr.io/oca/odoo:16.0@sha256:${'0'.repeat(64)}`;
    const resources = await renderer.render(bundle, 'start', { ...INPUT, image });
    const { containers } = find(resources, 'Deployment', 'odoo').spec.template.spec;
    expect(containers[0].image).toBe(`ghcr.io/oca/odoo@sha256:${'0'.repeat(64)}`);
  });
});
