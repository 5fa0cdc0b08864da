import './account.css';
import { html, type TemplateResult } from 'lit';
import { LightElement } from '../parts/light-element.js';
import { TEXTS } from '../texts.js';
import type { PageSession } from './page-session.js';

/** Who is signed in, and signing in and out, in the header of every page. */
export class Account extends LightElement {
  static override properties = { session: { attribute: false } };
  session: PageSession | undefined;
  private isOpen = false;
  private isAsking = false;
  private trouble = '';
  private stop: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pointerdown', this.closeOutside);
    this.addEventListener('keydown', this.takeKey);
    this.addEventListener('focusout', this.takeFocusOut);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    document.removeEventListener('pointerdown', this.closeOutside);
    this.removeEventListener('keydown', this.takeKey);
    this.removeEventListener('focusout', this.takeFocusOut);
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('session')) return;
    this.stop?.();
    this.stop = this.session?.onChange(() => this.requestUpdate());
  }

  protected override render(): TemplateResult {
    const words = TEXTS.session;
    const user = this.session?.user ?? null;
    if (user !== null) {
      return html`<span class="account-user">${user}</span>
        <button type="button" class="button small" @click=${this.signOut}>${words.signOut}</button>`;
    }
    return html`<button type="button" class="button small" aria-expanded=${this.isOpen ? 'true' : 'false'}
        aria-controls="sign-in" @click=${() => this.show(!this.isOpen)}>${words.signIn}</button>
      ${this.form()}`;
  }

  private form(): TemplateResult {
    const words = TEXTS.session;
    return html`<form id="sign-in" class="account-form" ?hidden=${!this.isOpen} aria-label=${words.signIn} @submit=${this.submit}>
      <p class="quiet">${words.why}</p>
      <label>${words.user}<input class="field" name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required></label>
      <label>${words.password}<input class="field" name="password" type="password" autocomplete="current-password" required></label>
      <p class="account-trouble" role="alert">${this.trouble}</p>
      <button class="button main" aria-disabled=${this.isAsking ? 'true' : 'false'}>${this.isAsking ? words.asking : words.signIn}</button>
    </form>`;
  }

  private show(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.trouble = '';
    this.requestUpdate();
    void this.updateComplete.then(() => {
      if (isOpen) this.querySelector<HTMLInputElement>('input[name="user"]')?.focus();
    });
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    if (this.isAsking || this.session === undefined) return;
    const fields = new FormData(form);
    this.isAsking = true;
    this.requestUpdate();
    const answer = await this.session.signIn(String(fields.get('user')), String(fields.get('password')));
    this.isAsking = false;
    this.trouble = answer.ok ? '' : answer.detail;
    if (answer.ok) this.isOpen = false;
    this.requestUpdate();
    await this.updateComplete;
    // The place that had the focus may be gone.
    const next = answer.ok ? 'button' : 'input[name="password"]';
    this.querySelector<HTMLElement>(next)?.focus();
  }

  private readonly signOut = async () => {
    await this.session?.signOut();
    await this.updateComplete;
    this.querySelector<HTMLElement>('button')?.focus();
  };

  private readonly takeKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !this.isOpen) return;
    this.show(false);
    this.querySelector<HTMLElement>('button')?.focus();
  };

  /** What the focus goes to must not be under the form. */
  private readonly takeFocusOut = ({ relatedTarget: next }: FocusEvent) => {
    if (this.isOpen && next !== null && !this.contains(next as Node)) this.show(false);
  };

  private readonly closeOutside = (event: Event) => {
    if (this.isOpen && !this.contains(event.target as Node)) this.show(false);
  };
}
