import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { LightElement } from '../../parts/light-element.js';
import { TEXTS } from '../../texts.js';
import { saveLog } from './download.js';
import { type LineRange, lineHash, parseLineHash } from './line-hash.js';
import { lineView } from './line-view.js';
import { LogReader } from './log-reader.js';
import { LogSearch } from './log-search.js';
import { LINE_HEIGHT, windowOf } from './window.js';

/** Scrolled so close to the end, pixels, counts as there. */
const AT_END = 8;

/**
 * A log that grows: with colours, numbers that are links, search, and following its end until somebody scrolls up.
 * Only the lines that are seen are drawn.
 */
export class LogView extends LightElement {
  static override properties = {
    src: {},
    run: {},
    live: { type: Boolean },
    label: {},
    file: {},
  };

  /** Address of the log. */
  src = '';
  /** Another value means another log at the same address. */
  run = '';
  /** It is being written. */
  live = false;
  /** What it is the log of, for those who do not see it. */
  label = '';
  /** Name of the file of a download. */
  file = 'log';

  private readonly reader = new LogReader(() => this.requestUpdate());
  private search = new LogSearch('');
  private current = 0;
  private isFollowing = true;
  /** The last line when following was left. */
  private leftAt = 0;
  private target: LineRange | undefined = parseLineHash(location.hash);
  /** The target is to be scrolled to as soon as it is there. */
  private isSeeking = this.target !== undefined;
  private top = 0;
  private height = 0;
  private saveTrouble = '';
  private readonly sizes = new ResizeObserver(() => this.look());

