import { LABEL_JOB_KIND } from '../../crds/constants.js';
import type { Pod } from '../../lib/kube/types.js';

/** `run`: of the build's own pods, which are of no job. `initialize`: of its initialisation. */
export type LogKind = 'run' | 'initialize';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The newest pod of this kind; the order of those of one second is by name, so that everybody chooses alike. */
export function choosePod(pods: readonly Pod[], kind: LogKind): Pod | undefined {
  const wanted = kind === 'run' ? undefined : kind;
  return pods
    .filter(({ metadata }) => metadata.labels?.[LABEL_JOB_KIND] === wanted)
    .reduce<Pod | undefined>(
      (best, pod) => (best === undefined || isNewer(pod, best) ? pod : best),
      undefined,
    );
}

/** The container that the pod's author names for that, if there is one of that name, else the first. */
export function chooseContainer(pod: Pod): string | undefined {
  const { containers = [], initContainers = [] } = (pod.spec ?? {}) as Record<string, { name: string }[]>;
  const named = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  const isThere = [...containers, ...initContainers].some(({ name }) => name === named);
  return isThere ? named : containers[0]?.name;
}

function isNewer(a: Pod, b: Pod): boolean {
  const apart =
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '');
  return apart === 0 ? a.metadata.name > b.metadata.name : apart > 0;
}
