import { html, nothing, type TemplateResult } from 'lit';
import { agoText } from '../parts/times.js';
import { buildPage, repoPage } from '../parts/web-address.js';
import { TEXTS } from '../texts.js';
import { placeText, shortCommit } from './build-links.js';
import type { ListedBuild } from './neighbours.js';
import { isSameLine } from './others-view.js';
import type { SeenBuild } from './seen-builds.js';

export interface GoneOptions {
  readonly seen: SeenBuild;
  readonly ofRepo: readonly ListedBuild[];
  readonly mayBuild: boolean;
  /** It is being asked for. */
  readonly isBuilding: boolean;
  /** Why building it again did not work, or ''. */
  readonly trouble: string;
  readonly buildAgain: () => void;
  readonly now: number;
}

/** A build that was here: what it was, why it is not any more as far as that is known, and what can be done. */
export function goneView(options: GoneOptions): TemplateResult {
  const { seen, ofRepo, mayBuild, now } = options;
  const words = TEXTS.build.gone;
  const newest = ofRepo.find((build) => build.created > seen.created && isSameLine(build.commit_info, seen));
  return html`<section class="lonely gone">
    <h1>${words.title}</h1>
    <p>${words.was} <strong>${seen.repo} ${placeText(seen)} <code>${shortCommit(seen.git_commit)}</code></strong></p>
    <p>${why(seen, newest)} <span class="quiet">${words.lastSeen(TEXTS.states[seen.status], agoText(new Date(seen.at).toISOString(), now))}</span></p>
    <div class="actions">
      ${newest === undefined ? nothing : html`<a class="button main" href=${buildPage(newest.name)}>${words.newest(shortCommit(newest.commit_info.git_commit))}</a>`}
      ${mayBuild ? againButton(options, newest === undefined) : nothing}
      <a class="button" href=${repoPage(seen.repo)}>${words.ofRepo(seen.repo)}</a>
    </div>
    ${mayBuild ? nothing : html`<p class="quiet">${words.mayNot}</p>`}
    <div role="alert">${options.trouble === '' ? nothing : html`<p class="notice error">${options.trouble}</p>`}</div>
  </section>`;
}

function againButton({ isBuilding, buildAgain }: GoneOptions, isMain: boolean): TemplateResult {
  const words = TEXTS.build.gone;
  return html`<button type="button" class=${isMain ? 'button main' : 'button'} aria-disabled=${isBuilding ? 'true' : 'false'}
    @click=${buildAgain}>${isBuilding ? words.asking : words.again}</button>`;
}

function why({ status }: SeenBuild, newest: ListedBuild | undefined): string {
  const words = TEXTS.build.gone;
  if (newest !== undefined) return words.replaced;
  return status === 'undeploying' ? words.undeployed : words.unknown;
}

/** A name that no build had here. */
export function neverSeenView(name: string): TemplateResult {
  const words = TEXTS.build.gone;
  return html`<section class="lonely">
    <h1>${words.neverTitle}</h1>
    <p>${words.never(name)}</p>
    <p><a class="button main" href="/webui/builds.html">${TEXTS.frame.allBuilds}</a></p>
  </section>`;
}
