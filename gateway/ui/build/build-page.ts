import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { callApi } from '../api.js';
import { type BuildAction, BuildActions, isOffered } from '../parts/build-actions.js';
import { LightElement } from '../parts/light-element.js';
import { memoryOf } from '../parts/memory.js';
import { Ticking, Watching } from '../parts/watching.js';
import { buildPage, webAddress } from '../parts/web-address.js';
import type { Session } from '../session/session.js';
import { shownStateOf } from '../state/display-state.js';
import { showInTab } from '../state/tab.js';
import type { Build, BuildEvent, BuildStore } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { actionBar } from './action-bar.js';
import { ActionFocus } from './action-focus.js';
import { placeText, shortCommit } from './build-links.js';
import { factsView } from './facts-view.js';
import { goneView, neverSeenView } from './gone-view.js';
import { headline } from './headline.js';
import { type LogKind, logPanel } from './log-panel.js';
import { Neighbours } from './neighbours.js';
import { othersView } from './others-view.js';
import { progressView } from './progress-view.js';
import { type SeenBuild, SeenBuilds } from './seen-builds.js';
import { timelineView } from './timeline-view.js';

/** One build, live. Nothing is started by opening it. */
export class BuildPage extends LightElement {
  static override properties = {
    name: {},
    forwards: { type: Boolean },
    store: { attribute: false },
    session: { attribute: false },
  };
  name = '';
  /** Somebody followed a link to the build itself: the page goes there once it is ready. */
  forwards = false;
  store: BuildStore | undefined;
  session: Session | undefined;
  private readonly redraw = () => this.requestUpdate();
  private readonly seenBuilds = new SeenBuilds(memoryOf('localStorage'));
  private actions: BuildActions | undefined;
  private readonly neighbours = new Neighbours(this.redraw);
  private readonly again = { isBuilding: false, trouble: '' };
  private gone: SeenBuild | undefined;
  private log: LogKind = 'init-log';
  /** The states that were announced last, for those who do not see them. */
  private announced = '';
  private stop: (() => void) | undefined;

