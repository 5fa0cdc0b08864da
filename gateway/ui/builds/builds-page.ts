import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import type { ConnectionNotice } from '../frame/connection-notice.js';
import { BuildActions } from '../parts/build-actions.js';
import { countText } from '../parts/counts.js';
import { LightElement } from '../parts/light-element.js';
import { Watching } from '../parts/watching.js';
import type { Session } from '../session/session.js';
import { showInTab } from '../state/tab.js';
import { type BuildQuery, BuildStore } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { arrange, type Row } from './arrange.js';
import { emptyList } from './empty-list.js';
import { type ListFilter, readAddress, withoutKey, writeAddress } from './list-address.js';
import { createMatch } from './match.js';
import { PointerHold } from './pointer-hold.js';
import { ShownBuilds } from './shown-builds.js';
import { statusLinks } from './status-links.js';

const { list: TEXT } = TEXTS;

/** For a second click on the same button, milliseconds. */
const CONFIRM_MS = 5_000;

/** All builds, or those that the address asks for. */
export class BuildsPage extends LightElement {
  static override properties = {
    session: { attribute: false },
    connection: { attribute: false },
    filter: { state: true },
  };
  session: Session | undefined;
  connection: ConnectionNotice | undefined;
  private filter: ListFilter = readAddress(location.search);
  private store: BuildStore | undefined;
  private shown: ShownBuilds | undefined;
  private actions: BuildActions | undefined;
  private rows: Row[] = [];
  /** How many builds match; rows that are held under the pointer may not. */
  private matching = 0;
  private readonly pointer = new PointerHold(() => {
    this.shown?.hold(this.pointer.isHeld);
    this.requestUpdate();
  });
  private readonly search = createRef<HTMLInputElement>();

  constructor() {
    super();
    new Watching(this, () => [this.store, this.session]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('popstate', () => {
      this.filter = readAddress(location.search);
    });
    document.addEventListener('keydown', this.pressed);
  }

  override willUpdate(changed: PropertyValues): void {
    const before = changed.get('filter') as ListFilter | undefined;
    const isOther =
      before !== undefined && JSON.stringify(before.query) !== JSON.stringify(this.filter.query);
    if (this.store === undefined || isOther) this.openStore(this.filter.query);
    if (changed.has('session') && this.session) this.actions = new BuildActions(this.session, CONFIRM_MS);
    if (changed.has('filter')) this.shown!.letGo();
    const { builds, matching } = this.shown!.select(createMatch(this.filter));
    this.matching = matching;
    this.rows = arrange(builds);
  }

  override render(): TemplateResult {
    const { filter } = this;
    const all = [...this.store!.builds.values()];
    return html`<div class="list-head"><h1>${this.heading()}</h1>
        <p class="quiet" role="status">${this.countLine(all.length)}</p></div>
      <div class="list-tools">
        <input ${ref(this.search)} type="search" .value=${filter.words} placeholder=${TEXT.search} aria-label=${TEXT.search}
          autocomplete="off" spellcheck="false" @input=${this.typed} @keydown=${this.searchKey} />
        <p class="keys quiet" aria-hidden="true"><kbd>/</kbd> ${TEXT.keys.search} <kbd>↑</kbd><kbd>↓</kbd> ${TEXT.keys.move}
          <kbd>Enter</kbd> ${TEXT.keys.open} <kbd>s</kbd> ${TEXT.keys.start}</p>
      </div>
      <div class="list-filters" @click=${this.followFilter}>${statusLinks(all, filter)}${this.queryLinks()}</div>
      ${this.rows.length === 0 ? emptyList({ store: this.store!, filter }) : nothing}
      <rb-builds-list .rows=${this.rows} .context=${writeAddress(filter)} .freshNames=${this.shown!.fresh(Date.now())}
        .session=${this.session} .actions=${this.actions} @click=${this.followFilter}
        @pointerenter=${this.pointed} @pointermove=${this.pointed} @pointerleave=${() => this.pointer.leave()}></rb-builds-list>`;
  }

  override updated(): void {
    showInTab(TEXT.title(this.heading()));
    if (this.connection) this.connection.store = this.store;
  }

  private heading(): string {
    return this.filter.query.repo ?? TEXTS.frame.builds;
  }

  private countLine(all: number): string {
    if (!this.store?.synced) return '';
    const { matching } = this;
    return matching === all
      ? TEXT.count(countText(all), all)
      : TEXT.countOf(countText(matching), countText(all));
  }

  /** What the gateway was asked for, each with a way to ask for more. */
  private queryLinks(): TemplateResult[] {
    const entries = Object.entries(this.filter.query) as [keyof BuildQuery, string][];
    return entries.map(([key, value]) => {
      const words = TEXT.filters[key](value);
      return html`<a class="chip on" href=${here(withoutKey(this.filter, key))} aria-label=${TEXT.removeFilter(words)}>${words}
        <span aria-hidden="true">✕</span></a>`;
    });
  }

  private openStore(query: BuildQuery): void {
    this.store?.close();
    this.shown?.close();
    this.store = new BuildStore(query);
    this.shown = new ShownBuilds(this.store);
    this.shown.hold(this.pointer.isHeld);
    this.store.onEvent((event) => this.actions?.take(event));
    this.store.open();
  }

  private show(filter: ListFilter, how: 'pushState' | 'replaceState'): void {
    history[how](null, '', here(filter));
    this.filter = filter;
  }

  private readonly typed = (event: InputEvent) => {
    this.show({ ...this.filter, words: (event.target as HTMLInputElement).value }, 'replaceState');
  };

  /** Links to this page with another filter need no other page; a new tab does. */
  private readonly followFilter = (event: MouseEvent) => {
    const link = (event.target as Element).closest('a');
    const isPlain =
      event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.origin !== location.origin || link.pathname !== '/webui/builds.html')
      return;
    event.preventDefault();
    this.show(readAddress(link.search), 'pushState');
  };

  private readonly pressed = (event: KeyboardEvent) => {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.search.value?.focus();
    this.search.value?.select();
  };

  private readonly searchKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    const first = this.rows.find((row) => row.kind === 'build');
    if (first) this.querySelector<HTMLElement>(`[data-key="${CSS.escape(first.key)}"] .row-main`)?.click();
  };

  private readonly pointed = (event: PointerEvent) => this.pointer.move(event);
}

/** This page with a filter. */
function here(filter: ListFilter): string {
  return `/webui/builds.html${writeAddress(filter)}`;
}
