const NEWLINE = 0x0a;
/** Far above the largest object that etcd takes (1.5 MiB), even when all of it is escaped. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Cuts a stream of chunks into lines; a line that comes in many chunks is put together once, at its end. */
export class LineSplitter {
  private parts: Buffer[] = [];
  private bytes = 0;

  /** The lines that this chunk completes, without their ends and without empty ones. @throws Error on a line over 64 MiB. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
      const line = this.complete(chunk.subarray(begin, end));
      if (line !== '') lines.push(line);
      begin = end + 1;
    }
    if (begin < chunk.length) this.keep(chunk.subarray(begin));
    return lines;
  }

  private complete(last: Buffer): string {
    if (this.parts.length === 0) return last.toString('utf8');
    const whole = Buffer.concat([...this.parts, last]);
    this.parts = [];
    this.bytes = 0;
    return whole.toString('utf8');
  }

  private keep(part: Buffer): void {
    this.parts.push(part);
    this.bytes += part.length;
    if (this.bytes > MAX_LINE_BYTES) throw new Error(`a line of the watch is over ${MAX_LINE_BYTES} bytes`);
  }
}
