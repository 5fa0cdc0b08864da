import { html, nothing, type TemplateResult } from 'lit';
import type { ShownState } from '../../pages/state-looks.js';
import { durationText } from '../parts/times.js';
import { buildPage } from '../parts/web-address.js';
import { shownStateOf, wasInitialised } from '../state/display-state.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { placeText } from './build-links.js';
import { expectedTime } from './expected-time.js';
import type { ListedBuild, Neighbours } from './neighbours.js';

/** What is being waited for, and how long that is likely to take; nothing when nothing is. */
export function progressView(
  build: Build,
  neighbours: Neighbours,
  now: number,
): TemplateResult | typeof nothing {
  const state = shownStateOf(build);
  if (state === 'waiting') return waitingView(build, neighbours, now);
  if (state === 'initializing') return initialisingView(build, neighbours, now);
  return html`<section class="notice progress" aria-label=${TEXTS.build.standing}><p>${restText(build, state)}</p></section>`;
}

function restText(build: Build, state: Exclude<ShownState, 'waiting' | 'initializing'>): string {
  const words = TEXTS.build.rest;
  const took = Date.parse(build.initialized_at ?? '') - Date.parse(build.init_started_at ?? '');
  if (state === 'failed' && !wasInitialised(build)) return words.refused;
  const key = state === 'stopped' && build.start_requested ? 'startsLater' : state;
  return words[key](Number.isNaN(took) ? '' : durationText(took));
}

function waitingView(build: Build, { running, places }: Neighbours, now: number): TemplateResult {
  const words = TEXTS.build;
  const since = durationText(now - Date.parse(build.queued_at ?? build.created));
  const taken = places === undefined ? '' : words.places(places.initializing, places.max_initializing);
  const others = running.filter(({ name }) => name !== build.name);
  return html`<section class="notice progress" aria-label=${words.waiting}>
    <p><strong>${words.place(build.queue_position)}</strong> ${words.waitingSince(since)} ${taken}</p>
    ${others.length === 0 ? nothing : html`<ul class="running" aria-label=${words.runningNow}>${others.slice(0, 5).map((other) => runningView(other, now))}</ul>`}
  </section>`;
}

function runningView(
  { name, commit_info: commit, init_started_at: since }: ListedBuild,
  now: number,
): TemplateResult {
  const elapsed = since ? durationText(now - Date.parse(since)) : '';
  return html`<li><a href=${buildPage(name)}>${commit.repo} ${placeText(commit)}</a>
    <span class="quiet">${elapsed === '' ? '' : TEXTS.build.runsFor(elapsed)}</span></li>`;
}

function initialisingView(build: Build, { ofRepo }: Neighbours, now: number): TemplateResult {
  const words = TEXTS.build;
  const elapsed = Math.max(0, now - Date.parse(build.init_started_at ?? build.created));
  const expected = expectedTime(build, ofRepo ?? []);
  // A line that is there from the beginning moves nothing when more is known.
  const value = expected === undefined ? 0 : Math.min(elapsed / Math.max(expected, 1), 1);
  return html`<section class="notice progress" aria-label=${words.initialising}>
    <p><strong>${words.initialisingFor(durationText(elapsed))}</strong> ${expectationText(elapsed, expected)}</p>
    <progress max="1" .value=${value} aria-label=${words.initialising} ?hidden=${expected === undefined}></progress>
  </section>`;
}

function expectationText(elapsed: number, expected: number | undefined): string {
  const words = TEXTS.build;
  if (expected === undefined) return words.noExpectation;
  const usual = durationText(expected);
  if (elapsed > expected) return words.longer(usual);
  return words.remaining(durationText(expected - elapsed), usual);
}
