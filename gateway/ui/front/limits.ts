import { callApi } from '../api.js';
import type { Watchable } from '../parts/watching.js';
import type { BuildStore } from '../store/build-store.js';

/** The answer to `GET /api/v1/status`. */
export interface Counts {
  readonly deployed: number;
  readonly max_deployed: number;
  readonly started: number;
  readonly max_started: number;
  readonly to_initialize: number;
  readonly initializing: number;
  readonly max_initializing: number;
}

/** Between two questions, milliseconds. */
const PAUSE_MS = 1000;

/** The counts against their limits; asked for anew when builds have changed. */
export class Limits implements Watchable {
  /** Undefined: not known yet. */
  counts: Counts | undefined;
  private readonly handlers = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isOutdated = false;

  constructor(store: Pick<BuildStore, 'onEvent'>) {
    store.onEvent(() => this.outdated());
    this.outdated();
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  private outdated(): void {
    this.isOutdated = true;
    if (this.timer === undefined) void this.ask();
  }

  private async ask(): Promise<void> {
    this.isOutdated = false;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.isOutdated) void this.ask();
    }, PAUSE_MS);
    const answer = await callApi<Counts>('/status');
    // Without an answer the last one stays; the page says that it is offline.
    if (!answer.ok) return;
    this.counts = answer.value;
    for (const handler of this.handlers) handler();
  }
}
