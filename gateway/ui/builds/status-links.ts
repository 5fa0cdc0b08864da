import { html, nothing, type TemplateResult } from 'lit';
import { SHOWN_STATES, type ShownState } from '../../pages/state-looks.js';
import { countText } from '../parts/counts.js';
import { shownStateOf } from '../state/display-state.js';
import { stateShape } from '../state/state-mark.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { type ListFilter, writeAddress } from './list-address.js';

/** Links that show the builds of one state, with their number; one that shows all. They keep their places. */
export function statusLinks(builds: readonly Build[], filter: ListFilter): TemplateResult {
  const counts = countStates(builds);
  return html`<nav class="chips" aria-label=${TEXTS.list.byState}>
    ${chip(filter, '', html`${TEXTS.list.all} <b>${countText(builds.length)}</b>`)}
    ${SHOWN_STATES.map((state) =>
      counts[state] > 0 || filter.status === state
        ? chip(
            filter,
            state,
            html`<span class="state" data-state=${state}>${stateShape(state)}</span>${TEXTS.states[state]}
              <b>${countText(counts[state])}</b>`,
          )
        : nothing,
    )}</nav>`;
}

function chip(filter: ListFilter, status: string, content: TemplateResult): TemplateResult {
  const isOn = filter.status === status;
  const address = `/webui/builds.html${writeAddress({ ...filter, status: isOn ? '' : status })}`;
  return html`<a class="chip ${isOn ? 'on' : ''}" href=${address} aria-current=${isOn ? 'true' : nothing}>${content}</a>`;
}

/** Those that wait are counted as initialising too, as the API does. */
function countStates(builds: readonly Build[]): Record<ShownState, number> {
  const counts = Object.fromEntries(SHOWN_STATES.map((state) => [state, 0])) as Record<ShownState, number>;
  for (const build of builds) {
    counts[build.status]++;
    if (shownStateOf(build) === 'waiting') counts.waiting++;
  }
  return counts;
}
