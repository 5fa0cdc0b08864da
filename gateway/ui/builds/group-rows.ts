import { html, nothing, type TemplateResult } from 'lit';
import { stateCounts } from '../parts/state-counts.js';
import { hostOf, repoPage, webAddress } from '../parts/web-address.js';
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
