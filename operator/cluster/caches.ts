import { API_GROUP, API_VERSION, BUILD_PLURAL, LABEL_BUILD, LABEL_JOB_KIND } from '../../crds/constants.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { Informer } from '../../lib/kube/informer.js';
import type { InformerHooks } from '../../lib/kube/informer-options.js';
import { resourcePath } from '../../lib/kube/paths.js';
import type { Cached, KubeLog, KubeObject, Pod } from '../../lib/kube/types.js';
import type { BuildView, DeploymentView, JobView, PodView } from '../plan/observed.js';
import { viewBuild, viewDeployment, viewJob, viewPod } from './views.js';

/** Finished pods are kept for their logs and cost nothing, because they are not watched. */
const unfinishedPods = 'status.phase!=Succeeded,status.phase!=Failed';

export interface CachesOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly resyncMs: number;
  readonly log: KubeLog;
  readonly hooks: (resource: string) => InformerHooks;
}

/** API paths of the collections in the build namespace. */
export interface Paths {
  readonly builds: string;
  readonly deployments: string;
  readonly replicaSets: string;
  readonly jobs: string;
  readonly pods: string;
  readonly secrets: string;
  readonly events: string;
}

export function pathsIn(namespace: string): Paths {
  const at = (group: string, version: string, plural: string) =>
    resourcePath({ group, version, plural, namespace });
  return {
    builds: at(API_GROUP, API_VERSION, BUILD_PLURAL),
    deployments: at('apps', 'v1', 'deployments'),
    replicaSets: at('apps', 'v1', 'replicasets'),
    jobs: at('batch', 'v1', 'jobs'),
    pods: at('', 'v1', 'pods'),
    secrets: at('', 'v1', 'secrets'),
    events: at('', 'v1', 'events'),
  };
}

type OfBuild = Cached & { readonly build: string };

/** The operator's caches of the build namespace, and which object belongs to which build. */
export class Caches {
  readonly paths: Paths;
  readonly builds: Informer<BuildView>;
  readonly deployments: Informer<DeploymentView>;
  readonly jobs: Informer<JobView>;
  readonly pods: Informer<PodView>;
  private readonly deploymentsOf = new Map<string, Map<string, DeploymentView>>();
  private readonly jobsOf = new Map<string, Map<string, JobView>>();
  private readonly podsOf = new Map<string, Map<string, PodView>>();

  constructor(private readonly options: CachesOptions) {
    this.paths = pathsIn(options.namespace);
    this.builds = this.informer('runboatbuilds', this.paths.builds, viewBuild);
    const labelSelector = LABEL_BUILD;
    this.deployments = this.informer('deployments', this.paths.deployments, viewDeployment, {
      labelSelector,
    });
    this.jobs = this.informer('jobs', this.paths.jobs, viewJob, { labelSelector });
    const fieldSelector = unfinishedPods;
    this.pods = this.informer('pods', this.paths.pods, viewPod, { labelSelector, fieldSelector });
    index(this.deployments, this.deploymentsOf);
    index(this.jobs, this.jobsOf);
    index(this.pods, this.podsOf);
  }

  /** Calls back with the name of the build that a change may matter to. */
  onChange(handler: (build: string) => void): void {
    this.builds.onChange(({ old, new: fresh }) => handler((fresh ?? old)?.metadata.name ?? ''));
    const ofBuild = (change: { old?: OfBuild | undefined; new?: OfBuild | undefined }) => {
      for (const name of new Set([change.old?.build, change.new?.build])) if (name) handler(name);
    };
    this.deployments.onChange(ofBuild);
    this.jobs.onChange(ofBuild);
    this.pods.onChange(ofBuild);
  }

  /** The build's own Deployment; one of another owner with the same label is not looked at. */
  deploymentOf(build: BuildView): DeploymentView | undefined {
    const candidates = this.deploymentsOf.get(build.metadata.name)?.values() ?? [];
    return [...candidates].find(({ buildUid }) => buildUid === build.metadata.uid);
  }

  jobsOfBuild(build: BuildView): JobView[] {
    const candidates = this.jobsOf.get(build.metadata.name)?.values() ?? [];
    return [...candidates].filter(({ buildUid }) => buildUid === build.metadata.uid);
  }

  /**
   * Pods of this very build, for the label alone may be a stranger's: of its Deployment and its jobs. Those of other
   * workloads of its bundle go with these, and not when the Deployment is scaled down.
   */
  podsOfBuild(build: BuildView): PodView[] {
    const candidates = this.podsOf.get(build.metadata.name)?.values() ?? [];
    const own = [...candidates].filter(({ buildUid }) => buildUid === build.metadata.uid);
    return own.filter(({ kind, ofDeployment }) => kind !== undefined || ofDeployment);
  }

  /** A live read: whether a pod of this job, which may be gone itself, has not finished. */
  async hasRunningPods(job: JobView): Promise<boolean> {
    const labelSelector = `${LABEL_BUILD}=${job.build},${LABEL_JOB_KIND}=${job.kind}`;
    const query = { labelSelector, fieldSelector: unfinishedPods };
    const { items } = await this.options.client.listAll<KubeObject>(this.paths.pods, query);
    const pods = items.filter((pod) => matchesQuery(pod, query)).map(viewPod);
    return pods.some(({ buildUid, attempt = 0 }) => buildUid === job.buildUid && attempt === job.attempt);
  }

  get all(): readonly Informer<BuildView | DeploymentView | JobView | PodView>[] {
    return [this.builds, this.deployments, this.jobs, this.pods] as never;
  }

  private informer<T extends Cached>(
    resource: string,
    path: string,
    trim: (object: KubeObject) => T,
    query: { labelSelector?: string; fieldSelector?: string } = {},
  ): Informer<T> {
    const { client, resyncMs, log, hooks } = this.options;
    const matches = (object: KubeObject) => matchesQuery(object, query);
    return new Informer<T>({
      client,
      path,
      query,
      trim,
      matches,
      times: { resyncMs },
      log,
      hooks: hooks(resource),
    });
  }
}

function matchesQuery(
  object: KubeObject,
  query: { labelSelector?: string; fieldSelector?: string },
): boolean {
  if (query.labelSelector !== undefined && object.metadata.labels?.[LABEL_BUILD] === undefined) return false;
  if (query.fieldSelector === undefined) return true;
  const phase = (object as Pod).status?.phase;
  return phase !== 'Succeeded' && phase !== 'Failed';
}

function index<T extends OfBuild>(informer: Informer<T>, byBuild: Map<string, Map<string, T>>): void {
  informer.onChange(({ old, new: fresh }) => {
    if (old && (!fresh || old.build !== fresh.build)) forget(byBuild, old);
    if (!fresh?.build) return;
    const ofBuild = byBuild.get(fresh.build) ?? new Map<string, T>();
    ofBuild.set(fresh.metadata.name, fresh);
    byBuild.set(fresh.build, ofBuild);
  });
}

function forget<T extends OfBuild>(byBuild: Map<string, Map<string, T>>, object: T): void {
  const ofBuild = byBuild.get(object.build);
  ofBuild?.delete(object.metadata.name);
  if (ofBuild?.size === 0) byBuild.delete(object.build);
}
