import { html, type TemplateResult } from 'lit';
import { agoText, momentText } from '../parts/times.js';
import { hostOf } from '../parts/web-address.js';
import type { Build } from '../store/build-store.js';
import { TEXTS } from '../texts.js';
import { logOf, safeLink } from './build-links.js';

type Fact = readonly [name: string, value: unknown];

/** What else is to be known of a build: links first, since people look for those. */
export function factsView(build: Build, now: number): TemplateResult {
  return html`<section class="facts" aria-labelledby="facts-title">
    <h2 id="facts-title">${TEXTS.build.facts}</h2>
    <dl>${factsOf(build, now).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </section>`;
}

function factsOf(build: Build, now: number): Fact[] {
  const words = TEXTS.build.fact;
  const { repo, pr, target_branch: branch, git_commit: commit } = build.commit_info;
  const isStarted = build.status === 'started';
  const log = (kind: 'init-log' | 'log') => html`<a href=${logOf(build.name, kind)}>${words[kind]}</a>`;
  const facts: (Fact | false)[] = [
    [words.commit, safeLink(build.repo_commit_link, html`<code>${commit}</code>`)],
    build.repo_pr_link !== null && [words.pr, safeLink(build.repo_pr_link, `${repo}#${pr}`)],
    [words.branch, safeLink(build.repo_target_branch_link, branch)],
    isStarted && [words.address, safeLink(build.deploy_link, hostOf(build.deploy_link))],
    isStarted && [words.mail, safeLink(build.deploy_link_mailhog, hostOf(build.deploy_link_mailhog))],
    [words.logs, html`${log('init-log')}${isStarted ? html`, ${log('log')}` : ''}`],
    build.image !== null && [words.image, html`<code>${build.image}</code>`],
    build.bundle !== null && [words.bundle, html`<code>${build.bundle}</code>`],
    [words.created, ageView(build.created, now)],
    build.last_scaled !== build.created && [words.scaled, ageView(build.last_scaled, now)],
    build.keep && [words.keep, words.kept],
    [words.name, html`<code>${build.name}</code>`],
  ];
  return facts.filter((fact) => fact !== false);
}

function ageView(time: string, now: number): TemplateResult {
  return html`<time datetime=${time} title=${momentText(time)}>${agoText(time, now)}</time>`;
}
