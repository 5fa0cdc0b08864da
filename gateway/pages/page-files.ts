import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { escapeHtml } from './escape-html.js';

/** Pages as `gateway/ui` is built into, by their file's name. */
export type PageName = 'index' | 'builds' | 'build' | 'error';

export interface PageParts {
  /** HTML, as the administrator wrote it. */
  readonly footerHtml: string;
  /** Texts, for pages that have a place for them. */
  readonly title?: string;
  readonly detail?: string;
}

/** Where the built pages are, beside the compiled gateway. */
export const BUILT_PAGES = fileURLToPath(new URL('../ui/', import.meta.url));

/** The built pages, read once. */
export class PageFiles {
  private readonly folder: string;
  private readonly read = new Map<PageName, string>();

  constructor(folder: string = BUILT_PAGES) {
    this.folder = folder;
  }

  /** A page with the footer of the configuration; undefined when the pages have not been built. */
  page(name: PageName, { footerHtml, title = '', detail = '' }: PageParts): string | undefined {
    return this.template(name)
      ?.replaceAll('<!--title-->', () => escapeHtml(title))
      .replace('<!--detail-->', () => escapeHtml(detail))
      .replace('<!--footer-html-->', () => footerHtml);
  }

  private template(name: PageName): string | undefined {
    const known = this.read.get(name);
    if (known !== undefined) return known;
    const text = readIfThere(path.join(this.folder, `${name}.html`));
    if (text !== undefined) this.read.set(name, text);
    return text;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
