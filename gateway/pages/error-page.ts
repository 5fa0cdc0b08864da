import type { HttpError } from '../http/http-error.js';
import { escapeHtml, htmlPage } from './html.js';

const TITLES: Readonly<Record<number, string>> = {
  404: 'Not found',
  503: 'Not ready',
};

export function errorPage(error: HttpError, footerHtml: string): string {
  const title = TITLES[error.status] ?? 'That did not work';
  const body = `<h1>${title}</h1>\n<p>${escapeHtml(error.detail)}</p>\n<p><a href="/webui/">All builds</a></p>`;
  return htmlPage({ title, body, footerHtml });
}
