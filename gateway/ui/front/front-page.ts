import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { countText } from '../parts/counts.js';
import { LightElement } from '../parts/light-element.js';
import { stateCounts } from '../parts/state-counts.js';
import { ageText, momentText } from '../parts/times.js';
import { Ticking, Watching } from '../parts/watching.js';
import { buildPage, repoPage, webAddress } from '../parts/web-address.js';
import { stateMark } from '../state/state-mark.js';
import type { Build, BuildStore } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import type { Limits } from './limits.js';
import { meter } from './meter.js';
import { overviewOf } from './overview.js';

const { front: TEXT } = TEXTS;

/** Builds named in a list here; all of them are in the list of builds. */
const NAMED = 6;

/** The state of the whole: what is used of each limit, what waits, what runs, and the repositories. */
export class FrontPage extends LightElement {
  static override properties = { store: { attribute: false }, limits: { attribute: false } };
  store: BuildStore | undefined;
  limits: Limits | undefined;

  constructor() {
    super();
    new Watching(this, () => [this.store, this.limits]);
    new Ticking(this);
  }

  override render(): TemplateResult {
    const { queue, running, repos } = overviewOf(this.store?.builds.values() ?? []);
    return html`<h1 class="hidden-words">${TEXT.heading}</h1>
      <div class="meters">${this.meters()}</div>
      ${this.store?.synced && repos.length === 0 ? empty() : nothing}
      ${this.store?.synced && repos.length > 0 ? this.lists(queue, running, repos) : nothing}`;
  }

  private meters(): TemplateResult {
    const counts = this.limits?.counts;
    const list = '/webui/builds.html';
    const waiting = counts?.to_initialize ?? 0;
    return html`${meter({
      title: TEXT.initializing,
      used: counts?.initializing,
      limit: counts?.max_initializing,
      hint: counts ? TEXT.waiting(waiting, countText(waiting)) : '',
      href: `${list}?status=initializing`,
    })}${meter({
      title: TEXT.started,
      used: counts?.started,
      limit: counts?.max_started,
      hint: TEXT.startedHint,
      href: `${list}?status=started`,
    })}${meter({
      title: TEXT.deployed,
      used: counts?.deployed,
      limit: counts?.max_deployed,
      hint: TEXT.deployedHint,
      href: list,
    })}`;
  }

  private lists(
    queue: readonly Build[],
    running: readonly Build[],
    repos: readonly { name: string; builds: readonly Build[] }[],
  ): TemplateResult {
    return html`<div class="halves">
        <section aria-labelledby="queue"><h2 id="queue">${TEXT.queue}</h2>
          ${buildList(queue, TEXT.queueEmpty, 'initializing')}</section>
        <section aria-labelledby="running"><h2 id="running">${TEXT.running}</h2>
          ${buildList(running, TEXT.runningEmpty, 'started')}</section>
      </div>
      <section aria-labelledby="repositories"><h2 id="repositories">${TEXT.repositories}</h2>
        <ul class="repos">${repeat(
          repos,
          ({ name }) => name,
          ({ name, builds }) => repoItem(name, builds),
        )}</ul></section>`;
  }
}

function buildList(builds: readonly Build[], emptyText: string, status: string): TemplateResult {
  if (builds.length === 0) return html`<p class="quiet nothing">${emptyText}</p>`;
  const rest = builds.length - NAMED;
  return html`<ul class="named">${repeat(
    builds.slice(0, NAMED),
    ({ name }) => name,
    (build) => html`<li>${namedBuild(build)}</li>`,
  )}</ul>${rest > 0 ? html`<p class="more"><a href=${`/webui/builds.html?status=${status}`}>${TEXT.more(countText(rest))}</a></p>` : nothing}`;
}

function namedBuild(build: Build): TemplateResult {
  const { repo, target_branch: branch, pr } = build.commit_info;
  const now = Date.now();
  const open = build.status === 'started' ? webAddress(build.deploy_link) : undefined;
  const since = build.status === 'started' ? build.last_scaled : build.created;
  return html`${stateMark(build, now)}
    <a class="named-main" href=${buildPage(build.name)}><span>${repo}</span>
      <b>${pr ? TEXT.pullRequest(pr) : branch}</b></a>
    <time class="quiet" datetime=${since} title=${momentText(since)}>${ageText(since, now)}</time>
    ${open ? html`<a class="button" href=${open}>${TEXTS.list.open}</a>` : nothing}`;
}

function repoItem(name: string, builds: readonly Build[]): TemplateResult {
  return html`<li><a href=${repoPage(name)}>${name}</a>
    <span class="quiet">${TEXT.builds(builds.length, countText(builds.length))}</span>
    <span class="counts">${stateCounts(builds)}</span></li>`;
}

function empty(): TemplateResult {
  const { none, noneHint, api } = TEXTS.empty;
  return html`<section class="lonely"><h2>${none}</h2><p>${noneHint}</p><a class="button" href="/docs">${api}</a></section>`;
}
