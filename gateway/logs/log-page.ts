import { AnsiUp } from 'ansi_up';
import { TerminalText } from './terminal-text.js';

/** What browsers may do with the page of a log: show it, with the colours, which are inline styles. */
export const LOG_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

const STYLE =
  'body{margin:0;background:#1e1e1e;color:#ddd}' +
  'pre{margin:0;padding:1em;font:13px/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}' +
  'p{margin:0;padding:1em;background:#600;color:#fff;font:14px sans-serif}';

/** A log as a page, made piece by piece. Nothing that stands in the log is anything but text there. */
export class LogPage {
  private readonly decoder = new TextDecoder();
  private readonly text = new TerminalText();
  private readonly colors = new AnsiUp();

  begin(title: string): string {
    const head = `<meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${STYLE}</style>`;
    return `<!DOCTYPE html>\n<html lang="en"><head>${head}</head><body><pre>`;
  }

  /** UTF-8 that was cut anywhere; what is no UTF-8 shows as replacement characters. */
  push(bytes: Uint8Array): string {
    return this.colors.ansi_to_html(this.text.push(this.decoder.decode(bytes, { stream: true })));
  }

  /** With a sentence for people when the log is not whole. */
  end(trouble?: string): string {
    const rest = this.text.push(this.decoder.decode()) + this.text.end();
    const note = trouble === undefined ? '' : `<p>${escapeHtml(trouble)}</p>`;
    return `${this.colors.ansi_to_html(rest)}</pre>${note}</body></html>\n`;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
