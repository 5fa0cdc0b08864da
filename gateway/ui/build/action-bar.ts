import { html, nothing, type TemplateResult } from 'lit';
import { type BuildAction, type BuildActions, isNoted, isOffered } from '../parts/build-actions.js';
import { webAddress } from '../parts/web-address.js';
import { wasInitialised } from '../state/display-state.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';

export interface BarOptions {
  readonly build: Build;
  readonly actions: BuildActions;
  /** The page goes to the build once it is ready. */
  readonly forwards: boolean;
  readonly showLog: () => void;
}

/** The one main thing to do, what else may be done, and in words what did not work. */
export function actionBar(all: BarOptions): TemplateResult {
  const options = { ...all, build: all.actions.offeredOf(all.build) };
  const state = options.actions.of(options.build.name);
  const question = state?.phase === 'unsure' ? confirmation(options, state.action) : nothing;
  const trouble = state?.phase === 'failed' ? html`<p class="notice error">${state.detail}</p>` : nothing;
  return html`
    <div class="actions">${mainAction(options)}${others(options)}</div>
    ${question}
    <div role="alert">${trouble}</div>`;
}

function mainAction(options: BarOptions): TemplateResult | typeof nothing {
  const { build, forwards, showLog } = options;
  const words = TEXTS.build;
  switch (build.status) {
    case 'stopped':
      if (!isOffered('start', build)) return nothing;
      return actionButton(options, 'start', forwards ? words.startAndOpen : words.start, true);
    case 'initializing':
      if (!build.start_requested) return actionButton(options, 'start', words.startLater, true);
      return html`<p class="quiet">${words.startsLater}</p>${actionButton(options, 'stop', words.doNotStart)}`;
    case 'starting':
      return html`<button type="button" class="button main" aria-disabled="true">${words.pending.start}</button>`;
    case 'started':
      return openLink(build.deploy_link);
    case 'failed':
      return wasInitialised(build)
        ? html`<button type="button" class="button main" @click=${showLog}>${words.readWhy}</button>`
        : nothing;
    default:
      return nothing;
  }
}

function openLink(href: string): TemplateResult | typeof nothing {
  const address = webAddress(href);
  if (address === undefined) return nothing;
  return html`<a class="button main" href=${address} rel="noreferrer" aria-keyshortcuts="o">${TEXTS.build.open}</a>`;
}

function others(options: BarOptions): (TemplateResult | typeof nothing)[] {
  const words = TEXTS.build;
  const all = [
    ['stop', stopWords(options.build)],
    ['reset', words.reset],
    ['undeploy', words.undeploy],
  ] as const;
  return all.map(([action, text]) =>
    isOffered(action, options.build) ? actionButton(options, action, text) : nothing,
  );
}

function stopWords({ status }: Build): string {
  if (status === 'starting') return TEXTS.build.cancelStart;
  return status === 'stopped' ? TEXTS.build.doNotStart : TEXTS.build.stop;
}

/** Nothing for those who may not do it. Its words tell that it is being done. */
function actionButton(
  { build, actions }: BarOptions,
  action: BuildAction,
  words: string,
  isMain = false,
): TemplateResult | typeof nothing {
  if (!actions.may(action)) return nothing;
  const state = actions.of(build.name);
  const isAsked = state?.phase === 'asked';
  const pending = TEXTS.build.pending[isNoted(action, build) ? 'noted' : action];
  return html`<button
    type="button"
    class=${isMain ? 'button main' : 'button'}
    aria-disabled=${isAsked ? 'true' : 'false'}
    aria-keyshortcuts=${action === 'start' ? 's' : nothing}
    data-action=${action}
    @click=${() => void actions.run(build, action)}
  >${isAsked && state.action === action ? pending : words}</button>`;
}

function confirmation({ build, actions }: BarOptions, action: BuildAction): TemplateResult {
  const words = TEXTS.build.confirm[action === 'undeploy' ? 'undeploy' : 'reset'];
  return html`<div class="notice confirm" role="group" aria-label=${words.question} data-question=${action}>
    <p>${words.question}</p>
    <div class="actions">
      <button type="button" class="button danger" data-confirm @click=${() => void actions.run(build, action)}>
        ${words.yes}</button>
      <button type="button" class="button" data-decline @click=${() => actions.settle(build.name)}>${TEXTS.build.confirm.no}</button>
    </div>
  </div>`;
}
