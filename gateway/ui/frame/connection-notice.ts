import { html, nothing, type TemplateResult } from 'lit';
import { LightElement } from '../parts/light-element.js';
import { durationText } from '../parts/times.js';
import { Ticking, Watching } from '../parts/watching.js';
import type { BuildStore } from '../store/build-store.js';
import { TEXTS } from '../texts.js';

/** A short loss is not worth a word, milliseconds. */
const PATIENCE_MS = 1500;

/** Says, over the foot of the page so that nothing moves, that what is shown may be old, and how old it is. */
export class ConnectionNotice extends LightElement {
  static override properties = { store: { attribute: false } };
  store: BuildStore | undefined;
  private lostAt: number | undefined;

  constructor() {
    super();
    new Watching(this, () => [this.store]);
    new Ticking(this);
  }

  override render(): TemplateResult {
    const text = this.text(Date.now());
    document.body.toggleAttribute('data-offline', text !== undefined);
    // The place of a message has to be there before the message for it to be read out.
    return html`<div role="status">${text === undefined ? nothing : html`<p class="connection-lost">${text}</p>`}</div>`;
  }

  private text(now: number): string | undefined {
    const { connection, heardAt } = this.store ?? {};
    if (connection !== 'offline') {
      this.lostAt = undefined;
      return undefined;
    }
    this.lostAt ??= now;
    if (now - this.lostAt < PATIENCE_MS) return undefined;
    if (!heardAt) return TEXTS.connection.never;
    return TEXTS.connection.offline(TEXTS.ages.ago(durationText(now - heardAt)));
  }
}
