import type { Pod } from './types.js';

const ANNOTATION_DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/**
 * The container that the pod's author names for people, if there is one of that name, else the first of the spec. The
 * status is no help: the kubelet sorts it by name.
 */
export function defaultContainer(pod: Pod): string | undefined {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const named = pod.metadata.annotations?.[ANNOTATION_DEFAULT_CONTAINER];
  const isThere = [...containers, ...initContainers].some(({ name }) => name === named);
  return isThere ? named : containers[0]?.name;
}
