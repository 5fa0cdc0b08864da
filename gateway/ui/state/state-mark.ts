import { html, type TemplateResult } from 'lit';
import { type ShownState, STATE_LOOKS } from '../../pages/state-looks.js';
import { TEXTS } from '../texts.js';
import { type StateParts, shownStateOf, stateDetail } from './display-state.js';

/** Shape, word and colour of a build's state, and what is to be said besides. */
export function stateMark(build: StateParts, now: number): TemplateResult {
  const state = shownStateOf(build);
  const detail = stateDetail(build, now);
  return html`<span class="state" data-state=${state}>${stateShape(state)}<span>${TEXTS.states[state]}${
    detail === '' ? '' : html` <span class="state-detail">${detail}</span>`
  }</span></span>`;
}

/** The shape alone, for where its word stands beside it. */
export function stateShape(state: ShownState): TemplateResult {
  return html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d=${STATE_LOOKS[state].shape}></path></svg>`;
}