  override connectedCallback(): void {
    super.connectedCallback();
    this.isFollowing = !this.isSeeking;
    addEventListener('hashchange', this.followAddress);
    document.addEventListener('keydown', this.takeKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.reader.close();
    this.sizes.disconnect();
    removeEventListener('hashchange', this.followAddress);
    document.removeEventListener('keydown', this.takeKey);
  }

  protected override willUpdate(changed: PropertyValues): void {
    const another = changed.has('src') || (changed.has('run') && changed.get('run') !== '');
    if (another) {
      this.reader.read(this.src, () => this.live);
      this.search = new LogSearch(this.search.query);
      this.isFollowing = !this.isSeeking;
    }
    this.search.update(this.reader.lines);
  }

  protected override firstUpdated(): void {
    this.sizes.observe(this.viewport);
  }

  /** After drawing: the place follows the end, or goes to what is looked for. */
  protected override updated(): void {
    const { lines } = this.reader;
    if (this.isSeeking && this.target !== undefined && lines.last >= this.target.to) {
      this.isSeeking = false;
      this.show(this.target.from);
      this.scrollIntoView({ block: 'nearest' });
    } else if (this.isFollowing) {
      this.viewport.scrollTop = this.viewport.scrollHeight;
    }
    this.look();
  }

  protected override render(): TemplateResult {
    const { lines } = this.reader;
    const count = lines.last - lines.first + 1;
    const drawn = windowOf(this.top, this.height, count);
    const numbers = Array.from(
      { length: drawn.to - drawn.from },
      (_, index) => lines.first + drawn.from + index,
    );
    return html`
      ${this.toolbar()}
      <div class="log-scroll" tabindex="0" role="region" aria-label=${this.label} @scroll=${this.takeScroll}
        @click=${this.takeClick}>
        <div class="log-space" .style=${`height:${count * LINE_HEIGHT}px`}>
          <div class="log-lines" .style=${`transform:translateY(${drawn.from * LINE_HEIGHT}px)`}>${numbers.map((number) => this.line(number))}</div>
        </div>
        ${count === 0 ? html`<p class="log-empty quiet">${this.emptyText()}</p>` : nothing}
      </div>
      <p class="log-state quiet" role="status">${this.stateText(count)}</p>`;
  }

  private line(number: number): TemplateResult {
    const { target } = this;
    return lineView(this.reader.lines, number, {
      query: this.search.query,
      isCurrent: number === this.current,
      isTarget: target !== undefined && number >= target.from && number <= target.to,
    });
  }

  private toolbar(): TemplateResult {
    const { log } = TEXTS;
    const isGrowing = this.live && this.reader.state.kind !== 'ended';
    const isSearching = this.search.query !== '';
    return html`<div class="log-bar">
      <input type="search" class="field log-search" placeholder=${log.search} aria-label=${log.search}
        aria-keyshortcuts="/" autocomplete="off" spellcheck="false" @input=${this.takeQuery} @keydown=${this.takeSearchKey}>
      <span class="log-found quiet" role="status">${this.foundText()}</span>
      <button type="button" class="button small" ?hidden=${!isSearching} aria-label=${log.previous} @click=${() => this.step(-1)}>↑</button>
      <button type="button" class="button small" ?hidden=${!isSearching} aria-label=${log.next} @click=${() => this.step(1)}>↓</button>
      <span class="log-gap"></span>
      <button type="button" class="button small log-follow" ?hidden=${!isGrowing} @click=${this.toggleFollowing}>
        ${this.isFollowing ? log.pause : log.follow(this.reader.lines.last - this.leftAt)}
      </button>
      <button type="button" class="button small" @click=${this.download}>${log.download}</button>
    </div>`;
  }

  private foundText(): string {
    if (this.search.query === '') return '';
    const { lines } = this.search;
    return TEXTS.log.found(lines.indexOf(this.current) + 1, lines.length);
  }

  private emptyText(): string {
    const { log } = TEXTS;
    const { state } = this.reader;
    if (state.kind === 'none') return log.none;
    if (state.kind === 'ended') return log.empty;
    return this.live ? log.waiting : log.loading;
  }

  private stateText(count: number): string {
    const { log } = TEXTS;
    const { state } = this.reader;
    if (this.saveTrouble !== '') return this.saveTrouble;
    if (state.kind === 'trouble') return log.trouble(state.detail);
    if (count === 0) return '';
    if (state.kind === 'ended') return log.whole(count);
    return this.isFollowing ? log.following : log.paused;
  }

  /** Where the reader is. Drawing anew is only worth while when that changed. */
  private look(): void {
    const { scrollTop, clientHeight } = this.viewport;
    if (scrollTop === this.top && clientHeight === this.height) return;
    this.top = scrollTop;
    this.height = clientHeight;
    this.requestUpdate();
  }

  /** Up leaves the end, and coming back to it follows it again. */
  private takeScroll(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.viewport;
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - AT_END;
    if (scrollTop < this.top && !isAtEnd) this.leave();
    else if (scrollTop > this.top && isAtEnd) this.isFollowing = true;
    this.look();
  }

  private leave(): void {
    if (this.isFollowing) this.leftAt = this.reader.lines.last;
    this.isFollowing = false;
    this.requestUpdate();
  }

  private readonly toggleFollowing = () => {
    if (this.isFollowing) this.leave();
    else this.isFollowing = true;
    this.requestUpdate();
  };

  /** A click on a number puts the line into the address, one with Shift all lines up to it. */
  private takeClick(event: MouseEvent): void {
    const number = Number((event.target as Element).closest<HTMLElement>('.log-number')?.dataset['line']);
    if (!(number > 0) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const from = event.shiftKey && this.target !== undefined ? this.target.from : number;
    history.replaceState(history.state, '', lineHash({ from, to: number }));
    this.target = parseLineHash(location.hash);
    this.leave();
  }

  private readonly followAddress = () => {
    this.target = parseLineHash(location.hash);
    this.isSeeking = this.target !== undefined;
    if (this.isSeeking) this.leave();
    this.requestUpdate();
  };

  private takeQuery(event: InputEvent): void {
    this.search = new LogSearch((event.target as HTMLInputElement).value);
    this.search.update(this.reader.lines);
    this.current = 0;
    const seen = this.reader.lines.first + Math.floor(this.top / LINE_HEIGHT);
    this.goTo(this.search.after(seen - 1));
    this.requestUpdate();
  }

  private takeSearchKey(event: KeyboardEvent): void {
    const field = event.target as HTMLInputElement;
    if (event.key === 'Enter') this.step(event.shiftKey ? -1 : 1);
    if (event.key !== 'Escape') return;
    field.value = '';
    this.search = new LogSearch('');
    this.viewport.focus();
    this.requestUpdate();
  }

  private step(direction: 1 | -1): void {
    this.goTo(direction === 1 ? this.search.after(this.current) : this.search.before(this.current));
  }

  private goTo(number: number | undefined): void {
    if (number === undefined) return;
    this.current = number;
    this.leave();
    this.show(number);
  }

  /** A third from the top, where the eye is. */
  private show(number: number): void {
    const { viewport } = this;
    viewport.scrollTop = (number - this.reader.lines.first) * LINE_HEIGHT - viewport.clientHeight / 3;
    this.look();
  }

  private readonly takeKey = (event: KeyboardEvent) => {
    const isTyping = (event.target as Element).matches('input, textarea, select');
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.querySelector<HTMLInputElement>('.log-search')!.focus();
  };

  private readonly download = async () => {
    this.saveTrouble = await saveLog(this.src, this.file);
    this.requestUpdate();
  };

  private get viewport(): HTMLElement {
    return this.querySelector<HTMLElement>('.log-scroll')!;
  }
}
