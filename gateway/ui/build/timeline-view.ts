import { html, type TemplateResult } from 'lit';
import { durationText, momentText } from '../parts/times.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { type Step, timelineOf } from './timeline.js';

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const DATE_AND_CLOCK = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
});

/** The way of a build, with when it came to each place and how long it was there. */
export function timelineView(build: Build, now: number): TemplateResult {
  return html`<ol class="timeline" aria-label=${TEXTS.build.timeline}>${timelineOf(build).map((step) => stepView(step, now))}</ol>`;
}

function stepView(step: Step, now: number): TemplateResult {
  const { key, state, at } = step;
  const took = step.took ?? (state === 'now' && at !== null && hasLength(step) ? now - at : null);
  return html`<li class="step" data-step=${key} data-state=${state} aria-current=${state === 'now' ? 'step' : 'false'}>
    <span class="step-name">${TEXTS.build.steps[key]}</span>
    <span class="step-time quiet">${at === null ? TEXTS.build.stepStates[state] : timeView(at, now)}</span>
    <span class="step-took quiet">${took === null ? '' : durationText(took)}</span>
  </li>`;
}

/** At the other places a build just stays. */
function hasLength({ key }: Step): boolean {
  return key === 'queued' || key === 'initialising' || key === 'starting' || key === 'started';
}

function timeView(at: number, now: number): TemplateResult {
  const time = new Date(at).toISOString();
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return html`<time datetime=${time} title=${momentText(time)}>${(isToday ? CLOCK : DATE_AND_CLOCK).format(at)}</time>`;
}
