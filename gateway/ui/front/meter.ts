import { html, type TemplateResult } from 'lit';
import { styleMap } from 'lit/directives/style-map.js';
import { countText } from '../parts/counts.js';
import { TEXTS } from '../texts.js';

export interface MeterParts {
  readonly title: string;
  /** Undefined: not known yet; the place is kept. */
  readonly used: number | undefined;
  readonly limit: number | undefined;
  readonly hint: string;
  readonly href: string;
}

/** How much of a limit is used, as a number and as a bar. */
export function meter({ title, used, limit, hint, href }: MeterParts): TemplateResult {
  const part = used === undefined || !limit ? 0 : Math.min(1, used / limit);
  const words =
    used === undefined || limit === undefined ? '–' : TEXTS.front.used(countText(used), countText(limit));
  const isFull = used !== undefined && limit !== undefined && used >= limit;
  return html`<a class="meter ${isFull ? 'full' : ''}" href=${href}>
    <span class="meter-title">${title}</span>
    <span class="meter-words">${words}</span>
    <span class="meter-bar" aria-hidden="true"><span style=${styleMap({ width: `${part * 100}%` })}></span></span>
    <span class="meter-hint">${hint}</span>
  </a>`;
}
