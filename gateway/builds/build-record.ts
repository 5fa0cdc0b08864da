import { INITIALIZED_MESSAGE, isTrouble } from '../../crds/conditions.js';
import { ANNOTATION_PAUSED } from '../../crds/constants.js';
import type { InitStatus, Phase, RunboatBuild } from '../../crds/runboatbuild.generated.js';
import type { KubeObject, ObjectMeta } from '../../lib/kube/types.js';

/** What the gateway keeps of a build: what it shows, and little, because there are thousands. Never changed. */
export interface BuildRecord {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    /** RFC 3339, whole seconds. */
    readonly creationTimestamp: string;
  };
  /** It has a deletionTimestamp. */
  readonly deleting: boolean;
  /** It is only observed, so it is in no queue. */
  readonly paused: boolean;
  readonly spec: {
    readonly repo: string;
    readonly targetBranch: string;
    /** null: a build of the branch itself. */
    readonly pr: number | null;
    readonly commit: string;
    readonly replicas: number;
    readonly keep: boolean;
    readonly priority: number;
  };
  /** Times are as the operator wrote them, RFC 3339. */
  readonly status: {
    readonly phase: Phase | undefined;
    readonly initStatus: InitStatus;
    readonly url: string | undefined;
    readonly queuedAt: string | undefined;
    readonly initStartedAt: string | undefined;
    readonly initializedAt: string | undefined;
    readonly readyAt: string | undefined;
    readonly lastScaledAt: string | undefined;
    readonly image: string | undefined;
    readonly bundle: string | undefined;
    /** `Deployed=False`: it could not be made. */
    readonly refused: boolean;
    /** `Ready=True`. */
    readonly ready: boolean;
    /** The sentence of the condition that says most about the phase. */
    readonly message: string | undefined;
  };
}

/** Takes from an object of the API server what is used. Whatever another client wrote there, it does not throw. */
export function recordOf(object: KubeObject): BuildRecord {
  const build = object as unknown as RunboatBuild & { metadata: ObjectMeta };
  const { name, uid, resourceVersion, creationTimestamp = '' } = build.metadata;
  const deleting = build.metadata.deletionTimestamp !== undefined;
  const { repo = '', targetBranch = '', pr, commit = '', replicas, keep, priority } = build.spec ?? {};
  return {
    metadata: { name, uid, resourceVersion, creationTimestamp },
    deleting,
    paused: isPaused(build.metadata),
    spec: {
      repo: shared(repo),
      targetBranch: shared(targetBranch),
      pr: pr ?? null,
      commit,
      replicas: replicas ?? 0,
      keep: keep ?? false,
      priority: priority ?? 0,
    },
    status: statusOf(build, deleting),
  };
}

/** As the operator reads the annotation. */
function isPaused({ annotations }: ObjectMeta): boolean {
  const value = annotations?.[ANNOTATION_PAUSED];
  return value !== undefined && value !== 'false';
}

function statusOf({ status = {} }: RunboatBuild, deleting: boolean): BuildRecord['status'] {
  const has = (type: string, value: string) =>
    status.conditions?.some((condition) => condition.type === type && condition.status === value) ?? false;
  return {
    phase: status.phase,
    initStatus: status.initStatus ?? 'todo',
    url: status.url,
    queuedAt: status.queuedAt,
    initStartedAt: status.initStartedAt,
    initializedAt: status.initializedAt,
    readyAt: status.readyAt,
    lastScaledAt: status.lastScaledAt,
    image: optionallyShared(status.resolved?.image),
    bundle: optionallyShared(status.resolved?.kubefiles),
    refused: has('Deployed', 'False'),
    ready: has('Ready', 'True'),
    message: optionallyShared(messageOf(status, deleting)),
  };
}

/** The condition to speak, the first that is there: trouble goes before what is merely so. */
function messageOf(status: NonNullable<RunboatBuild['status']>, deleting: boolean): string | undefined {
  const conditions = status.conditions ?? [];
  const ofType = (type: string) => conditions.find((condition) => condition.type === type);
  const bad = (type: string) => conditions.find((found) => found.type === type && found.status === 'False');
  if (deleting || status.phase === 'Undeploying') return ofType('CleanedUp')?.message;
  const [initialized, ready] = [ofType('Initialized'), ofType('Ready')];
  const order = [
    bad('Deployed'),
    bad('Initialized'),
    ready?.status === 'False' && isTrouble(ready.reason) ? ready : undefined,
    // A bundle may have more to say than that it went well, for example that only a part of the build serves.
    initialized?.message === INITIALIZED_MESSAGE ? undefined : initialized,
    ready,
  ];
  return order.find((condition) => condition !== undefined)?.message;
}

const MAX_SHARED = 5_000;
const texts = new Map<string, string>();

/** One copy of a text that many builds have: thousands of builds are of a few repositories. */
function shared(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= MAX_SHARED) texts.clear();
  texts.set(text, text);
  return text;
}

function optionallyShared(text: string | undefined): string | undefined {
  return text === undefined ? undefined : shared(text);
}
