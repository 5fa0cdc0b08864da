import { randomBytes } from 'node:crypto';
import { type Reason, reasons } from '../crds/conditions.js';
import { API_GROUP_VERSION, BUILD_KIND } from '../crds/constants.js';
import type { Condition, RunboatBuildStatus } from '../crds/runboatbuild.generated.js';
import type { KubeClient } from '../lib/kube/client.js';
import type { CoreEvent } from '../lib/kube/types.js';
import type { Logger } from '../lib/telemetry/logger.js';
import type { BuildView } from './plan/observed.js';
import { shorten } from './plan/status.js';

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Writes Events about builds. They are news for people: one that cannot be written is logged and dropped. */
export class EventRecorder {
  constructor(
    private readonly client: KubeClient,
    private readonly path: string,
    private readonly log: Logger,
  ) {}

  /** Resolves when the Event is written or given up; never throws. */
  async record(build: BuildView, note: EventNote): Promise<void> {
    try {
      await this.client.create(this.path, eventOf(build, note));
    } catch (error) {
      this.log.warn(
        { build: build.metadata.name, reason: note.reason, err: error },
        'An Event could not be written',
      );
    }
  }

  /** An Event for each condition that has come to tell of trouble. */
  async recordTroubles(build: BuildView, after: RunboatBuildStatus): Promise<void> {
    for (const condition of newTroubles(build.status, after)) {
      await this.record(build, { type: 'Warning', reason: condition.reason, message: condition.message });
    }
  }
}

/** Conditions with a reason of trouble that they did not have before; of several with the same reason one. */
export function newTroubles(before: RunboatBuildStatus | undefined, after: RunboatBuildStatus): Condition[] {
  const news = (after.conditions ?? []).filter((condition) => {
    const old = before?.conditions?.find(({ type }) => type === condition.type);
    return condition.status === 'False' && old?.reason !== condition.reason && isTrouble(condition.reason);
  });
  return [...new Map(news.map((condition) => [condition.reason, condition])).values()];
}

/** Reasons that Kubernetes gives for a pod are trouble too. */
function isTrouble(reason: string): boolean {
  return !(reason in reasons) || reasons[reason as Reason].trouble;
}

function eventOf(build: BuildView, note: EventNote): CoreEvent {
  const { name, namespace, uid, resourceVersion } = build.metadata;
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${Date.now().toString(16)}${randomBytes(3).toString('hex')}`, namespace },
    involvedObject: {
      apiVersion: API_GROUP_VERSION,
      kind: BUILD_KIND,
      namespace,
      name,
      uid,
      resourceVersion,
    },
    type: note.type,
    reason: note.reason,
    message: shorten(note.message, 1024),
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: 'runboat-operator' },
    reportingComponent: 'runboat.dev/operator',
    reportingInstance: process.env['HOSTNAME'] ?? 'runboat-operator',
  };
}
