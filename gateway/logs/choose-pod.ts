import { LABEL_JOB_KIND } from '../../crds/constants.js';
import type { Pod } from '../../lib/kube/types.js';

/** `run`: of the build's own pods, which are of no job. `initialize`: of its initialisation. */
export type LogKind = 'run' | 'initialize';

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

function isNewer(a: Pod, b: Pod): boolean {
  const apart =
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '');
  return apart === 0 ? a.metadata.name > b.metadata.name : apart > 0;
}
