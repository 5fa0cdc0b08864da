import type { Response } from 'express';
import { drained } from '../events/drained.js';
import { LOG_PAGE_POLICY, LogPage } from './log-page.js';

export interface WriterOptions {
  readonly response: Response;
  readonly title: string;
  /** As it is, instead of a page. */
  readonly isPlain: boolean;
  /** Nothing on the way may hold back what was written. */
  readonly isFollowed: boolean;
}

/** A reader may take so long to fetch a piece. */
const PATIENCE_MS = 60_000;
const UNFINISHED =
  'The log ends here, but not because there is no more: it could not be read further. Load it again.';

/** Answers with a log, as fast as it is read and never with more than a piece of it in memory. */
export class LogWriter {
  private readonly options: WriterOptions;
  private readonly page: LogPage | undefined;

  constructor(options: WriterOptions) {
    this.options = options;
    this.page = options.isPlain ? undefined : new LogPage();
  }

  async begin(): Promise<void> {
    const { response, isFollowed, title } = this.options;
    response.setHeader('Content-Type', `text/${this.page ? 'html' : 'plain'}; charset=utf-8`);
    response.setHeader('Content-Security-Policy', LOG_PAGE_POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Vary', 'Accept');
    // no-transform keeps compression away, which would wait for more.
    response.setHeader('Cache-Control', isFollowed ? 'no-store, no-transform' : 'no-store');
    if (isFollowed) response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    if (this.page !== undefined) await this.write(this.page.begin(title));
  }

  /** Resolves when more can be taken; the connection of a reader who takes nothing is cut. */
  push(bytes: Buffer): Promise<void> {
    return this.write(this.page === undefined ? bytes : this.page.push(bytes));
  }

  end(): void {
    this.options.response.end(this.page?.end());
  }

  /** The log is not whole. Plain text has no place to say so but a connection that is cut. */
  fail(): void {
    if (this.page === undefined) this.options.response.destroy();
    else this.options.response.end(this.page.end(UNFINISHED));
  }

  private async write(data: string | Buffer): Promise<void> {
    const { response } = this.options;
    if (data.length === 0 || response.write(data)) return;
    if (!(await drained(response, PATIENCE_MS))) response.destroy();
  }
}
