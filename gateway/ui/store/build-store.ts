import type { BuildJson } from '../../builds/build-json.js';
import { EventConnection } from './event-connection.js';
import type { StreamMessage } from './event-parser.js';

/** A build as events carry it. */
export type Build = BuildJson;

/** What of builds a store holds; the query of `/api/v1/build-events`. */
export type BuildQuery = Readonly<
  Partial<Record<'repo' | 'target_branch' | 'branch' | 'pr' | 'status' | 'build_name', string>>
>;

/** `connecting`: not everything has come yet. `offline`: what is there, if anything, may be old. */
export type ConnectionState = 'connecting' | 'live' | 'offline';

export type BuildEvent = { readonly type: 'upd' | 'del'; readonly build: Build };

/** A frame takes longer only where nobody sees it. */
const HIDDEN_FRAME_MS = 200;

/** So many builds fill every screen. */
const FLOOD = 300;

/**
 * The builds that match a query as they are now, by name. It tells of changes at most once a frame, whatever comes;
 * `onEvent` hears of each.
 */
export class BuildStore {
  /** Never replaced, so that it can be kept. */
  readonly builds = new Map<string, Build>();
  connection: ConnectionState = 'connecting';
  /** All that matches has come at least once; before, there may be more than is seen. */
  synced = false;
  /** Why the gateway does not answer this query; undefined: it does. */
  refusal: string | undefined;
  /** When the gateway was last heard of, milliseconds since the epoch; 0: never. */
  heardAt = 0;
  private readonly handlers = new Set<() => void>();
  private readonly eventHandlers = new Set<(event: BuildEvent) => void>();
  private readonly stream: EventConnection;
  /** Builds that a whole state has not named so far; undefined: no whole state is coming. */
  private unnamed: Set<string> | undefined;
  private isTelling = false;

  constructor(query: BuildQuery = {}) {
    const parameters = new URLSearchParams(Object.entries(query)).toString();
    const address = `/api/v1/build-events${parameters === '' ? '' : `?${parameters}`}`;
    this.stream = new EventConnection(address, {
      onOpen: (anew) => this.begin(anew),
      onMessages: (messages) => this.takeAll(messages),
      onLost: () => this.lose(),
      onRefused: (detail) => {
        this.refusal = detail;
        this.tell();
      },
    });
  }

  open(): this {
    this.stream.open();
    return this;
  }

  close(): void {
    this.stream.close();
  }

  /** Called after changes of any kind, at most once a frame. The answer takes the handler away. */
  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /**
   * Called for each build that changed, or does not match any more, while `builds` has it as it was before.
   */
  onEvent(handler: (event: BuildEvent) => void): () => void {
    this.eventHandlers.add(handler);
    return () => this.eventHandlers.delete(handler);
  }

  private begin(anew: boolean): void {
    if (anew) this.expectAll();
    this.connection = this.synced ? 'live' : 'connecting';
    this.heardAt = Date.now();
    this.tell();
  }

  private lose(): void {
    this.connection = 'offline';
    this.tell();
  }

  private takeAll(messages: readonly StreamMessage[]): void {
    this.heardAt = Date.now();
    for (const message of messages) this.take(message);
    this.tell();
  }

  private take({ event, data }: StreamMessage): void {
    if (event === 'reset') this.expectAll();
    else if (event === 'synced') this.finish();
    else if (event === 'message') {
      const { event: type, build } = JSON.parse(data) as { event: 'upd' | 'del'; build: Build };
      this.unnamed?.delete(build.name);
      this.apply({ type, build });
    }
  }

  private apply(event: BuildEvent): void {
    for (const handler of this.eventHandlers) handler(event);
    if (event.type === 'upd') this.builds.set(event.build.name, event.build);
    else this.builds.delete(event.build.name);
  }

  private expectAll(): void {
    this.unnamed = new Set(this.builds.keys());
  }

  /** What a whole state did not name is gone. */
  private finish(): void {
    for (const name of this.unnamed ?? []) this.apply({ type: 'del', build: this.builds.get(name)! });
    this.unnamed = undefined;
    this.synced = true;
    this.connection = 'live';
  }

  /** Frames are not drawn in a hidden page, whose title is to follow all the same. */
  private tell(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    const tell = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.isTelling = false;
      for (const handler of this.handlers) handler();
    };
    // What comes by the thousand is not worth a drawing each frame.
    const isFlood = this.unnamed !== undefined && this.builds.size > FLOOD;
    const frame = isFlood ? 0 : requestAnimationFrame(tell);
    const timer = setTimeout(tell, HIDDEN_FRAME_MS);
  }
}
