import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Something that tells of its changes; the answer of `onChange` takes the handler away. */
export interface Watchable {
  onChange(handler: () => void): () => void;
}

/** Draws a component anew when one of the things changes that it shows. They may be replaced at any time. */
export class Watching implements ReactiveController {
  private readonly host: ReactiveControllerHost;
  private readonly things: () => readonly (Watchable | undefined)[];
  private readonly watched = new Map<Watchable, () => void>();

  /** `things` is asked before each drawing. */
  constructor(host: ReactiveControllerHost, things: () => readonly (Watchable | undefined)[]) {
    this.host = host;
    this.things = things;
    host.addController(this);
  }

  hostUpdate(): void {
    const wanted = new Set(this.things());
    for (const [thing, stop] of this.watched) {
      if (wanted.has(thing)) continue;
      stop();
      this.watched.delete(thing);
    }
    for (const thing of wanted) {
      if (thing === undefined || this.watched.has(thing)) continue;
      this.watched.set(
        thing,
        thing.onChange(() => this.host.requestUpdate()),
      );
    }
  }

  hostDisconnected(): void {
    for (const stop of this.watched.values()) stop();
    this.watched.clear();
  }
}

/** Draws a component anew every second, for the times in it, while the page is seen. */
export class Ticking implements ReactiveController {
  private readonly host: ReactiveControllerHost;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.timer = setInterval(() => {
      if (!document.hidden) this.host.requestUpdate();
    }, 1000);
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }
}
