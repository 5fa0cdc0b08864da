import { FINALIZER_DEPLOYMENT } from '../../crds/constants.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { isConflict } from '../../lib/kube/errors.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { readIfThere } from './apply.js';

const maximumTries = 5;

/**
 * Takes our finalizer from the Deployment at `path`, so that its deletion can end, and gives it as it is
 * afterwards; nothing when the object with this UID is gone. The Deployment controller writes to it too, so a
 * conflict is nothing unusual and is tried again with a fresh read.
 */
export async function releaseDeployment(
  client: KubeClient,
  path: string,
  uid: string,
): Promise<KubeObject | undefined> {
  for (let tries = 1; ; tries++) {
    const object = await readIfThere(client, path);
    if (object?.metadata.uid !== uid) return undefined;
    const { resourceVersion, finalizers = [] } = object.metadata;
    if (!finalizers.includes(FINALIZER_DEPLOYMENT)) return object;
    const rest = finalizers.filter((name) => name !== FINALIZER_DEPLOYMENT);
    try {
      return await client.mergePatch(path, { metadata: { uid, resourceVersion, finalizers: rest } });
    } catch (error) {
      if (!isConflict(error) || tries >= maximumTries) throw error;
    }
  }
}
