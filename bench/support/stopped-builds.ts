import { FINALIZER_BUILD } from '../../crds/constants.js';
import type { KubeClient } from '../../lib/kube/client.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { withOwnership, withState } from '../../operator/cluster/decorate.js';
import { viewBuild, viewDeployment } from '../../operator/cluster/views.js';
import type { BuildView, Observed } from '../../operator/plan/observed.js';
import { planBuild } from '../../operator/plan/plan-build.js';
import { nextStatus } from '../../operator/plan/status.js';
import type { KubeResource } from '../../operator/render/types.js';
import { overridesHash } from '../../operator/settings.js';
import { buildOf, buildsPath, inParallel } from './build-run.js';
import { NAME_TOKEN, renderOdoo, templateBuild, UID_TOKEN } from './floor-writes.js';
import { sampleSettings } from './sample-settings.js';

/** Requests at once while builds are made. */
const MAKERS = 24;

/** Makes builds with their Deployments as the operator leaves them, initialised and stopped; gives their names. */
export async function makeStoppedBuilds(
  client: KubeClient,
  namespace: string,
  count: number,
): Promise<string[]> {
  const template = templateBuild(namespace);
  const { deployment } = await renderOdoo(template, sampleSettings(template.spec, NAME_TOKEN));
  const names: string[] = [];
  await inParallel(count, MAKERS, async (n) => {
    names.push(await makeStopped(client, { namespace, text: `${n}`, deployment }));
  });
  return names;
}

export function deploymentsPath(namespace: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments`;
}

async function makeStopped(
  client: KubeClient,
  { namespace, text, deployment }: { namespace: string; text: string; deployment: KubeResource },
): Promise<string> {
  const body = buildOf(text) as { metadata: object };
  const withFinalizer = { ...body, metadata: { ...body.metadata, finalizers: [FINALIZER_BUILD] } };
  const path = buildsPath(namespace);
  const build = viewBuild(await client.create<KubeObject>(path, withFinalizer));
  const own = ownDeployment(deployment, build);
  const made = await client.create<KubeObject>(deploymentsPath(namespace), own);
  const { name } = build.metadata;
  await client.mergePatch(`${path}/${name}`, { status: statusOf(build, made) }, { subresource: 'status' });
  return name;
}

function ownDeployment(template: KubeResource, build: BuildView): KubeResource {
  const text = JSON.stringify(template).replaceAll(NAME_TOKEN, build.metadata.name);
  const own = JSON.parse(text.replaceAll(UID_TOKEN, build.metadata.uid)) as KubeResource;
  return withState(withOwnership(own, build), {
    initStatus: 'succeeded',
    replicas: 0,
    lastScaled: undefined,
    applied: '0'.repeat(32),
    overrides: overridesHash(build.spec),
  });
}

/** What the operator itself would show. */
function statusOf(build: BuildView, deployment: KubeObject): object {
  const now = Date.now();
  const { image, kubefiles, rule } = sampleSettings(build.spec, build.metadata.name);
  const url = `http://${build.metadata.name}.builds.test`;
  const observed: Observed = {
    build,
    deployment: viewDeployment(deployment),
    jobs: [],
    pods: [],
    facts: { cleanup: {}, resolved: { image, kubefiles, rule, url } },
    slots: {
      initialize: 'unasked',
      grantedAttempt: undefined,
      start: 'unasked',
      cleanup: 'unasked',
      queuePosition: undefined,
    },
    policy: { paused: false, cleanupJob: true, retentionFinishedJobs: 1 },
    fingerprint: '',
    overrides: overridesHash(build.spec),
  };
  return nextStatus(observed, planBuild(observed, now).show, now);
}
