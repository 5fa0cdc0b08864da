import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { loadConfig } from '../../../lib/config/load.js';
import { operatorRules } from '../../../operator/rights.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { rightsOf } from '../../support/account.js';
import { createNamespace, deleteNamespace, kubectl } from '../../support/cluster.js';
import { chartFolder, configurationOf, find, helm, type Rendered, render } from './helm-support.js';

const selector = { namespaceSelector: { matchLabels: { name: 'ingress' } } };

/** Values of which each kind of installation has some. */
const variations: Record<string, object> = {
  'no values': {},
  'two of each': { operator: { replicas: 2 }, gateway: { replicas: 3 } },
  'autoscaling and a load balancer': {
    gateway: { autoscaling: { enabled: true }, service: { type: 'LoadBalancer', annotations: { a: 'b' } } },
  },
  'an ingress with TLS': {
    ingress: {
      enabled: true,
      className: 'nginx',
      host: 'runboat.example.org',
      tlsSecretName: 'tls',
      annotations: { 'cert-manager.io/cluster-issuer': 'main' },
    },
    config: { domain: 'builds.example.org', urlScheme: 'https' },
  },
  'an ingress with TLS for any host, and another port': {
    ingress: { enabled: true, tlsSecretName: 'tls' },
    config: { baseUrl: 'https://runboat.example.org', extra: { http: { port: 9000, hsts: true } } },
  },
  'secrets that are given': {
    secrets: {
      adminPassword: 'a',
      webhookSecret: 'b',
      githubToken: 'c',
      githubAppPrivateKey: 'd',
      buildEnv: { PGPASSWORD: 'e', N: '1' },
    },
    postgresql: { enabled: false },
  },
  'a Secret of the user': {
    secrets: {
      existingSecret: 'mine',
      existingSecretKeys: ['admin-password', 'webhook-secret', 'github-token', 'build-env'],
    },
  },
  'limits for the namespace of builds': {
    builds: {
      resourceQuota: { pods: '50', 'requests.cpu': 4 },
      limitRange: [{ type: 'Container', default: { cpu: '1' } }],
      networkPolicy: { enabled: true, ingressFrom: [selector], egressTo: [selector] },
    },
  },
  'a network policy': { builds: { networkPolicy: { enabled: true } } },
  'own bundles and resource types': {
    bundles: {
      'My_bundle.1': { 'kustomization.yaml.hbs': 'resources: []', 'scripts/start.sh': 'true' },
      'Ends-_': { '1.10': 'a', true: 'b', 'a/b': 'c', a__b: 'd', '.e/_f': 'g' },
    },
    config: { resourceTypes: ['deploy', 'job', 'certificates.cert-manager.io'], extra: { paused: true } },
  },
  'placement, pull secrets and a digest': {
    nodeSelector: { a: 'b' },
    tolerations: [{ operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    image: { repository: 'example.org/runboat', digest: `sha256:${'0'.repeat(64)}`, pullSecrets: ['one'] },
    global: { imagePullSecrets: [{ name: 'two' }], other: { of: 'a parent' } },
    operator: { podAnnotations: { a: 'b' }, extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy' }] },
    gateway: { serviceAccountAnnotations: { a: 'b' } },
  },
  'names of its own': { fullnameOverride: 'previews', nameOverride: 'previews' },
  'everything of monitoring, and a Gateway': {
    metrics: {
      serviceMonitor: { enabled: true },
      alerts: { enabled: true },
      dashboard: { enabled: true },
    },
    httpRoute: { enabled: true, parentRefs: [{ name: 'public' }] },
    ingress: { host: 'runboat.example.org' },
  },
};

/** Kinds that the cluster of the tests does not have. */
const foreignKinds = ['ServiceMonitor', 'PrometheusRule', 'HTTPRoute'];

describe('the chart', () => {
  let home: string;
  let builds: string;
  beforeAll(async () => {
    [home, builds] = await Promise.all([createNamespace(), createNamespace()]);
    const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    await kubectl(['label', 'namespace', home, ...labels]);
  });
  afterAll(() => Promise.all([deleteNamespace(home), deleteNamespace(builds)]));

  it('is clean for helm lint', async () => {
    expect(await helm(['lint', '--strict', chartFolder])).toContain('0 chart(s) failed');
  });

  it.each(Object.entries(variations))(
    'is taken by the API server, without a warning, with %s',
    async (_, given) => {
      const values = structuredClone(given) as { builds?: object };
      values.builds = { ...values.builds, namespace: builds, createNamespace: false };
      const items = (await render(values)).filter(({ kind }) => !foreignKinds.includes(kind));
      const own = items.map((object) => placed(object, home));
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: own });
      // A namespace of another one than that of the object is refused by kubectl, so each says its own.
      await kubectl(['apply', '--dry-run=server', '--warnings-as-errors', '-f', '-'], input);
    },
  );

  it.each([
    ['an unknown value', { operator: { replica: 1 } }],
    ['three operators', { operator: { replicas: 3 } }],
    ['a number for a text', { config: { domain: 7 } }],
    ['a rule without an image', { config: { repos: [{ repo: '.*', branch: '.*' }] } }],
    ['a resource type nobody knows', { config: { resourceTypes: ['submarine'] } }],
  ])('refuses %s', async (_, values) => {
    await expect(render(values)).rejects.toThrow();
  });

  it.each([
    [['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job']],
    [['deploy', 'cronjobs.batch', 'HorizontalPodAutoscaler', 'statefulsets.v1.apps', 'pods']],
    [['deployment', 'certificates.cert-manager.io', 'issuers.v1.cert-manager.io', 'clusterrole']],
  ])('grants the operator the rights that the operator has need of, with %j', async (resourceTypes) => {
    const objects = await render({ config: { resourceTypes } });
    const { rules } = find(objects, 'Role', 'runboat-operator') as unknown as { rules: never[] };
    expect(rightsOf(rules)).toEqual(rightsOf(operatorRules(resourceTypes)));
    expect(JSON.stringify(rules)).toContain('"resourceNames":["runboat-operator"]');
  });

  it('grants the gateway what the documented Role does', async () => {
    const { rules } = find(await render(), 'Role', 'runboat-gateway') as unknown as { rules: never[] };
    const documented = load(
      readFileSync(path.join(repositoryRoot, 'docs/rbac/gateway-role.yaml'), 'utf8'),
    ) as { rules: never[] };
    expect(rightsOf(rules)).toEqual(rightsOf(documented.rules));
  });

  it.each(Object.entries(variations))('writes a configuration that is right, with %s', async (_, values) => {
    const objects = await render(values);
    const folder = mkdtempSync(path.join(tmpdir(), 'runboat-chart-'));
    try {
      const name = (values as { fullnameOverride?: string }).fullnameOverride;
      if (name !== undefined) return expect(find(objects, 'ConfigMap', name)).toBeDefined();
      const config = configurationOf(objects);
      // The folders of bundles are in the pods alone.
      delete config['bundles'];
      const rules = config['repos'] as { kubefiles?: string }[];
      config['repos'] = rules.filter(({ kubefiles }) => kubefiles !== 'installation-check');
      const file = path.join(folder, 'config.yaml');
      writeFileSync(file, JSON.stringify(config));
      const env = { RUNBOAT_API_ADMIN_PASSWD: 'a', RUNBOAT_GITHUB_WEBHOOK_SECRET: 'b' };
      const loaded = loadConfig({ file, env, process: 'gateway' });
      expect(loaded.config.namespace).toBe('runboat-builds');
      return undefined;
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('opens the port of the gateway that its configuration names', async () => {
    const objects = await render({ config: { extra: { http: { port: 9000 } } } });
    expect(configurationOf(objects)['http']).toMatchObject({ port: 9000 });
    const [container] = find(objects, 'Deployment', 'runboat-gateway')['spec'].template.spec.containers;
    expect(container.ports).toContainEqual({ name: 'http', containerPort: 9000 });
    const { ports } = find(objects, 'Service', 'runboat-gateway')['spec'];
    expect(ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
  });

  it('gives the operator neither the administrator nor the webhook secret', async () => {
    const text = JSON.stringify(find(await render(), 'Deployment', 'runboat-operator'));
    expect(text).toContain('build-env');
    expect(text).not.toMatch(/admin-password|webhook-secret/);
  });

  it('gives the gateway no secret of builds', async () => {
    const text = JSON.stringify(find(await render(), 'Deployment', 'runboat-gateway'));
    expect(text).not.toMatch(/build-env|postgresql-password/);
  });

  it.each(['runboat-operator', 'runboat-gateway'])(
    'starts %s anew only for what it does not reread',
    async (name) => {
      const checksum = async (config: object) =>
        find(await render({ config }), 'Deployment', name)['spec'].template.metadata.annotations[
          'checksum/needs-restart'
        ];
      const before = await checksum({});
      expect(await checksum({ limits: { started: 9 } })).toBe(before);
      expect(await checksum({ resourceTypes: ['deployment', 'job'] })).not.toBe(before);
    },
  );
});

/** An object with the namespace that Helm would give it. */
function placed(object: Rendered, home: string): Rendered {
  const { metadata } = object;
  const clusterWide = ['CustomResourceDefinition', 'Namespace', 'ClusterRole', 'ClusterRoleBinding'];
  if (clusterWide.includes(object.kind)) return object;
  return { ...object, metadata: { ...metadata, namespace: metadata.namespace ?? home } };
}
