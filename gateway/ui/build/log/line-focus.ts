import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** The log whose numbers take the focus. */
export interface NumberedLog extends ReactiveControllerHost, HTMLElement {
  /** The first and the last line there is. */
  readonly ends: { readonly first: number; readonly last: number };
  /** Lines that are seen at once. */
  readonly page: number;
  /** Scrolls only as far as needed to see the line, and draws it. */
  bring(number: number): void;
}

/**
 * Moves the focus through the numbers of lines by keys. One number at a time is a stop of the Tab key, or a long log
 * could not be left. Keeps the focus at its line while lines come, go and are drawn anew.
 */
export class LineFocus implements ReactiveController {
  /** The line whose number has the focus; undefined: none. */
  number: number | undefined;
  private readonly log: NumberedLog;

  constructor(log: NumberedLog) {
    this.log = log;
    log.addController(this);
  }

  hostConnected(): void {
    this.log.addEventListener('keydown', this.pressed);
    document.addEventListener('focusin', this.moved);
    document.addEventListener('pointerdown', this.moved);
  }

  hostDisconnected(): void {
    this.log.removeEventListener('keydown', this.pressed);
    document.removeEventListener('focusin', this.moved);
    document.removeEventListener('pointerdown', this.moved);
  }

  /** After drawing, an element may stand for another line, or be gone with the line that it stood for. */
  hostUpdated(): void {
    if (this.number === undefined) return;
    const focused = document.activeElement;
    if (focused !== document.body && lineOf(focused) === undefined) return;
    const link = this.linkOf(this.number);
    if (link === focused) return;
    if (link === null) this.number = undefined;
    (link ?? this.log.querySelector<HTMLElement>('.log-scroll'))?.focus({ preventScroll: true });
  }

  private readonly moved = (event: Event) => {
    this.number = this.log.contains(event.target as Node) ? lineOf(event.target) : undefined;
  };

  private readonly pressed = (event: KeyboardEvent) => {
    const at = lineOf(event.target);
    if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const { first, last } = this.log.ends;
    const next = { ...STEPS, PageUp: -this.log.page, PageDown: this.log.page }[event.key];
    const wanted = event.key === 'Home' ? first : event.key === 'End' ? last : at + (next ?? Number.NaN);
    if (Number.isNaN(wanted)) return;
    event.preventDefault();
    this.number = Math.min(Math.max(wanted, first), last);
    this.log.bring(this.number);
  };

  private linkOf(number: number): HTMLElement | null {
    return this.log.querySelector<HTMLElement>(`[data-line="${number}"]`);
  }
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

function lineOf(target: EventTarget | null): number | undefined {
  const number = target instanceof HTMLElement ? target.dataset['line'] : undefined;
  return number === undefined ? undefined : Number(number);
}
