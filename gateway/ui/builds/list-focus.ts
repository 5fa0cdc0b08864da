import type { ReactiveController } from 'lit';
import { isOffered } from '../parts/build-actions.js';
import type { BuildsList } from './builds-list.js';

/** Moves the focus through the list by keys, and keeps it in its row while rows come, go and are drawn anew. */
export class ListFocus implements ReactiveController {
  /** The row that has the focus; undefined: none. */
  key: string | undefined;
  private readonly list: BuildsList;

  constructor(list: BuildsList) {
    this.list = list;
    list.addController(this);
  }

  hostConnected(): void {
    this.list.addEventListener('focusin', this.entered);
    document.addEventListener('focusin', this.movedOn);
    document.addEventListener('pointerdown', this.movedOn);
    document.addEventListener('keydown', this.pressed);
  }

  hostDisconnected(): void {
    this.list.removeEventListener('focusin', this.entered);
    document.removeEventListener('focusin', this.movedOn);
    document.removeEventListener('pointerdown', this.movedOn);
    document.removeEventListener('keydown', this.pressed);
  }

  /** A button that had the focus may be gone, because the state has changed: the row keeps it. */
  restore(): void {
    if (this.key !== undefined && document.activeElement === document.body)
      this.mainOf(this.key)?.focus({ preventScroll: true });
  }

  private readonly entered = (event: FocusEvent) => {
    this.key = rowOf(event.target)?.dataset['key'];
  };

  private readonly movedOn = (event: Event) => {
    if (!this.list.contains(event.target as Node)) this.key = undefined;
  };

  private readonly pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    const step = STEPS[event.key];
    if (step !== undefined && (!isTyping || event.key === 'ArrowDown')) this.step(step, event);
    else if (event.key === 's' && !isTyping && this.key !== undefined) this.startFocused(event);
  };

  private step(step: 1 | -1, event: Event): void {
    const { layout } = this.list;
    const next = layout.nextBuild(layout.indexOf(this.key), step);
    // Without a row in hand the keys scroll, but from the search they lead into the list.
    if (next === -1 || (this.key === undefined && !(event.target instanceof HTMLInputElement))) return;
    event.preventDefault();
    this.key = layout.rows[next]!.key;
    const { key } = this;
    void this.list.show(next).then(() => this.mainOf(key)?.focus({ preventScroll: true }));
  }

  private startFocused(event: Event): void {
    const row = this.list.layout.rows[this.list.layout.indexOf(this.key)];
    const { actions } = this.list;
    if (row?.kind !== 'build' || !isOffered('start', row.build) || !actions?.may('start')) return;
    event.preventDefault();
    void actions.run(row.build, 'start');
  }

  private mainOf(key: string): HTMLElement | null {
    return this.list.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"] .row-main`);
  }
}

const STEPS: Readonly<Record<string, 1 | -1>> = { ArrowDown: 1, ArrowUp: -1 };

function rowOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('.row') : null;
}
