import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { LightElement } from '../../parts/light-element.js';
import { memoryOf } from '../../parts/memory.js';
import { TEXTS } from '../../texts.js';
import { saveLog } from './download.js';
import { LineFocus } from './line-focus.js';
import { type LineRange, lineHash, parseLineHash } from './line-hash.js';
import { type Drawn, LineLayout, ROW_HEIGHT } from './line-layout.js';
import { lineView } from './line-view.js';
import { LogReader } from './log-reader.js';
import { LogSearch } from './log-search.js';
import { breaksOf } from './row-breaks.js';
import { WrapChoice } from './wrap-choice.js';

/** Scrolled so close to the end, pixels, counts as there. */
const AT_END = 8;
/** Drawn above and below what is seen, pixels, so that a fast scroll shows no gap. */
const SPARE = 400;
/** Beside the digits of a number, and behind the text of a line; pixels. */
const NUMBER_ROOM = 20;
const END_ROOM = 12;

const narrow = matchMedia('(max-width: 40rem)');

/** Where the reader is: so many pixels below the top of a line. */
interface Place {
  readonly number: number;
  readonly offset: number;
}

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
  private width = 0;
  /** Of a character, pixels; 0: not known yet. */
  private characterWidth = 0;
  private layout = new LineLayout();
  /** What `layout` is of. */
  private laidOut = this.reader.lines;
  private firstLaidOut = 1;
  private drawn: Drawn = { from: 1, to: 0 };
  /** Where the reader stays although the lines above have become higher or lower. */
  private kept: Place | undefined;
  /** What was found in the current line is to be brought into sight. */
  private isRevealing = false;
  private saveTrouble = '';
  private readonly wrapping = new WrapChoice(memoryOf('localStorage'), narrow);
  private readonly focusing = new LineFocus(this);
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
    this.arrange();
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
    } else if (this.kept !== undefined) {
      this.viewport.scrollTop = this.topOf(this.kept);
    }
    this.kept = undefined;
    this.reveal();
    this.look();
  }

  protected override render(): TemplateResult {
    const { lines } = this.reader;
    const count = lines.last - lines.first + 1;
    this.drawn = this.layout.around(this.top, this.height, SPARE);
    const { from, to } = this.drawn;
    const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return html`
      ${this.toolbar()}
      <div class=${`log-scroll ${this.isWrapped ? 'wrapped' : ''}`} tabindex="0" role="region" aria-label=${this.label}
        @scroll=${this.takeScroll} @click=${this.takeClick}>
        <div class="log-space" .style=${this.spaceStyle()}><span class="log-probe" aria-hidden="true"></span>
          <div class="log-lines" .style=${`transform:translateY(${this.layout.top(from)}px)`}>${numbers.map((number) => this.line(number))}</div>
        </div>
        ${count === 0 ? html`<p class="log-empty quiet">${this.emptyText()}</p>` : nothing}
      </div>
      <p class="log-state quiet" role="status">${this.stateText(count)}</p>`;
  }

  private line(number: number): TemplateResult {
    const { target } = this;
    const { lines } = this.reader;
    return lineView(lines, number, {
      breaks: breaksOf(lines.shownText(number), this.layout.columns),
      query: this.search.query,
      isCurrent: number === this.current,
      isTarget: target !== undefined && number >= target.from && number <= target.to,
      isTabStop: number === this.tabStop,
    });
  }

  /** The number that the Tab key comes to: the focused one, else where the reader is. */
  private get tabStop(): number {
    const { from, to } = this.layout.around(this.top, this.height, 0);
    const isSeen = (number: number | undefined) => number !== undefined && number >= from && number <= to;
    return this.focusing.number ?? [this.current, this.target?.from].find(isSeen) ?? Math.min(from + 1, to);
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
      <button type="button" class="button small" aria-pressed=${this.wrapping.isWrapped ? 'true' : 'false'} title=${log.wrapHint}
        @click=${this.toggleWrapping}>${log.wrap}</button>
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

  /** Lays out what has come; where lines are wrapped differently than before, all of them anew. */
  private arrange(): void {
    const { lines } = this.reader;
    const { place, columns } = this;
    const before = this.layout.columns;
    if (lines !== this.laidOut || columns !== this.layout.wanted) this.layout = new LineLayout(columns);
    this.layout.update(lines);
    const isOther = lines !== this.laidOut || lines.first !== this.firstLaidOut;
    if (isOther || before !== this.layout.columns) this.kept ??= place;
    this.laidOut = lines;
    this.firstLaidOut = lines.first;
  }

  private get place(): Place {
    const number = this.layout.at(this.top);
    return { number, offset: this.top - this.layout.top(number) };
  }

  /** A line that has become lower than the offset in it ends the place. */
  private topOf({ number, offset }: Place): number {
    const [top, end] = [this.layout.top(number), this.layout.top(number + 1)];
    return Math.min(top + offset, Math.max(top, end - ROW_HEIGHT));
  }

  private get isWrapped(): boolean {
    return this.layout.columns < Number.POSITIVE_INFINITY;
  }

  /** Characters of a row that are asked for. */
  private get columns(): number {
    if (this.characterWidth === 0 || !this.wrapping.isWrapped) return Number.POSITIVE_INFINITY;
    const room = this.width - this.numberWidth - END_ROOM;
    return Math.max(10, Math.floor(room / this.characterWidth));
  }

  private get numberWidth(): number {
    return Math.max(3, String(this.reader.lines.last).length) * this.characterWidth + NUMBER_ROOM;
  }

  /** As wide as the longest line, so that scrolling sideways does not end where shorter ones are drawn. */
  private spaceStyle(): string {
    const { layout, numberWidth } = this;
    const width = numberWidth + layout.widest * this.characterWidth + END_ROOM;
    return `height:${layout.height}px;min-width:${this.isWrapped ? '100%' : `${width}px`};--number:${numberWidth}px`;
  }

  /** Where the reader is, and how much is seen. Drawing anew is only worth while when what is drawn is not enough. */
  private look(): void {
    const { scrollTop, clientHeight, clientWidth } = this.viewport;
    const isOtherSize = clientHeight !== this.height || clientWidth !== this.width;
    this.top = scrollTop;
    this.height = clientHeight;
    this.width = clientWidth;
    if (isOtherSize)
      this.characterWidth = this.querySelector('.log-probe')!.getBoundingClientRect().width / 100;
    const { from, to } = this.layout.around(this.top, this.height, 0);
    if (isOtherSize || from < this.drawn.from || to > this.drawn.to) this.requestUpdate();
  }

  /** What is found may stand far down or to the right in its line. */
  private reveal(): void {
    const mark = this.isRevealing ? this.querySelector('.log-line.current mark') : null;
    if (mark === null) return;
    this.isRevealing = false;
    const { viewport } = this;
    const [found, seen] = [mark.getBoundingClientRect(), viewport.getBoundingClientRect()];
    if (found.bottom > seen.bottom) viewport.scrollTop += found.top - seen.top - seen.height / 3;
    const left = seen.left + this.numberWidth;
    if (found.left < left || found.right > seen.right)
      viewport.scrollLeft += found.left - left - seen.width / 3;
  }

  /** Up leaves the end, and coming back to it follows it again. */
  private takeScroll(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.viewport;
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - AT_END;
    if (scrollTop < this.top && !isAtEnd) this.leave();
    else if (scrollTop > this.top && isAtEnd && !this.isFollowing) {
      this.isFollowing = true;
      this.requestUpdate();
    }
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
    this.goTo(this.search.after(this.layout.at(this.top) - 1));
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
    this.isRevealing = true;
    this.leave();
    this.show(number);
  }

  get ends(): { first: number; last: number } {
    return this.reader.lines;
  }

  get page(): number {
    const { from, to } = this.layout.around(this.top, this.height, 0);
    return Math.max(1, to - from - 1);
  }

  bring(number: number): void {
    const { viewport, layout } = this;
    const [top, bottom] = [layout.top(number), layout.top(number + 1)];
    this.leave();
    if (top < viewport.scrollTop) viewport.scrollTop = top;
    else if (bottom > viewport.scrollTop + this.height) viewport.scrollTop = bottom - this.height;
    this.look();
  }

  /** A third from the top, where the eye is. */
  private show(number: number): void {
    const { viewport } = this;
    viewport.scrollTop = this.layout.top(number) - viewport.clientHeight / 3;
    this.look();
  }

  private readonly takeKey = (event: KeyboardEvent) => {
    const isTyping = (event.target as Element).matches('input, textarea, select');
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.querySelector<HTMLInputElement>('.log-search')!.focus();
  };

  private readonly toggleWrapping = () => {
    this.wrapping.toggle();
    this.viewport.scrollLeft = 0;
    this.requestUpdate();
  };

  private readonly download = async () => {
    this.saveTrouble = await saveLog(this.src, this.file);
    this.requestUpdate();
  };

  private get viewport(): HTMLElement {
    return this.querySelector<HTMLElement>('.log-scroll')!;
  }
}
