import { html, nothing, type TemplateResult } from 'lit';
import { SHOWN_STATES } from '../../pages/state-looks.js';
import { countText } from '../parts/counts.js';
import { hostOf, repoPage, webAddress } from '../parts/web-address.js';
import { shownStateOf } from '../state/display-state.js';
import { stateShape } from '../state/state-mark.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';

const { list: TEXT } = TEXTS;

/** The heading of a repository, with how many of its builds are in which state. */
export function repoRow(repo: string, builds: readonly Build[]): TemplateResult {
  const link = webAddress(builds[0]?.repo_target_branch_link.replace(/\/tree\/.*$/, ''));
  return html`<h2><a class="row-repo" href=${repoPage(repo)}>${repo}</a>${
    link ? outside(link, TEXT.repoAt(repo, hostOf(link))) : nothing
  }</h2><div class="counts">${stateCounts(builds)}</div>`;
}

/** A branch without builds of its own. */
export function branchRow(branch: string, link: string): TemplateResult {
  const address = webAddress(link);
  return html`<div class="cell-state quiet">${TEXT.noBuild}</div><div class="cell-source"><span class="quiet"
    title=${branch}>${branch}</span>${address ? outside(address, TEXT.branchAt(branch, hostOf(address))) : nothing}</div>`;
}

function outside(link: string, words: string): TemplateResult {
  return html`<a class="outside" href=${link} title=${words} aria-label=${words}>↗</a>`;
}

/** How many are in each state, of those that any is in. */
export function stateCounts(builds: readonly Build[]): TemplateResult[] {
  const counts = new Map<string, number>();
  for (const build of builds) {
    const state = shownStateOf(build);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return SHOWN_STATES.filter((state) => counts.has(state)).map((state) => {
    const count = countText(counts.get(state)!);
    const words = `${count} ${TEXTS.states[state]}`;
    return html`<span class="state count" data-state=${state} title=${words}>${stateShape(state)}<span>${count}<span
      class="hidden-words"> ${TEXTS.states[state]}</span></span></span>`;
  });
}
