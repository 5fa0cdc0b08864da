import { html, nothing, type TemplateResult } from 'lit';
import { ageText } from '../parts/times.js';
import { buildPage, repoPage } from '../parts/web-address.js';
import { stateMark } from '../state/state-mark.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { placeText, shortCommit } from './build-links.js';
import type { ListedBuild } from './neighbours.js';

/** So many are shown; the list has all. */
const MAX_SHOWN = 8;

/** Other builds of the repository: those of the same branch or pull request first, then the newest. */
export function othersView(
  build: Build,
  ofRepo: readonly ListedBuild[],
  now: number,
): TemplateResult | typeof nothing {
  const others = ofRepo.filter(({ name }) => name !== build.name);
  if (others.length === 0) return nothing;
  const isNear = (other: ListedBuild) => isSameLine(other.commit_info, build.commit_info);
  const sorted = [...others.filter(isNear), ...others.filter((other) => !isNear(other))];
  const { repo } = build.commit_info;
  return html`<section class="others" aria-labelledby="others-title">
    <h2 id="others-title">${TEXTS.build.others}</h2>
    <ul>${sorted.slice(0, MAX_SHOWN).map((other) => otherView(other, now))}</ul>
    <p><a href=${repoPage(repo)}>${TEXTS.build.allOf(others.length + 1)}</a></p>
  </section>`;
}

function otherView(other: ListedBuild, now: number): TemplateResult {
  const full = { queue_position: null, init_started_at: null, ...other };
  return html`<li><a href=${buildPage(other.name)}><span class="other-place">${placeText(other.commit_info)}</span>
    <code>${shortCommit(other.commit_info.git_commit)}</code></a>
    ${stateMark(full, now)}<span class="quiet other-age">${ageText(other.created, now)}</span></li>`;
}

type Commit = Readonly<{ target_branch: string; pr?: number | null }>;

/** Of one branch or of one pull request. Lists leave out what there is not. */
export function isSameLine(a: Commit, b: Commit): boolean {
  return a.target_branch === b.target_branch && (a.pr ?? null) === (b.pr ?? null);
}
