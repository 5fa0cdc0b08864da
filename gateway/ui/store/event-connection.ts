import { detailOf } from '../api.js';
import { TEXTS } from '../texts.js';
import { EventParser, type StreamMessage } from './event-parser.js';

export interface ConnectionHandlers {
  /** It is connected; `anew`: what comes first is the whole state and not what happened since. */
  onOpen(anew: boolean): void;
  onMessages(messages: readonly StreamMessage[]): void;
  /** There is no connection; another is tried. */
  onLost(): void;
  /** The gateway does not answer this address, and never will; the sentence says why. */
  onRefused(detail: string): void;
}

/** The gateway writes at least every 15 s; without a sign for so long, milliseconds, the connection is dead. */
const SILENCE_MS = 25_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** How often a page that nobody sees looks what happened. */
const HIDDEN_PAUSE_MS = 15_000;

/**
 * A stream of events that is always there. It reads with `fetch` rather than `EventSource`: that one gives up on an
 * answer such as 503, cannot go on where it was then, and does not tell a dead connection from a quiet one. A hidden
 * page holds no connection, because browsers allow six a host with HTTP/1.1: it looks every few seconds instead.
 */
export class EventConnection {
  private readonly address: string;
  private readonly handlers: ConnectionHandlers;
  private parser = new EventParser();
  private failures = 0;
  private current: AbortController | undefined;
  private wake: (() => void) | undefined;
  private isClosed = false;

  constructor(address: string, handlers: ConnectionHandlers) {
    this.address = address;
    this.handlers = handlers;
  }

  open(): void {
    document.addEventListener('visibilitychange', this.hurry);
    window.addEventListener('online', this.hurry);
    window.addEventListener('offline', this.giveUp);
    void this.run();
  }

  close(): void {
    this.isClosed = true;
    document.removeEventListener('visibilitychange', this.hurry);
    window.removeEventListener('online', this.hurry);
    window.removeEventListener('offline', this.giveUp);
    this.current?.abort();
    this.wake?.();
  }

  /** A page that can be seen again waits for nothing. */
  private readonly hurry = () => {
    if (!document.hidden) this.wake?.();
  };

  private readonly giveUp = () => this.current?.abort();

  private async run(): Promise<void> {
    while (!this.isClosed) {
      const ending = await this.follow();
      if (this.isClosed || ending === 'refused') return;
      if (ending === 'lost') {
        this.handlers.onLost();
        this.failures++;
      }
      await this.pause(ending === 'hidden' ? HIDDEN_PAUSE_MS : retryDelay(this.failures));
    }
  }

  /** Reads one connection to its end; `hidden` when it was left on purpose. */
  private async follow(): Promise<'lost' | 'hidden' | 'refused'> {
    const connection = new AbortController();
    this.current = connection;
    let silence = setTimeout(() => connection.abort(), SILENCE_MS);
    try {
      const reader = await this.connect(connection.signal);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 'lost';
        clearTimeout(silence);
        silence = setTimeout(() => connection.abort(), SILENCE_MS);
        const messages = this.parser.push(value);
        if (messages.length > 0) this.deliver(messages);
        if (document.hidden && messages.some(({ event }) => event === 'synced')) return 'hidden';
      }
    } catch (error) {
      if (!(error instanceof Refusal)) return 'lost';
      this.handlers.onRefused(error.message);
      return 'refused';
    } finally {
      clearTimeout(silence);
      connection.abort();
    }
  }

  /** What goes wrong with a message is a fault of the page and none of the connection. */
  private deliver(messages: readonly StreamMessage[]): void {
    try {
      this.handlers.onMessages(messages);
    } catch (error) {
      reportError(error);
    }
  }

  private async connect(signal: AbortSignal): Promise<ReadableStreamDefaultReader<string>> {
    const { lastId } = this.parser;
    const headers: HeadersInit = {
      Accept: 'text/event-stream',
      ...(lastId ? { 'Last-Event-ID': lastId } : {}),
    };
    const response = await fetch(this.address, { headers, signal, credentials: 'omit', cache: 'no-store' });
    if (response.status === 400) throw new Refusal(await refusalText(response));
    if (!response.ok || response.body === null) {
      throw new Error(`The events were answered with ${response.status}.`);
    }
    this.failures = 0;
    this.parser = new EventParser();
    this.parser.lastId = lastId;
    this.handlers.onOpen(lastId === undefined);
    return response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The query is wrong, which no further try changes. */
class Refusal extends Error {}

async function refusalText(response: Response): Promise<string> {
  return detailOf(await response.json().catch(() => undefined)) ?? TEXTS.errors.unreadable(response.status);
}

/** Grows, and differs between pages, so that not all come back at once to a gateway that starts. */
function retryDelay(failures: number): number {
  const delay = Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1), LAST_RETRY_MS);
  return delay * (0.75 + Math.random() / 2);
}
