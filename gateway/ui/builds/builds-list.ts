import { html, type PropertyValues, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { styleMap } from 'lit/directives/style-map.js';
import type { BuildActions } from '../parts/build-actions.js';
import { LightElement } from '../parts/light-element.js';
import { Ticking, Watching } from '../parts/watching.js';
import type { Session } from '../session/session.js';
import { TEXTS } from '../texts.js';
import type { Row } from './arrange.js';
import { buildRow } from './build-row.js';
import { branchRow, repoRow } from './group-rows.js';
import { ListFocus } from './list-focus.js';
import { type RowHeights, RowLayout } from './row-layout.js';

/** Heights of rows in rem; as in builds.css. */
const WIDE: RowHeights = { repo: 3.75, branch: 2.5, build: 2.75 };
const NARROW: RowHeights = { repo: 3.75, branch: 2.25, build: 4.5 };
const narrow = matchMedia('(max-width: 52rem)');

/** Drawn above and below what is seen, pixels. */
const SPARE = 500;

/** Rows of builds, of which only those are drawn that are seen. The whole page scrolls. */
export class BuildsList extends LightElement {
  static override properties = {
    rows: { attribute: false },
    context: { attribute: false },
    freshNames: { attribute: false },
    session: { attribute: false },
    actions: { attribute: false },
  };
  rows: readonly Row[] = [];
  /** Another value when other builds are asked for, and not just other builds there. */
  context: unknown;
  /** Names of builds that have just come. */
  freshNames: ReadonlySet<string> = new Set();
  session: Session | undefined;
  actions: BuildActions | undefined;
  layout = new RowLayout([], WIDE);
  private readonly focusing = new ListFocus(this);
  private drawn = { from: 0, to: 0 };
  /** Height of the bars that cover the list, pixels. */
  private margin = 0;
  /** How far what is in sight has moved by what came above it, pixels. */
  private moved = 0;

  constructor() {
    super();
    new Watching(this, () => [this.session, this.actions]);
    new Ticking(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('scroll', this.scrolled, { passive: true });
    addEventListener('resize', this.resized);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('scroll', this.scrolled);
    removeEventListener('resize', this.resized);
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('rows')) this.arrange(!changed.has('context'));
  }

  override render(): TemplateResult {
    const { height, rows } = this.layout;
    const indexes = this.indexesToDraw();
    return html`<div class="rows" role="list" aria-label=${TEXTS.list.label} style=${styleMap({ height: `${height}px` })}>
      ${repeat(
        indexes,
        (index) => rows[index]!.key,
        (index) => this.row(index),
      )}
    </div>`;
  }

  override updated(): void {
    if (this.moved !== 0) scrollBy({ top: this.moved, behavior: 'instant' });
    this.moved = 0;
    this.focusing.restore();
  }

  /** Scrolls just so far that a row is in sight, and draws it. */
  async show(index: number): Promise<void> {
    const margin = this.sight().margin;
    const top = this.getBoundingClientRect().top + this.layout.top(index);
    const bottom = top + this.layout.bottom(index) - this.layout.top(index);
    if (top < margin) scrollBy({ top: top - margin, behavior: 'instant' });
    else if (bottom > innerHeight) scrollBy({ top: bottom - innerHeight + 8, behavior: 'instant' });
    this.requestUpdate();
    await this.updateComplete;
  }

  private row(index: number): TemplateResult {
    const row = this.layout.rows[index]!;
    const isFresh = row.kind === 'build' && this.freshNames.has(row.key);
    const kind = row.kind === 'build' && row.build.commit_info.pr ? 'build of-pr' : row.kind;
    return html`<div class="row ${kind} ${isFresh ? 'fresh' : ''}" role="listitem" data-key=${row.key}
      aria-setsize=${this.layout.rows.length} aria-posinset=${index + 1}
      style=${styleMap({ transform: `translateY(${this.layout.top(index)}px)` })}>${this.cells(row)}</div>`;
  }

  private cells(row: Row): unknown {
    if (row.kind === 'repo') return repoRow(row.repo, row.builds);
    if (row.kind === 'branch') return branchRow(row.branch, row.link);
    const { build, isNewest } = row;
    const [actions, now] = [this.actions!, Date.now()];
    const allowed = (['start', 'stop', 'reset'] as const).map((action) => actions.may(action)).join();
    // While one scrolls, most of what is drawn is what it was.
    const shown = [build, isNewest, allowed, actions.of(build.name), Math.floor(now / 1000)];
    return guard(shown, () => buildRow(build, isNewest, { actions, now }));
  }

  /** Lays the rows out anew, so that the one that the reader looks at does not move. */
  private arrange(keepsSight: boolean): void {
    const before = this.layout;
    this.margin = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
    const anchor = keepsSight ? this.anchor() : undefined;
    this.layout = new RowLayout(this.rows, scaled(narrow.matches ? NARROW : WIDE));
    const [from, to] = [before.indexOf(anchor), this.layout.indexOf(anchor)];
    this.moved = from === -1 || to === -1 ? 0 : this.layout.top(to) - before.top(from);
    const { top, margin } = this.sight();
    if (!keepsSight && top > 0) this.moved = -(top + margin);
  }

  /** The row under the pointer, or with the focus, or the first in sight when what is above is out of sight. */
  private anchor(): string | undefined {
    const inHand = this.querySelector('.row:hover')?.getAttribute('data-key') ?? this.focusing.key;
    if (inHand !== undefined && inHand !== null) return inHand;
    const { top } = this.sight();
    return top > 0 ? this.layout.rows[this.layout.at(top)]?.key : undefined;
  }

  /** What of the list is in sight, pixels from its top; `margin` is covered by the bars above. */
  private sight(): { top: number; bottom: number; margin: number } {
    const offset = -this.getBoundingClientRect().top;
    return { top: offset + this.margin, bottom: offset + innerHeight, margin: this.margin };
  }

  private indexesToDraw(): number[] {
    if (this.layout.rows.length === 0) return [];
    const { top, bottom } = this.sight();
    const from = this.layout.at(top + this.moved - SPARE);
    const to = this.layout.at(bottom + this.moved + SPARE);
    this.drawn = { from, to };
    const indexes = Array.from({ length: to - from + 1 }, (_none, offset) => from + offset);
    const focused = this.layout.indexOf(this.focusing.key);
    // What has the focus stays, or the reader would lose the place.
    if (focused === -1 || (focused >= from && focused <= to)) return indexes;
    return focused < from ? [focused, ...indexes] : [...indexes, focused];
  }

  /** Draws only when what is drawn comes to its end. */
  private readonly scrolled = () => {
    const { top, bottom } = this.sight();
    const { from, to } = this.drawn;
    const { rows } = this.layout;
    const isCovered = this.layout.top(from) <= top || from === 0;
    if (rows.length > 0 && !(isCovered && (this.layout.bottom(to) >= bottom || to === rows.length - 1))) {
      this.requestUpdate();
    }
  };

  private readonly resized = () => {
    this.arrange(true);
    this.requestUpdate();
  };
}

function scaled(heights: RowHeights): RowHeights {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return { repo: heights.repo * rem, branch: heights.branch * rem, build: heights.build * rem };
}
