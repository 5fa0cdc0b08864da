import type { ServerResponse } from 'node:http';
import { isNewer } from '../../lib/kube/resource-version.js';
import type { BuildFilter } from '../builds/build-filter.js';
import { drained } from './drained.js';
import { type FeedChange, tellOf } from './feed-change.js';
import { type ChangeFrames, commentFrame, type Goodbye, signalFrame } from './frames.js';

export interface StreamOptions {
  readonly response: ServerResponse;
  readonly filter: BuildFilter;
  /** A listener that came from a gateway ahead of this one has all up to this resourceVersion. */
  readonly hasUpTo: string | undefined;
}

/** More waiting data than this, bytes, and the reader is too slow. */
export const MAX_WAITING_BYTES = 1024 * 1024;
/** A reader may take so long to fetch a piece of the beginning. */
const PATIENCE_MS = 60_000;
/** A reader may take so long to fetch what waits after the goodbye. */
const LAST_WORDS_MS = 30_000;

/** One listener: first what it is to begin with, at its own pace, then each change as it comes. */
export class EventStream {
  private readonly response: ServerResponse;
  readonly filter: BuildFilter;
  private hasUpTo: string | undefined;
  /** Changes that wait for the end of the beginning; undefined: it is over. */
  private waiting: Buffer[] | undefined = [];
  private waitingBytes = 0;
  /** What is to be written after the beginning that is being written. */
  private next: Iterable<string> | undefined;
  private isOver = false;

  constructor({ response, filter, hasUpTo }: StreamOptions) {
    this.response = response;
    this.filter = filter;
    this.hasUpTo = hasUpTo;
    response.once('close', () => {
      this.isOver = true;
      this.waiting = undefined;
    });
  }

  /** Writes the beginning as fast as it is read. Resolves when the stream is live, or over. */
  async begin(pieces: Iterable<string>): Promise<void> {
    this.next = pieces;
    while (this.next !== undefined) {
      const { next } = this;
      this.next = undefined;
      await this.writeAll(next);
    }
    const { waiting } = this;
    this.waiting = undefined;
    for (const frame of waiting ?? []) this.write(frame);
  }

  /** Whether the client has seen more than this gateway, elsewhere. */
  get isAhead(): boolean {
    return this.hasUpTo !== undefined;
  }

  /** Writes another beginning, in the place of all that waits. Resolves as `begin` does. */
  async beginAnew(pieces: Iterable<string>): Promise<void> {
    if (this.isOver) return;
    const isBeginning = this.waiting !== undefined;
    this.hasUpTo = undefined;
    this.waiting = [];
    this.waitingBytes = 0;
    if (isBeginning) this.next = pieces;
    else await this.begin(pieces);
  }

  tell(change: FeedChange, frames: ChangeFrames): void {
    if (this.isOver || this.has(change)) return;
    const event = tellOf(change, this.filter);
    if (event !== undefined) this.send(frames.of(event));
  }

  /** Keeps the connection alive; `position` is the version that all changes so far have brought. */
  keepAlive(position: string | undefined): void {
    if (this.isOver || this.waiting !== undefined) return;
    this.write(Buffer.from(commentFrame(this.hasUpTo === undefined ? position : undefined)));
  }

  goodbye(reason: Goodbye): void {
    if (this.isOver) return;
    this.isOver = true;
    this.waiting = undefined;
    this.response.end(signalFrame('goodbye', { reason }));
    const limit = setTimeout(() => this.response.destroy(), LAST_WORDS_MS).unref();
    this.response.once('close', () => clearTimeout(limit));
  }

  private async writeAll(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) {
      if (this.isOver) return;
      if (!this.response.write(piece) && !(await drained(this.response, PATIENCE_MS))) this.goodbye('slow');
    }
  }

  private has({ version }: FeedChange): boolean {
    if (this.hasUpTo === undefined || version === undefined) return false;
    if (!isNewer(version, this.hasUpTo)) return true;
    this.hasUpTo = undefined;
    return false;
  }

  private send(frame: Buffer): void {
    if (this.waiting === undefined) {
      this.write(frame);
      return;
    }
    this.waiting.push(frame);
    this.waitingBytes += frame.length;
    if (this.waitingBytes > MAX_WAITING_BYTES) this.goodbye('slow');
  }

  private write(frame: Buffer): void {
    if (this.isOver) return;
    this.response.write(frame);
    if (this.response.writableLength > MAX_WAITING_BYTES) this.goodbye('slow');
  }
}
