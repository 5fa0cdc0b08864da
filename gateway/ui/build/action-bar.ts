import { html, nothing, type TemplateResult } from 'lit';
import { webAddress } from '../parts/web-address.js';
import type { Session } from '../session/session.js';
import { wasInitialised } from '../state/display-state.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import type { Deed, PageActions } from './page-actions.js';

export interface BarOptions {
  readonly build: Build;
  readonly session: Session;
  readonly actions: PageActions;
  /** The page goes to the build once it is ready. */
  readonly forwards: boolean;
  readonly showLog: () => void;
}

/** The one main thing to do, what else may be done, and in words what did not work. */
export function actionBar(options: BarOptions): TemplateResult {
  const { actions } = options;
  const question = actions.confirming === undefined ? nothing : confirmation(options, actions.confirming);
  const trouble = actions.trouble === '' ? nothing : html`<p class="notice error">${actions.trouble}</p>`;
  return html`
    <div class="actions">${mainAction(options)}${others(options)}</div>
    ${question}
    <div role="alert">${trouble}</div>`;
}

function mainAction(options: BarOptions): TemplateResult | typeof nothing {
  const { build, actions, forwards, showLog } = options;
  const words = TEXTS.build;
  switch (build.status) {
    case 'stopped':
      return deedButton(options, 'start', forwards ? words.startAndOpen : words.start, true);
    case 'initializing':
      if (actions.startsLater) return html`<p class="quiet">${words.startsLater}</p>`;
      return deedButton(options, 'start', words.startLater, true);
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
  const { status } = options.build;
  if (status === 'undeploying') return [];
  const isUp = status === 'started' || status === 'starting';
  const words = TEXTS.build;
  return [
    isUp ? deedButton(options, 'stop', words.stop) : nothing,
    deedButton(options, 'reset', words.reset),
    deedButton(options, 'undeploy', words.undeploy),
  ];
}

/** Nothing for those who may not do it. Its words tell that it is being done. */
function deedButton(
  options: BarOptions,
  deed: Deed,
  words: string,
  isMain = false,
): TemplateResult | typeof nothing {
  const { build, session, actions } = options;
  if (!actions.may(deed, session)) return nothing;
  const isPending = actions.pending === deed;
  return html`<button
    type="button"
    class=${isMain ? 'button main' : 'button'}
    aria-disabled=${actions.pending === undefined ? 'false' : 'true'}
    aria-keyshortcuts=${deed === 'start' ? 's' : nothing}
    data-deed=${deed}
    @click=${() => void actions.want(deed, build, session)}
  >${isPending ? TEXTS.build.pending[deed] : words}</button>`;
}

function confirmation({ build, session, actions }: BarOptions, deed: Deed): TemplateResult {
  const words = TEXTS.build.confirm[deed === 'undeploy' ? 'undeploy' : 'reset'];
  return html`<div class="notice confirm" role="group" aria-label=${words.question}>
    <p>${words.question}</p>
    <div class="actions">
      <button type="button" class="button danger" data-confirm @click=${() => void actions.want(deed, build, session)}>
        ${words.yes}</button>
      <button type="button" class="button" @click=${() => actions.ask(undefined)}>${TEXTS.build.confirm.no}</button>
    </div>
  </div>`;
}
