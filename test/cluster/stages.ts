import { podStatuses } from './pod-statuses.js';

/** What a pod on a simulated node does; written in its annotation `runboat.test/run`. */
export type PodScript =
  | 'complete'
  | 'complete-after'
  | 'success-message'
  | 'fail'
  | 'evict'
  | 'hang'
  | 'never-ready'
  | 'image-pull'
  | 'crash-loop';

interface Requirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: string[];
}

/** A Stage of kwok, as its configuration file wants it. */
export interface Stage {
  apiVersion: 'kwok.x-k8s.io/v1alpha1';
  kind: 'Stage';
  metadata: { name: string };
  spec: Record<string, unknown>;
}

const script = '.metadata.annotations["runboat.test/run"]';
const notDeleted: Requirement = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const deleted: Requirement = { ...notDeleted, operator: 'Exists' };
const pending: Requirement = { key: '.status.phase', operator: 'In', values: ['Pending'] };
const running: Requirement = { key: '.status.phase', operator: 'In', values: ['Running'] };
const unfinished: Requirement = { key: '.status.phase', operator: 'In', values: ['Pending', 'Running'] };
const finished: Requirement = { key: '.status.phase', operator: 'In', values: ['Succeeded', 'Failed'] };
const ready = '.status.conditions[]? | select(.type == "Ready") | .status';
const waitingReason = '.status.containerStatuses[]?.state.waiting.reason';

/**
 * All Stages of the test cluster's pods. Without a script, a Job's pod completes at once and any other
 * becomes Ready; `kwok` plays a pod's stages on its nodes through real updates of the pod's status.
 */
export function stages(): Stage[] {
  return [
    stage('ready', [pending, isNot('never-ready', 'image-pull', 'crash-loop')], podStatuses.ready),
    // A pod that was held back and is told to do something else.
    stage(
      'ready-later',
      [
        running,
        { key: ready, operator: 'NotIn', values: ['True'] },
        isNot('never-ready', 'image-pull', 'crash-loop'),
      ],
      podStatuses.ready,
    ),
    stage('complete', [running, ...completes], podStatuses.succeeded, seconds('runboat.test/seconds')),
    stage('fail', [running, is('fail')], podStatuses.failed, seconds('runboat.test/seconds')),
    stage('evict', [running, is('evict')], podStatuses.evicted, seconds('runboat.test/seconds')),
    stage(
      'never-ready',
      [unfinished, is('never-ready'), { key: ready, operator: 'NotIn', values: ['False'] }],
      podStatuses.notReady,
    ),
    stage(
      'image-pull-first',
      [pending, is('image-pull'), { key: waitingReason, operator: 'DoesNotExist' }],
      podStatuses.imagePullFailed,
    ),
    stage(
      'image-pull',
      [pending, is('image-pull'), { key: waitingReason, operator: 'In', values: ['ErrImagePull'] }],
      podStatuses.imagePullBackOff,
      { durationMilliseconds: 500 },
    ),
    stage(
      'crash-loop',
      [unfinished, is('crash-loop'), { key: waitingReason, operator: 'NotIn', values: ['CrashLoopBackOff'] }],
      podStatuses.crashLoop,
    ),
    // A kubelet gives a pod that it ends a final phase before it lets it go; the Job controller waits for that.
    {
      ...stage('terminate', [], ''),
      spec: {
        resourceRef: { apiGroup: 'v1', kind: 'Pod' },
        selector: { matchExpressions: [deleted, unfinished] },
        delay: seconds('runboat.test/terminating-seconds'),
        next: { statusTemplate: podStatuses.terminated },
      },
    },
    {
      ...stage('delete', [], ''),
      spec: {
        resourceRef: { apiGroup: 'v1', kind: 'Pod' },
        selector: { matchExpressions: [deleted, finished] },
        next: { delete: true },
      },
    },
  ];
}

/** Job pods complete unless told otherwise, others only when told to. */
const completes: Requirement[] = [
  {
    key:
      `if (${script} // "") != "" then ${script} ` +
      'elif any(.metadata.ownerReferences[]?; .kind == "Job") then "complete" else "run" end',
    operator: 'In',
    values: ['complete', 'complete-after', 'success-message'],
  },
];

function stage(name: string, selector: Requirement[], statusTemplate: string, delay?: object): Stage {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: `pod-${name}` },
    spec: {
      resourceRef: { apiGroup: 'v1', kind: 'Pod' },
      selector: { matchExpressions: [notDeleted, ...selector] },
      ...(delay ? { delay } : {}),
      next: { statusTemplate },
    },
  };
}

function is(...scripts: PodScript[]): Requirement {
  return { key: script, operator: 'In', values: scripts };
}

function isNot(...scripts: PodScript[]): Requirement {
  return { key: script, operator: 'NotIn', values: scripts };
}

/** A delay of as many seconds as an annotation says; none without it. */
function seconds(annotation: string): object {
  const value = `.metadata.annotations["${annotation}"]`;
  return {
    durationMilliseconds: 0,
    durationFrom: { expressionFrom: `${value} | if . then . + "s" else empty end` },
  };
}
