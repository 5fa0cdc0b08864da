import type { BuildFeed } from './build-feed.js';
import type { FeedChange } from './feed-change.js';

/** An id that no change has: who comes back with it does not have the state of any one moment, and begins anew. */
export const INCOMPLETE = '0';

/** Why the gateway ends a stream. */
export type Goodbye = 'slow' | 'shutdown' | 'failed';

/** One message about a build; `json` is the build's. With an id, who has got it has all up to that version. */
export function buildFrame(event: 'upd' | 'del', json: string, id?: string): string {
  return `${idLine(id)}data: {"event": "${event}", "build": ${json}}\n\n`;
}

/** A signal besides the builds; clients that only know unnamed messages do not see it. */
export function signalFrame(event: 'synced' | 'reset' | 'goodbye', data: object, id?: string): string {
  return `event: ${event}\n${idLine(id)}data: ${JSON.stringify(data)}\n\n`;
}

/** Keeps the connection alive. The id that comes with it is no message, but moves on where the client would resume. */
export function commentFrame(id?: string): string {
  return `: \n${idLine(id)}\n`;
}

function idLine(id: string | undefined): string {
  return id === undefined ? '' : `id: ${id}\n`;
}

/** The messages of one change, made once for all listeners and only when somebody needs them. */
export class ChangeFrames {
  private readonly feed: BuildFeed;
  private readonly change: FeedChange;
  private readonly made: { upd?: Buffer; del?: Buffer } = {};

  constructor(feed: BuildFeed, change: FeedChange) {
    this.feed = feed;
    this.change = change;
  }

  of(event: 'upd' | 'del'): Buffer {
    this.made[event] ??= this.make(event);
    return this.made[event];
  }

  private make(event: 'upd' | 'del'): Buffer {
    const last = (this.change.new ?? this.change.old)!;
    return Buffer.from(buildFrame(event, this.feed.tell(last), this.change.version ?? INCOMPLETE));
  }
}
