import type { ServerResponse } from 'node:http';
import { isNewer } from '../../lib/kube/resource-version.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import type { BuildFilter } from '../builds/build-filter.js';
import { unavailable } from '../http/http-error.js';
import { type Beginning, Beginnings } from './beginnings.js';
import type { BuildFeed, FeedAudience } from './build-feed.js';
import { EventStream } from './event-stream.js';
import type { FeedChange } from './feed-change.js';
import { ChangeFrames } from './frames.js';

export interface HubOptions {
  readonly feed: BuildFeed;
  /** Whether the cluster has come as far as this resourceVersion; asked when the watch has not. */
  readonly isOfThePast: (version: string) => Promise<boolean>;
  readonly log: Pick<Logger, 'error'>;
  /** Milliseconds between signs of life; 10 000. */
  readonly keepAliveMs?: number;
  /** 5000. */
  readonly maxListeners?: number;
}

export interface Listener {
  /** Its headers are sent. */
  readonly response: ServerResponse;
  readonly filter: BuildFilter;
  /** The id of the last message that the client got, from whatever gateway. */
  readonly lastEventId: string | undefined;
}

/** All listeners to events. */
export class EventHub {
  private readonly options: HubOptions;
  private readonly beginnings: Beginnings;
  private readonly streams = new Set<EventStream>();
  private readonly timer: NodeJS.Timeout;
  private isClosed = false;

  constructor(options: HubOptions) {
    this.options = options;
    this.beginnings = new Beginnings(options.feed);
    options.feed.onChange((changes, beginAnew) => this.tell(changes, beginAnew));
    this.timer = setInterval(() => this.keepAlive(), options.keepAliveMs ?? 10_000).unref();
  }

  /** Listeners at present. */
  get size(): number {
    return this.streams.size;
  }

  /** @throws HttpError 503 when there are too many listeners. */
  refuseTooMany(): void {
    if (this.streams.size < (this.options.maxListeners ?? 5_000)) return;
    throw unavailable('Too many listeners to events are connected. Try again later.', 10);
  }

  /** Serves a listener. Resolves when it has got what it begins with. */
  async open({ response, filter, lastEventId }: Listener): Promise<void> {
    const isUsable = lastEventId === undefined || (await this.isUsable(lastEventId));
    if (response.destroyed) return;
    // From here to `begin` nothing may be waited for, or a change in between would be missed.
    const { pieces, hasUpTo } = this.beginningFor(filter, isUsable ? lastEventId : null);
    const stream = new EventStream({ response, filter, hasUpTo });
    if (this.isClosed) return stream.goodbye('shutdown');
    this.streams.add(stream);
    response.once('close', () => this.streams.delete(stream));
    await stream.begin(pieces);
  }

  /** Ends all streams, and those to come. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    for (const stream of this.streams) stream.goodbye('shutdown');
  }

  /** Null: the client's id is of no use. */
  private beginningFor(filter: BuildFilter, id: string | undefined | null): Beginning {
    const resumed = id ? this.beginnings.resumed(id, filter) : undefined;
    return resumed ?? this.beginnings.state(filter, id !== undefined);
  }

  /** Ids of a cluster's future are made up, or older than a restored backup of the cluster. */
  private async isUsable(id: string): Promise<boolean> {
    if (!/^[1-9]\d{0,19}$/.test(id)) return false;
    const { feed, isOfThePast } = this.options;
    const isAhead = feed.reached === undefined || isNewer(id, feed.reached);
    return !isAhead || isOfThePast(id);
  }

  private tell(changes: readonly FeedChange[], beginAnew?: FeedAudience): void {
    const told = changes.map((change) => ({ change, frames: new ChangeFrames(this.options.feed, change) }));
    for (const stream of this.streams) {
      if (beginAnew === 'everybody' || (beginAnew === 'those ahead' && stream.isAhead)) this.restart(stream);
      else for (const { change, frames } of told) stream.tell(change, frames);
    }
  }

  private restart(stream: EventStream): void {
    const { pieces } = this.beginnings.state(stream.filter, true);
    stream.beginAnew(pieces).catch((error: unknown) => {
      this.options.log.error({ err: error }, 'A stream of events could not begin anew and is ended');
      stream.goodbye('failed');
    });
  }

  private keepAlive(): void {
    for (const stream of this.streams) stream.keepAlive(this.options.feed.position);
  }
}