  constructor() {
    super();
    new Watching(this, () => [this.store, this.session, this.actions]);
    new Ticking(this);
    new ActionFocus(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.takeKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.takeKey);
    this.neighbours.close();
    this.stop?.();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('store')) {
      this.stop?.();
      this.stop = this.store?.onEvent((event) => this.take(event));
    }
    if (changed.has('session') && this.session) this.actions = new BuildActions(this.session);
    const { build } = this;
    if (build === undefined) this.rememberGone();
    else this.look(build);
  }

  protected override updated(): void {
    const { build } = this;
    if (build === undefined) {
      if (this.store?.synced) showInTab(`${TEXTS.build.goneTitle} · ${this.name}`);
      return;
    }
    const state = shownStateOf(build);
    const { commit_info: commit } = build;
    const title = `${TEXTS.states[state]} · ${commit.repo} ${placeText(commit)} ${shortCommit(commit.git_commit)}`;
    showInTab(title, state);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { build, store, session, actions } = this;
    if (store === undefined || session === undefined || actions === undefined) return nothing;
    const now = Date.now();
    if (build !== undefined) return this.buildView(build, actions, now);
    if (!store.synced) return html`<p class="quiet">${TEXTS.connection.connecting}</p>`;
    if (this.gone === undefined) return neverSeenView(this.name);
    return goneView({
      ...this.again,
      seen: this.gone,
      ofRepo: this.neighbours.ofRepo ?? [],
      mayBuild: session.may('create'),
      buildAgain: () => void this.buildAgain(),
      now,
    });
  }

  private buildView(build: Build, actions: BuildActions, now: number): TemplateResult {
    const { neighbours, forwards } = this;
    return html`
      <div class="build">
        <div class="build-head">${headline(build, now)}</div>
        <p class="hidden-words" role="status">${this.announced}</p>
        ${actionBar({ build, actions, forwards, showLog: () => this.showLogEnd() })}
        ${forwards ? this.forwardNotice(build) : nothing}
        ${progressView(build, neighbours, now)}
        ${timelineView(build, now)}
        <div class="build-parts">
          ${logPanel({ build, kind: this.log, choose: (kind) => this.chooseLog(kind) })}
          <aside class="build-side">
            ${factsView(build, now)} ${othersView(build, neighbours.ofRepo ?? [], now)}
          </aside>
        </div>
      </div>`;
  }

  private forwardNotice(build: Build): TemplateResult | typeof nothing {
    const words = TEXTS.build.forward;
    if (build.status === 'undeploying' || build.status === 'failed') return nothing;
    return html`<p class="forward">${isOffered('start', build) ? words.offer : words.goesOn}
      <button type="button" class="link" @click=${() => this.stay()}>${words.stay}</button></p>`;
  }

  private get build(): Build | undefined {
    return this.store?.builds.get(this.name);
  }

  private take(event: BuildEvent): void {
    const { build } = event;
    if (build.name !== this.name) return;
    this.seenBuilds.remember(build, Date.now());
    this.announce(build);
    this.actions?.take(event);
  }

  private look(build: Build): void {
    this.gone = undefined;
    const state = shownStateOf(build);
    this.neighbours.watch(build.commit_info.repo, state === 'waiting' || state === 'initializing');
    if (this.log === 'log' && build.status !== 'started') this.log = 'init-log';
    if (this.forwards && build.status === 'started') this.forward(build.deploy_link);
  }

  private announce(build: Build): void {
    const state = shownStateOf(build);
    const place = state === 'waiting' && build.queue_position !== null;
    this.announced = `${TEXTS.states[state]}${place ? `, ${TEXTS.stateDetail.place(build.queue_position!)}` : ''}`;
  }

  private rememberGone(): void {
    if (!this.store?.synced || this.gone !== undefined) return;
    this.gone = this.seenBuilds.get(this.name);
    if (this.gone !== undefined) this.neighbours.watch(this.gone.repo, false);
  }

  /** Going back must not lead here again, which would lead there again. */
  private forward(address: string): void {
    this.forwards = false;
    const target = webAddress(address);
    if (target !== undefined) location.replace(target);
  }

  private stay(): void {
    this.forwards = false;
    history.replaceState(history.state, '', `${buildPage(this.name)}${location.hash}`);
  }

  private chooseLog(kind: LogKind): void {
    this.log = kind;
    this.requestUpdate();
  }

  private showLogEnd(): void {
    this.chooseLog('init-log');
    void this.updateComplete.then(() => {
      const log = this.querySelector<HTMLElement>('.log-scroll');
      log?.scrollIntoView({ block: 'center' });
      log?.focus({ preventScroll: true });
    });
  }

  private async buildAgain(): Promise<void> {
    const { gone, session, again } = this;
    if (gone === undefined || session === undefined || again.isBuilding) return;
    Object.assign(again, { isBuilding: true, trouble: '' });
    this.requestUpdate();
    const { repo, target_branch, pr, git_commit: commit } = gone;
    const query = new URLSearchParams({
      repo,
      target_branch,
      commit,
      ...(pr === null ? {} : { pr: String(pr) }),
    });
    const { authorization } = session;
    const answer = await callApi<{ name: string }>(`/builds?${query}`, { method: 'POST', authorization });
    if (answer.ok && answer.value.name !== this.name) location.assign(buildPage(answer.value.name));
    Object.assign(again, { isBuilding: false, trouble: answer.ok ? '' : answer.detail });
    this.requestUpdate();
  }

  /** `s` starts, `o` opens, Escape takes a question back, as long as nothing is being typed. */
  private readonly takeKey = (event: KeyboardEvent) => {
    const isTyping = (event.target as Element).matches('input, textarea, select');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 's') this.press('start');
    if (event.key === 'Escape' && this.actions?.of(this.name)?.phase === 'unsure')
      this.actions.settle(this.name);
    if (event.key === 'o')
      this.querySelector<HTMLAnchorElement>('a.button.main[aria-keyshortcuts="o"]')?.click();
  };

  private press(action: BuildAction): void {
    this.querySelector<HTMLButtonElement>(`button[data-action="${action}"]`)?.click();
  }
}
