import { html, type TemplateResult } from 'lit';
import { repoPage } from '../parts/web-address.js';
import { stateMark } from '../state/state-mark.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { safeLink, shortCommit } from './build-links.js';

/** What the build is of, each part a link to it on the forge, and the state with its sentence. */
export function headline(build: Build, now: number): TemplateResult {
  const { repo, pr, target_branch: branch, git_commit: commit } = build.commit_info;
  const ofPr =
    build.repo_pr_link === null
      ? ''
      : html`${safeLink(build.repo_pr_link, `#${pr}`)} <span class="quiet" aria-label=${TEXTS.build.into}>→</span> `;
  return html`
    <p class="crumbs"><a href="/webui/builds.html">${TEXTS.frame.builds}</a></p>
    <h1 class="build-title"><a href=${repoPage(repo)}>${repo}</a> ${ofPr}${safeLink(build.repo_target_branch_link, branch)}
      ${safeLink(build.repo_commit_link, html`<code>${shortCommit(commit)}</code>`)}</h1>
    <div class="build-state">${stateMark(build, now)}<span class="build-message">${build.message ?? ''}</span></div>`;
}
