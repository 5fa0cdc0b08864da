import type { KubeClient } from '../lib/kube/client.js';
import { isConflict, isNotFound } from '../lib/kube/errors.js';
import { objectPath } from '../lib/kube/paths.js';
import type { KubeObject } from '../lib/kube/types.js';
import type { Logger } from '../lib/telemetry/logger.js';
import type { CapacityEffects } from './capacity.js';
import type { Caches } from './cluster/caches.js';
import type { EventNote, EventRecorder } from './events.js';
import type { Target } from './limits.js';

export interface LimitEffectsOptions {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly enqueue: (name: string) => void;
}

const stopped: EventNote = {
  type: 'Normal',
  reason: 'StoppedByLimit',
  message: 'The build was stopped to make a place for another one. Start it again when you need it.',
};
const deleted: EventNote = {
  type: 'Normal',
  reason: 'DeletedByLimit',
  message:
    'The build was removed, because more builds lie deployed than the limit allows and it was used longest ago.',
};

/** Stops and deletions for the limits, each only if the build is as it was when it was decided. */
export function limitEffects(options: LimitEffectsOptions): CapacityEffects {
  const { client, caches, events, log, enqueue } = options;
  const carryOut = async (
    target: Target,
    note: EventNote,
    write: (path: string) => Promise<KubeObject | undefined>,
  ) => {
    const build = caches.builds.get(target.name);
    if (build?.metadata.uid !== target.uid) return;
    try {
      const object = await write(objectPath(caches.paths.builds, target.name));
      if (object) caches.builds.observe(object);
      log.info({ build: target.name, reason: note.reason }, 'A limit was reached');
      await events.record(build, note);
    } catch (error) {
      // The build changed since, perhaps by a user's wish: the next pass decides on what it is now.
      const level = isConflict(error) || isNotFound(error) ? 'debug' : 'warn';
      log[level](
        { build: target.name, reason: note.reason, err: error },
        'A decision of the limits was not carried out',
      );
    }
    enqueue(target.name);
  };
  return {
    enqueue,
    stop: (target) =>
      carryOut(target, stopped, (path) => {
        const { uid, resourceVersion } = target;
        return client.mergePatch<KubeObject>(path, {
          metadata: { uid, resourceVersion },
          spec: { replicas: 0 },
        });
      }),
    delete: (target) =>
      carryOut(target, deleted, async (path) => {
        const { uid, resourceVersion } = target;
        const answer = await client.delete(path, { uid, resourceVersion, propagationPolicy: 'Background' });
        return answer.object;
      }),
  };
}
