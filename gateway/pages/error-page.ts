import type { HttpError } from '../http/http-error.js';
import { escapeHtml } from './escape-html.js';
import type { PageFiles } from './page-files.js';

const TITLES: Readonly<Record<number, string>> = {
  404: 'Not found',
  503: 'Not ready',
};

/** An error for people; plain where the pages have not been built. */
export function errorPage(pages: PageFiles, error: HttpError, footerHtml: string): string {
  const title = TITLES[error.status] ?? 'That did not work';
  const page = pages.page('error', { footerHtml, title, detail: error.detail });
  return (
    page ?? `<!doctype html>\n<title>${title}</title>\n<p>${escapeHtml(error.detail)}</p>\n${footerHtml}\n`
  );
}
