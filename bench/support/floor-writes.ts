import { fileURLToPath } from 'node:url';
import {
  API_GROUP_VERSION,
  BUILD_KIND,
  BUILD_PLURAL,
  FINALIZER_BUILD,
  OPERATOR_LEASE,
} from '../../crds/constants.js';
import { settingsSecretName } from '../../crds/names.js';
import { queryString } from '../../lib/kube/paths.js';
import { assembleMode } from '../../operator/act/modes.js';
import {
  asJob,
  type DeploymentState,
  statePatch,
  withOwnership,
  withState,
} from '../../operator/cluster/decorate.js';
import { KindTable } from '../../operator/cluster/kinds.js';
import type { BuildView } from '../../operator/plan/observed.js';
import { loadBundle } from '../../operator/render/bundle.js';
import { offlineKinds } from '../../operator/render/kinds.js';
import { Renderer } from '../../operator/render/renderer.js';
import type { KubeResource, Mode } from '../../operator/render/types.js';
import { type BuildSettings, encodeSettings, renderInputOf } from '../../operator/settings.js';
import { sampleSettings } from './sample-settings.js';

/** One request, ready but for the two tokens. */
export interface FloorWrite {
  readonly method: 'PATCH' | 'POST';
  /** With the query. */
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

export interface FloorWrites {
  /** Up to the initialisation: in this order. */
  readonly begin: readonly FloorWrite[];
  /** After its end. */
  readonly end: readonly FloorWrite[];
}

/** Stand for the name and the UID of a build in paths and bodies. */
export const NAME_TOKEN = 'zz-name-zz';
export const UID_TOKEN = '00000000-aaaa-bbbb-cccc-000000000000';

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';

/** The kinds of the `odoo` bundle. */
const kinds = new KindTable(
  [
    ['', 'ConfigMap', 'configmaps'],
    ['', 'Secret', 'secrets'],
    ['', 'Service', 'services'],
    ['', 'PersistentVolumeClaim', 'persistentvolumeclaims'],
    ['apps', 'Deployment', 'deployments'],
    ['batch', 'Job', 'jobs'],
    ['networking.k8s.io', 'Ingress', 'ingresses'],
  ].map(([group, kind, plural]) => ({
    group: group!,
    version: 'v1',
    kind: kind!,
    plural: plural!,
    namespaced: true,
  })),
);

/**
 * The writes that the contract needs for a build with the `odoo` bundle, from creation to Stopped. The first of the
 * 17, the creation of the build, is not among them: it is sent by whoever wants the build. The others are:
 *
 *  2. finalizer of the build          3. Secret with the recorded settings     4-11. the 8 objects, applied
 * 12. its grant, in the Lease        13. the job                              14. init-status `started`
 * 15. status Initializing            16. init-status `succeeded`              17. status Stopped
 */
export async function floorWrites(namespace: string): Promise<FloorWrites> {
  const build = templateBuild(namespace);
  const settings = sampleSettings(build.spec, NAME_TOKEN);
  const { deployment, others, job } = await renderOdoo(build, settings);
  const builds = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/${BUILD_PLURAL}`;
  const buildPath = `${builds}/${NAME_TOKEN}`;
  const deploymentPath = kinds.pathOf(deployment, namespace);
  const state: DeploymentState = {
    initStatus: 'todo',
    replicas: 0,
    lastScaled: undefined,
    applied: '0'.repeat(32),
    overrides: settings.overrides,
  };
  const jobPath = kinds.pathOf(job, namespace);
  return {
    begin: [
      merge(buildPath, { metadata: { uid: UID_TOKEN, finalizers: [FINALIZER_BUILD] } }),
      applyNew(namespace, settingsSecret(build, settings)),
      ...others.map((resource) => applyNew(namespace, resource)),
      applyNew(namespace, withState(deployment, state)),
      merge(leasePath(namespace), { metadata: { annotations: { 'runboat.dev/grants': UID_TOKEN } } }),
      post(jobPath.slice(0, jobPath.lastIndexOf('/')), job),
      mergeState(deploymentPath, { initStatus: 'started' }),
      merge(`${buildPath}/status`, { status: status('Initializing', 'started', 'False') }),
    ],
    end: [
      mergeState(deploymentPath, { initStatus: 'succeeded' }),
      merge(`${buildPath}/status`, { status: status('Stopped', 'succeeded', 'True') }),
    ],
  };
}

/** The Lease that the floor's grants are written to. */
export function floorLease(namespace: string): { path: string; body: object } {
  const metadata = { name: OPERATOR_LEASE, namespace };
  const path = leasePath(namespace);
  return {
    path: path.slice(0, path.lastIndexOf('/')),
    body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata },
  };
}

function leasePath(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${OPERATOR_LEASE}`;
}

/** A build with tokens in the place of name and UID. */
export function templateBuild(namespace: string): BuildView {
  return {
    apiVersion: API_GROUP_VERSION,
    kind: BUILD_KIND,
    metadata: {
      name: NAME_TOKEN,
      namespace,
      uid: UID_TOKEN,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: new Date(0).toISOString(),
    },
    spec: { repo: 'oca/mis-builder', targetBranch: '16.0', commit: 'a'.repeat(40) },
  };
}

/** What the `odoo` bundle makes of a build. */
export async function renderOdoo(build: BuildView, settings: BuildSettings) {
  const bundle = await loadBundle('odoo', fileURLToPath(new URL('../../kubefiles/odoo', import.meta.url)));
  const renderer = new Renderer({
    allowed: offlineKinds(['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job']),
  });
  const render = (mode: Mode) => renderer.render(bundle, mode, renderInputOf(build, settings));
  const { deployment, others, job } = assembleMode(
    build,
    await render('deployment'),
    await render('initialize'),
  );
  if (!job) throw new Error('the bundle renders no job');
  return {
    deployment,
    others,
    job: asJob(job, build, { kind: 'initialize', attempt: 1, timeout: 1_800_000 }),
  };
}

function settingsSecret(build: BuildView, settings: BuildSettings): KubeResource {
  const metadata = { name: settingsSecretName(build.metadata.name) };
  const data = encodeSettings(settings);
  return withOwnership({ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data }, build);
}

function applyNew(namespace: string, resource: KubeResource): FloorWrite {
  const body = { ...resource, metadata: { ...resource.metadata, resourceVersion: '1' } };
  const query = queryString({ fieldManager: 'floor', fieldValidation: 'Strict', force: false });
  return write('PATCH', kinds.pathOf(resource, namespace) + query, APPLY, body);
}

function post(path: string, body: object): FloorWrite {
  return write('POST', `${path}?fieldManager=floor`, 'application/json', body);
}

function merge(path: string, body: object): FloorWrite {
  return write('PATCH', `${path}?fieldManager=floor`, MERGE, body);
}

/** Without the preconditions that the contract wants: a floor pays for no conflict with the controller. */
function mergeState(path: string, change: Partial<DeploymentState>): FloorWrite {
  return merge(path, statePatch(change));
}

function write(method: FloorWrite['method'], path: string, contentType: string, body: object): FloorWrite {
  return { method, path, contentType, body: JSON.stringify(body) };
}

/** As large as what the operator writes. */
function status(phase: string, initStatus: string, initialized: string): object {
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (type: string, value: string) => ({
    type,
    status: value,
    reason: phase,
    message: 'What was observed, in a sentence.',
    observedGeneration: 1,
    lastTransitionTime: time,
  });
  return {
    observedGeneration: 1,
    phase,
    initStatus,
    replicas: 0,
    readyReplicas: 0,
    attempt: 1,
    initStartedAt: time,
    url: `http://${NAME_TOKEN}.builds.test`,
    resolved: { image: 'registry.test/odoo:16.0', kubefiles: 'odoo', rule: 'repos[0]: ^oca/.* .*' },
    conditions: [
      condition('Deployed', 'True'),
      condition('Initialized', initialized),
      condition('Ready', 'False'),
      condition('UpToDate', 'True'),
    ],
  };
}
