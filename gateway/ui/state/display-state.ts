import type { BuildJson } from '../../builds/build-json.js';
import type { ShownState } from '../../pages/state-looks.js';
import { durationText } from '../parts/times.js';
import { TEXTS } from '../texts.js';

/** What a person is told a build is: of `initializing`, waiting is what has no job yet. */
export function shownStateOf({ status, init_status, queue_position }: StateParts): ShownState {
  if (status !== 'initializing') return status;
  // Events carry null for what there is not, lists leave it out.
  return init_status === 'todo' || (queue_position ?? null) !== null ? 'waiting' : 'initializing';
}

/** Whether it was ever initialised, well or not. Of builds that were adopted it is not known when that began. */
export function wasInitialised({ init_status, init_started_at }: StateParts): boolean {
  return (init_started_at ?? null) !== null || init_status !== 'todo';
}

export type StateParts = Pick<BuildJson, 'status' | 'init_status' | 'queue_position' | 'init_started_at'>;

/** What is to be said besides the word: the place in the queue, or how long it has been initialising; else ''. */
export function stateDetail(build: StateParts, now: number): string {
  const state = shownStateOf(build);
  const { queue_position: place, init_started_at: since } = build;
  if (state === 'waiting' && place) return TEXTS.stateDetail.place(place);
  if (state === 'initializing' && since) {
    return TEXTS.stateDetail.elapsed(durationText(now - Date.parse(since)));
  }
  return '';
}
