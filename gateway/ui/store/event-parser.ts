/** One message of a stream of events. */
export interface StreamMessage {
  /** `message` for those without a name. */
  readonly event: string;
  readonly data: string;
}

/**
 * Takes a stream of events apart (WHATWG HTML, 9.2.6), of those that the gateway writes: lines end with a newline,
 * fields have one space after the colon.
 */
export class EventParser {
  private rest = '';
  private event = '';
  private data: string | undefined;
  private id: string | undefined;
  /** Of the last message or comment that came whole and had one. */
  lastId: string | undefined;

  /** Gives the messages that the text completes. */
  push(text: string): StreamMessage[] {
    const lines = `${this.rest}${text}`.split('\n');
    this.rest = lines.pop() ?? '';
    const messages: StreamMessage[] = [];
    for (const line of lines) {
      if (line !== '') this.take(line);
      else this.end(messages);
    }
    return messages;
  }

  private take(line: string): void {
    if (line.startsWith('data: '))
      this.data = `${this.data === undefined ? '' : `${this.data}\n`}${line.slice(6)}`;
    else if (line.startsWith('event: ')) this.event = line.slice(7);
    else if (line.startsWith('id: ')) this.id = line.slice(4);
  }

  private end(messages: StreamMessage[]): void {
    if (this.data !== undefined) messages.push({ event: this.event || 'message', data: this.data });
    this.lastId = this.id ?? this.lastId;
    this.event = '';
    this.data = undefined;
    this.id = undefined;
  }
}
