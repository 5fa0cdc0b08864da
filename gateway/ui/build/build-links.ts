import { html, type TemplateResult } from 'lit';
import type { BuildJson } from '../../builds/build-json.js';
import { TEXTS } from '../texts.js';

export function pageOf(name: string): string {
  return `/webui/build.html?name=${encodeURIComponent(name)}`;
}

/** The list of builds, narrowed to what is given. */
export function listOf(filter: { repo?: string; branch?: string; pr?: number | null }): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) {
    if (value !== undefined && value !== null) query.set(key, String(value));
  }
  return `/webui/builds.html?${query}`;
}

export function logOf(name: string, kind: 'init-log' | 'log'): string {
  return `/api/v1/builds/${encodeURIComponent(name)}/${kind}`;
}

/** A link, but only to a web address: what an address says comes from a cluster, and must never run a script. */
export function safeLink(href: string, content: unknown, classes = ''): TemplateResult {
  if (!isWebAddress(href)) return html`<span>${content}</span>`;
  return html`<a href=${href} class=${classes} rel="noreferrer">${content}</a>`;
}

export function isWebAddress(href: string): boolean {
  return /^https?:\/\//i.test(href);
}

/** `16.0`, or `#12 → 16.0` for a pull request. */
export function placeText({ pr, target_branch: branch }: Partial<BuildJson['commit_info']>): string {
  return typeof pr === 'number' ? TEXTS.build.pullRequest(pr, branch ?? '') : (branch ?? '');
}

export function shortCommit(commit: string): string {
  return commit.slice(0, 8);
}
