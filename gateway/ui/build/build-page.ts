import { html, type TemplateResult } from 'lit';
import { LightElement } from '../parts/light-element.js';
import type { Session } from '../session/session.js';
import { shownStateOf } from '../state/display-state.js';
import { stateMark } from '../state/state-mark.js';
import { showInTab } from '../state/tab.js';
import type { BuildStore } from '../store/build-store.js';

/** One build. */
export class BuildPage extends LightElement {
  static override properties = { name: {}, store: { attribute: false }, session: { attribute: false } };
  name = '';
  store: BuildStore | undefined;
  session: Session | undefined;
  private stop: (() => void) | undefined;

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('store')) return;
    this.stop?.();
    this.stop = this.store?.onChange(() => this.requestUpdate());
  }

  override render(): TemplateResult {
    const build = this.store?.builds.get(this.name);
    if (build === undefined) return html`<h1>${this.name}</h1>`;
    return html`<h1>${build.name}</h1>${stateMark(build, Date.now())}`;
  }

  override updated(): void {
    const build = this.store?.builds.get(this.name);
    if (build !== undefined) showInTab(`${build.name} · runboat`, shownStateOf(build));
  }
}
