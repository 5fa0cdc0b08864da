import { LABEL_JOB_KIND } from '../../crds/constants.js';
import { isOfDeployment } from '../../lib/kube/deployment-pods.js';
import type { Pod } from '../../lib/kube/types.js';

/**
 * `run`: of the pods of the build's Deployment, not those of jobs and other workloads. `initialize`: of its
 * initialisation.
 */
export type LogKind = 'run' | 'initialize';

/** The newest pod of this kind; the order of those of one second is by name, so that everybody chooses alike. */
export function choosePod(pods: readonly Pod[], kind: LogKind): Pod | undefined {
  return pods
    .filter((pod) => isOfKind(pod, kind))
    .reduce<Pod | undefined>(
      (best, pod) => (best === undefined || isNewer(pod, best) ? pod : best),
      undefined,
    );
}

function isOfKind(pod: Pod, kind: LogKind): boolean {
  const jobKind = pod.metadata.labels?.[LABEL_JOB_KIND];
  return kind === 'run' ? jobKind === undefined && isOfDeployment(pod) : jobKind === kind;
}

function isNewer(a: Pod, b: Pod): boolean {
  const apart =
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '');
  return apart === 0 ? a.metadata.name > b.metadata.name : apart > 0;
}
