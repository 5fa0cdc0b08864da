import { html, type TemplateResult } from 'lit';
import type { BuildJson } from '../../builds/build-json.js';
import { webAddress } from '../parts/web-address.js';
import { TEXTS } from '../texts.js';

export function logOf(name: string, kind: 'init-log' | 'log'): string {
  return `/api/v1/builds/${encodeURIComponent(name)}/${kind}`;
}

/** A link, but only to a web address: what an address says comes from a cluster, and must never run a script. */
export function safeLink(href: string, content: unknown, classes = ''): TemplateResult {
  const address = webAddress(href);
  if (address === undefined) return html`<span>${content}</span>`;
  return html`<a href=${address} class=${classes} rel="noreferrer">${content}</a>`;
}

/** `16.0`, or `#12 → 16.0` for a pull request. */
export function placeText({ pr, target_branch: branch }: Partial<BuildJson['commit_info']>): string {
  return typeof pr === 'number' ? TEXTS.build.pullRequest(pr, branch ?? '') : (branch ?? '');
}

export function shortCommit(commit: string): string {
  return commit.slice(0, 8);
}
