import { html, type TemplateResult } from 'lit';
import { SHOWN_STATES } from '../../pages/state-looks.js';
import { shownStateOf } from '../state/display-state.js';
import { stateShape } from '../state/state-mark.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { countText } from './counts.js';

/** How many builds are in each state, of those that any is in. */
export function stateCounts(builds: readonly Build[]): TemplateResult[] {
  const counts = new Map<string, number>();
  for (const build of builds) {
    const state = shownStateOf(build);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return SHOWN_STATES.filter((state) => counts.has(state)).map((state) => {
    const count = countText(counts.get(state)!);
    const words = `${count} ${TEXTS.states[state]}`;
    return html`<span class="state count" data-state=${state} title=${words}>${stateShape(state)}<span
      >${count}<span class="hidden-words"> ${TEXTS.states[state]}</span></span></span>`;
  });
}
