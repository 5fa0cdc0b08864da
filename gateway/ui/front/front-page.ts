import { html, type TemplateResult } from 'lit';
import { LightElement } from '../parts/light-element.js';
import type { BuildStore } from '../store/build-store.js';

/** The state of the whole. */
export class FrontPage extends LightElement {
  static override properties = { store: { attribute: false } };
  store: BuildStore | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.store?.onChange(() => this.requestUpdate());
  }

  override render(): TemplateResult {
    return html`<h1>runboat</h1><p>${this.store?.builds.size}</p>`;
  }
}
