import type { KubeObject } from './types.js';

/** The Deployment controller gives it to every pod of a Deployment, also to one that lost its owner; nobody else does. */
const LABEL_TEMPLATE_HASH = 'pod-template-hash';

/** Whether a pod is of a Deployment, and not of a StatefulSet, DaemonSet, Job or on its own. */
export function isOfDeployment({ metadata }: KubeObject): boolean {
  return metadata.labels?.[LABEL_TEMPLATE_HASH] !== undefined;
}
