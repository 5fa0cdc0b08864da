import TinyQueue from 'tinyqueue';

interface Entry {
  readonly key: string;
  /** Milliseconds on the queue's clock. */
  readonly dueAt: number;
}

function byTime(a: Entry, b: Entry): number {
  return a.dueAt - b.dueAt;
}

export interface KeyQueueOptions {
  /** Keys worked on at the same time; one key is never worked on twice at once. */
  readonly concurrency: number;
  /** Handles a key; it must not throw. */
  readonly work: (key: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * A queue of keys with delays. Equal keys collapse, to the earliest time asked; a key that is added while it
 * is worked on is handled once more afterwards.
 */
export class KeyQueue {
  private heap = new TinyQueue<Entry>([], byTime);
  private readonly dueAt = new Map<string, number>();
  private readonly active = new Set<string>();
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;
  private stopped = false;
  private idle: (() => void) | undefined;

  constructor(private readonly options: KeyQueueOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Keys that are due or will be, without those being worked on. */
  get size(): number {
    return this.dueAt.size;
  }

  /** Handles the key after `delayMs`, or earlier if it was asked earlier. */
  add(key: string, delayMs = 0): void {
    if (this.stopped) return;
    const dueAt = this.now() + Math.max(0, delayMs);
    const before = this.dueAt.get(key);
    if (before !== undefined && before <= dueAt) return;
    this.dueAt.set(key, dueAt);
    this.heap.push({ key, dueAt });
    this.dropSuperseded();
    this.schedule();
  }

  /** Takes no more work and resolves when what is being worked on has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    this.dueAt.clear();
    if (this.active.size === 0) return;
    await new Promise<void>((resolve) => {
      this.idle = resolve;
    });
  }

  /** An entry that an earlier one made needless stays until its time comes, which may be days: not too many. */
  private dropSuperseded(): void {
    if (this.heap.length <= 2 * this.dueAt.size + 1000) return;
    const entries = [...this.dueAt].map(([key, dueAt]) => ({ key, dueAt }));
    this.heap = new TinyQueue<Entry>(entries, byTime);
  }

  private schedule(): void {
    const next = this.heap.peek();
    if (!next || this.stopped || this.active.size >= this.options.concurrency) return;
    if (this.timer && this.timerAt <= next.dueAt) return;
    if (this.timer) clearTimeout(this.timer);
    this.timerAt = next.dueAt;
    // setTimeout takes at most 2^31-1 ms; a longer wait is asked again when the timer ends.
    const delay = Math.min(Math.max(0, next.dueAt - this.now()), 0x7fffffff);
    this.timer = setTimeout(() => this.run(), delay);
  }

  private run(): void {
    this.timer = undefined;
    this.timerAt = Infinity;
    const held: Entry[] = [];
    for (let next = this.heap.peek(); next && next.dueAt <= this.now(); next = this.heap.peek()) {
      if (this.active.size >= this.options.concurrency) break;
      this.heap.pop();
      // Superseded entries stay in the heap until their time comes; the map says which one counts.
      if (this.dueAt.get(next.key) !== next.dueAt) continue;
      if (this.active.has(next.key)) held.push(next);
      else this.begin(next.key);
    }
    for (const entry of held) this.waiting.add(entry.key);
    this.schedule();
  }

  /** Keys that came due while they were worked on. */
  private readonly waiting = new Set<string>();

  private begin(key: string): void {
    this.dueAt.delete(key);
    this.active.add(key);
    void this.options.work(key).finally(() => this.end(key));
  }

  private end(key: string): void {
    this.active.delete(key);
    if (this.stopped) {
      if (this.active.size === 0) this.idle?.();
      return;
    }
    if (this.waiting.delete(key)) {
      this.dueAt.delete(key);
      this.add(key);
    }
    this.schedule();
  }
}
