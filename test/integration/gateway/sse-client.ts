import { waitFor } from '../../support/cluster.js';
import { type Message, parseMessages } from '../../unit/gateway/events-support.js';

/** Reads a stream of events as it comes. */
export class SseClient {
  readonly messages: Message[] = [];
  lastEventId: string | undefined;
  /** Comments that came. */
  comments = 0;
  isOver = false;
  private readonly leaving = new AbortController();
  private taken = 0;

  private constructor(readonly answer: Response) {}

  static async open(address: string, query = '', lastEventId?: string): Promise<SseClient> {
    const leaving = new AbortController();
    const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
    const answer = await fetch(`${address}/api/v1/build-events${query}`, { headers, signal: leaving.signal });
    const client = new SseClient(answer);
    leaving.signal.addEventListener('abort', () => client.leaving.abort());
    client.leaving.signal.addEventListener('abort', () => leaving.abort());
    client.lastEventId = lastEventId;
    void client.read().catch(() => undefined);
    return client;
  }

  leave(): void {
    this.leaving.abort();
  }

  /** Waits for a message and gives what came since the last one that was waited for, in short. */
  async until(wanted: string): Promise<string[]> {
    const begin = this.taken;
    await waitFor(() => this.briefs().indexOf(wanted, begin) !== -1, {
      describe: () => [`the event ${wanted}`, ...this.briefs().slice(begin)],
    });
    this.taken = this.briefs().indexOf(wanted, begin) + 1;
    return this.briefs().slice(begin, this.taken);
  }

  /** `upd NAME STATUS`, `del NAME STATUS`, or the name of a signal. */
  private briefs(): string[] {
    return this.messages.map(({ event, data }) =>
      event === 'message' ? `${data.event} ${data.build.name} ${data.build.status}` : event,
    );
  }

  private async read(): Promise<void> {
    let rest = '';
    for await (const chunk of this.answer.body!.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      const end = rest.lastIndexOf('\n\n') + 2;
      if (end === 1) continue;
      this.take(rest.slice(0, end));
      rest = rest.slice(end);
    }
    this.isOver = true;
  }

  private take(text: string): void {
    for (const message of parseMessages(text)) {
      if (message.id !== undefined) this.lastEventId = message.id;
      if (message.data === undefined) this.comments++;
      else this.messages.push(message);
    }
  }
}
