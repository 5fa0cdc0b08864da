import { LitElement } from 'lit';

/**
 * The base of all components. They draw into themselves, without a shadow root: the style sheet of the page reaches
 * them before any script runs, and labels and addresses (`#L12`) work across them. What the server wrote into the
 * element for the time before is replaced.
 */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    this.replaceChildren();
    return this;
  }
}
