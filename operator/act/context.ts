import type { Config } from '../../lib/config/types.js';
import type { KubeClient } from '../../lib/kube/client.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import type { Capacity } from '../capacity.js';
import type { Caches } from '../cluster/caches.js';
import type { KindTable } from '../cluster/kinds.js';
import type { EventRecorder } from '../events.js';
import type { Memory } from '../memory.js';
import type { Observed } from '../plan/observed.js';
import type { BundleStore } from '../render/bundle-store.js';
import type { Renderer } from '../render/renderer.js';

/** What actions work with. */
export interface Services {
  readonly client: KubeClient;
  readonly config: Config;
  readonly caches: Caches;
  readonly kinds: KindTable;
  readonly bundles: BundleStore;
  readonly renderer: Renderer;
  readonly capacity: Capacity;
  readonly memory: Memory;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** One action at work: on which build, and as it was observed. */
export interface Work {
  readonly services: Services;
  readonly observed: Observed;
  readonly log: Logger;
}
