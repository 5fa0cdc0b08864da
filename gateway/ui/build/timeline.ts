import type { BuildJson } from '../../builds/build-json.js';

/** Where a build stands on its way. Keys are those of the texts. */
export type StepKey =
  | 'created'
  | 'queued'
  | 'initialising'
  | 'ready'
  | 'failed'
  | 'starting'
  | 'started'
  | 'stopped';

export interface Step {
  readonly key: StepKey;
  /** `done`: behind it. `now`: here it is. `todo`: not yet. `skipped`: it never was there. */
  readonly state: 'done' | 'now' | 'todo' | 'skipped';
  /** When it came here, milliseconds since the epoch; null: not yet, or not known. */
  readonly at: number | null;
  /** How long it was here, milliseconds; null while it is, and where nothing took time. */
  readonly took: number | null;
}

type Times = Record<'created' | 'queued' | 'started' | 'ended' | 'ready' | 'scaled', number | null>;

/** The way of a build from its creation to where it is and on. Of several starts the last counts. */
export function timelineOf(build: BuildJson): Step[] {
  const times = timesOf(build);
  const isFailed = build.status === 'failed';
  return [
    step('created', times.created, times.queued ?? times.started, true),
    queueStep(build, times),
    initialiseStep(build, times),
    step(isFailed ? 'failed' : 'ready', times.ended, null, times.ended !== null, isFailed),
    ...(isFailed ? [] : runSteps(build, times)),
  ];
}

function timesOf(build: BuildJson): Times {
  const created = Date.parse(build.created);
  const scaled = timeOf(build.last_scaled);
  return {
    created: Number.isNaN(created) ? null : created,
    queued: timeOf(build.queued_at),
    started: timeOf(build.init_started_at),
    ended: timeOf(build.initialized_at),
    ready: timeOf(build.ready_at),
    // Until it was scaled it equals the creation.
    scaled: scaled === created ? null : scaled,
  };
}

function timeOf(time: string | null): number | null {
  const parsed = time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(parsed) ? null : parsed;
}

function step(key: StepKey, at: number | null, until: number | null, isDone: boolean, isNow = false): Step {
  const took = at === null || until === null ? null : Math.max(0, until - at);
  const state = isNow ? 'now' : isDone ? 'done' : 'todo';
  return { key, state, at, took };
}

function queueStep(build: BuildJson, { created, queued, started }: Times): Step {
  const isWaiting = build.status === 'initializing' && build.init_status === 'todo';
  if (isWaiting) return step('queued', queued ?? created, null, false, true);
  // Refused, or initialised at once.
  if (queued === null) return { key: 'queued', state: 'skipped', at: null, took: null };
  return step('queued', queued, started, true);
}

function initialiseStep(build: BuildJson, { started, ended }: Times): Step {
  if (started === null) return initialiseStepWithoutTime(build);
  return step('initialising', started, ended, ended !== null, ended === null);
}

/** Not yet, never, or by another program: nobody told when that began. */
function initialiseStepWithoutTime({ status, init_status: known }: BuildJson): Step {
  if (known !== 'todo') return step('initialising', null, null, true, known === 'started');
  return { key: 'initialising', state: status === 'failed' ? 'skipped' : 'todo', at: null, took: null };
}

function runSteps({ status }: BuildJson, { ready, scaled }: Times): Step[] {
  if (status === 'starting') return [step('starting', scaled, null, false, true)];
  if (status === 'started') return [step('started', ready, null, true, true)];
  const wasStarted = ready !== null && scaled !== null && scaled >= ready;
  if (!wasStarted) return [step('started', null, null, false)];
  const isOver = status === 'stopped' || status === 'stopping';
  return [step('started', ready, scaled, true), step('stopped', scaled, null, true, isOver)];
}
