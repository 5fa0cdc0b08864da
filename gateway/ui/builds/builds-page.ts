import { html, type TemplateResult } from 'lit';
import { LightElement } from '../parts/light-element.js';
import type { Session } from '../session/session.js';
import { stateMark } from '../state/state-mark.js';
import type { BuildStore } from '../store/build-store.js';

/** All builds, or those that the address asks for. */
export class BuildsPage extends LightElement {
  static override properties = { store: { attribute: false }, session: { attribute: false } };
  store: BuildStore | undefined;
  session: Session | undefined;
  private stop: (() => void) | undefined;

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('store')) return;
    this.stop?.();
    this.stop = this.store?.onChange(() => this.requestUpdate());
  }

  override render(): TemplateResult {
    const builds = [...(this.store?.builds.values() ?? [])];
    return html`<h1>Builds</h1>${builds.map((build) => html`<p>${stateMark(build, Date.now())} ${build.name}</p>`)}`;
  }
}
