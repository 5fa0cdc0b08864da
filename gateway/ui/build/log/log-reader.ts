import { feedLog, type LogState } from './log-feed.js';
import { LogLines } from './log-lines.js';

/**
 * The lines of a log as they come. A page that is hidden reads nothing, because browsers allow few connections to one
 * host; what came meanwhile is read when it is seen again.
 */
export class LogReader {
  lines = new LogLines();
  state: LogState = { kind: 'waiting' };
  private readonly changed: () => void;
  private url = '';
  private follow: () => boolean = () => false;
  /** Bytes that `lines` has. */
  private count = 0;
  private reading: AbortController | undefined;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** Begins with a log, instead of another or the same that was read before. `follow`: it is being written. */
  read(url: string, follow: () => boolean): void {
    this.url = url;
    this.follow = follow;
    this.state = { kind: 'waiting' };
    this.clear();
    document.addEventListener('visibilitychange', this.look);
    this.look();
  }

  close(): void {
    this.reading?.abort();
    document.removeEventListener('visibilitychange', this.look);
  }

  private readonly look = () => {
    this.reading?.abort();
    const isOver = this.state.kind === 'ended' || this.state.kind === 'none';
    if (document.hidden || isOver) return;
    this.reading = new AbortController();
    const { url, follow, count } = this;
    void feedLog({ url, follow, skip: count, listener: this }, this.reading.signal);
  };

  /** The next bytes of the log. */
  push(bytes: Uint8Array): void {
    this.count += bytes.length;
    this.lines.push(bytes);
    this.changed();
  }

  /** It is another log than it was. */
  restart(): void {
    this.clear();
    this.changed();
  }

  tell(state: LogState): void {
    this.state = state;
    if (state.kind === 'ended') this.lines.end();
    this.changed();
  }

  private clear(): void {
    this.lines = new LogLines();
    this.count = 0;
  }
}
