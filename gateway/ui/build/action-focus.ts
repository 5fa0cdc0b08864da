import type { ReactiveController } from 'lit';
import type { LightElement } from '../parts/light-element.js';

/** Keeps the focus at what can be done with a build: the button that had it goes with the state that it was for. */
export class ActionFocus implements ReactiveController {
  private readonly host: LightElement;
  private hadFocus = false;
  /** The action that is asked about. */
  private question: string | undefined;

  constructor(host: LightElement) {
    this.host = host;
    host.addController(this);
  }

  hostUpdate(): void {
    const focused = document.activeElement;
    this.hadFocus =
      this.host.contains(focused) && focused?.closest('.build > .actions, .build > .confirm') !== null;
  }

  hostUpdated(): void {
    const before = this.question;
    this.question = this.find('.confirm')?.dataset['question'];
    // A question is to be heard, and its safe answer is the one at hand.
    if (this.question !== undefined && this.question !== before) this.focus('[data-decline]');
    else if (this.hadFocus && document.activeElement === document.body) {
      this.focus(`button[data-action="${before}"]`, '.button');
    }
  }

  private focus(...selectors: string[]): void {
    const found = selectors.map((selector) => this.find(selector)).find((element) => element !== null);
    found?.focus({ preventScroll: true });
  }

  private find(selector: string): HTMLElement | null {
    return this.host.querySelector<HTMLElement>(
      `.build > ${selector}, .build > .actions ${selector}, .build > .confirm ${selector}`,
    );
  }
}
