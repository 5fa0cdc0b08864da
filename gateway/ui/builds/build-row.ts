import { html, nothing, type TemplateResult } from 'lit';
import { buildPath } from '../api.js';
import { type BuildActions, isOffered } from '../parts/build-actions.js';
import { ageText, momentText } from '../parts/times.js';
import { buildPage, hostOf, webAddress } from '../parts/web-address.js';
import { shownStateOf } from '../state/display-state.js';
import { stateMark } from '../state/state-mark.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';

export interface RowContext {
  readonly actions: BuildActions;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const { list: TEXT } = TEXTS;

/** States in which a build's message helps in a list: why it is not there yet, or not at all. */
const TELLS_WHY = new Set(['waiting', 'failed', 'undeploying']);

/** The cells of a build's row. */
export function buildRow(build: Build, isNewest: boolean, context: RowContext): TemplateResult {
  const { git_commit: commit } = build.commit_info;
  return html`<div class="cell-state">${stateMark(build, context.now)}</div>
    <div class="cell-source">${sourceLinks(build, isNewest)}</div>
    <a class="cell-commit mono" href=${webAddress(build.repo_commit_link) ?? nothing}
      aria-label=${TEXT.commit(commit.slice(0, 8))}>${commit.slice(0, 8)}</a>
    <time class="cell-age" datetime=${build.created} title=${momentText(build.created)}
      >${ageText(build.created, context.now)}</time>
    <div class="row-second">${note(build, context)}
      <div class="cell-links">${logLinks(build)}</div>
      <div class="cell-actions">${actionButtons(build, context)}</div></div>`;
}

/** The build's page by the name of its branch or pull request, and those at the forge. */
function sourceLinks(build: Build, isNewest: boolean): TemplateResult {
  const { target_branch: branch, pr } = build.commit_info;
  const label = pr ? `#${pr}` : branch;
  const link = webAddress(pr ? build.repo_pr_link : build.repo_target_branch_link);
  const words = pr ? TEXT.pullRequestAt : TEXT.branchAt;
  const outside =
    link === undefined
      ? nothing
      : html`<a class="outside" href=${link} title=${words(label, hostOf(link))}
    aria-label=${words(label, hostOf(link))}>↗</a>`;
  return html`<a class="row-main ${isNewest ? '' : 'earlier'}" href=${buildPage(build.name)} title=${label}><span
    class="hidden-words">${pr ? TEXT.buildOfPullRequest : TEXT.buildOfBranch} </span>${label}</a>${outside}${
      isNewest ? nothing : html`<span class="tag">${TEXT.earlier}</span>`
    }${build.keep ? html`<span class="tag">${TEXT.kept}</span>` : nothing}`;
}

/** What went wrong with what was asked for, else why the build is not there. */
function note(build: Build, { actions }: RowContext): TemplateResult {
  const asked = actions.of(build.name);
  if (asked?.phase === 'failed') {
    return html`<div class="cell-note problem" role="alert"><span title=${asked.detail}>${asked.detail}</span>
      <button class="text-button" @click=${() => actions.settle(build.name)}>${TEXT.dismiss}</button></div>`;
  }
  const { status, start_requested: isToStart } = actions.offeredOf(build);
  const message =
    (status === 'stopped' && isToStart) || TELLS_WHY.has(shownStateOf(build)) ? (build.message ?? '') : '';
  return html`<div class="cell-note" title=${message || nothing}>${message}</div>`;
}

function logLinks(build: Build): TemplateResult {
  const started = build.status === 'started';
  const mail = webAddress(build.deploy_link_mailhog);
  return html`<a href=${`/api/v1${buildPath(build.name, 'init-log')}`}>${TEXT.initLog}</a>
    ${started ? html`<a href=${`/api/v1${buildPath(build.name, 'log')}`}>${TEXT.log}</a>` : nothing}
    ${started && mail ? html`<a href=${mail}>${TEXT.mail}</a>` : nothing}`;
}

/** Resetting always, stopping what is up; the one main thing at the end. */
function actionButtons(build: Build, context: RowContext): TemplateResult {
  const open = build.status === 'started' ? webAddress(build.deploy_link) : undefined;
  return html`${button(build, 'reset', context)} ${button(build, 'stop', context)} ${button(build, 'start', context)}
    ${build.status === 'failed' ? html`<a class="button" href=${buildPage(build.name)}>${TEXT.why}</a>` : nothing}
    ${open ? html`<a class="button main" href=${open}>${TEXT.open}</a>` : nothing}`;
}

/** Nothing for those who may not do it, and where it would change nothing. */
function button(
  build: Build,
  action: 'start' | 'stop' | 'reset',
  { actions }: RowContext,
): TemplateResult | typeof nothing {
  const offered = actions.offeredOf(build);
  if (!isOffered(action, offered) || !actions.may(action)) return nothing;
  const asked = actions.of(build.name);
  const isAsked = asked?.phase === 'asked';
  const isUnsure = asked?.phase === 'unsure' && asked.action === action;
  const usual = action === 'stop' && offered.status !== 'started' ? TEXT.cancelStart : TEXT.actions[action];
  const text = isUnsure ? TEXT.confirmReset : isAsked && asked.action === action ? TEXT.asked[action] : usual;
  return html`<button class=${action === 'start' ? 'button' : isUnsure ? 'text-button unsure' : 'text-button'} aria-disabled=${isAsked}
    @click=${() => actions.run(build, action)}>${text}</button>`;
}
