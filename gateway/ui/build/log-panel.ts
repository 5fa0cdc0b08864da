import { html, type TemplateResult } from 'lit';
import { shownStateOf, wasInitialised } from '../state/display-state.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { logOf } from './build-links.js';

/** Of the initialisation, or of the build as it runs. */
export type LogKind = 'init-log' | 'log';

export interface LogPanelOptions {
  readonly build: Build;
  /** The one that is open. */
  readonly kind: LogKind;
  readonly choose: (kind: LogKind) => void;
}

/** The logs of a build, one of them open. */
export function logPanel({ build, kind, choose }: LogPanelOptions): TemplateResult {
  const words = TEXTS.log;
  const kinds: LogKind[] = build.status === 'started' ? ['init-log', 'log'] : ['init-log'];
  const tab = (
    each: LogKind,
  ) => html`<button type="button" class="log-tab" aria-pressed=${each === kind ? 'true' : 'false'}
    @click=${() => choose(each)}>${words.kinds[each]}</button>`;
  return html`<section class="log-panel" id="log" aria-labelledby="log-title">
    <div class="log-head"><h2 id="log-title">${words.title}</h2>
      <div class="log-tabs">${kinds.map(tab)}</div></div>
    ${content(build, kind)}
  </section>`;
}

function content(build: Build, kind: LogKind): TemplateResult {
  const words = TEXTS.log;
  const state = shownStateOf(build);
  if (state === 'waiting') {
    return html`<div class="log-scroll"><p class="log-empty quiet">${words.later}</p></div>`;
  }
  if (!wasInitialised(build)) return html`<p class="quiet log-closed">${words.never}</p>`;
  const isLive = kind === 'log' ? build.status === 'started' : state === 'initializing';
  // Another initialisation writes another log; so does another start.
  const run = kind === 'log' ? build.last_scaled : (build.init_started_at ?? '');
  return html`<rb-log .src=${logOf(build.name, kind)} .run=${run} .live=${isLive}
    .label=${words.kinds[kind]} .file=${`${build.name}-${kind}.txt`}></rb-log>`;
}
