import { html, type TemplateResult } from 'lit';
import type { BuildStore } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { isFiltered, type ListFilter } from './list-address.js';

const { empty: TEXT } = TEXTS;

/** What is said in the place of builds when there are none to show. */
export function emptyList({ store, filter }: { store: BuildStore; filter: ListFilter }): TemplateResult {
  const all = html`<a class="button" href="/webui/builds.html">${TEXT.showAll}</a>`;
  if (store.refusal !== undefined) return lonely(TEXT.refused, html`<p>${store.refusal}</p>${all}`);
  if (!store.synced) return html`<p class="quiet reading">${TEXT.reading}</p>`;
  if (isFiltered(filter)) return lonely(TEXT.noMatch, html`<p>${TEXT.noMatchHint}</p>${all}`);
  return lonely(TEXT.none, html`<p>${TEXT.noneHint}</p><a class="button" href="/docs">${TEXT.api}</a>`);
}

function lonely(title: string, content: TemplateResult): TemplateResult {
  return html`<section class="lonely"><h2>${title}</h2>${content}</section>`;
}
