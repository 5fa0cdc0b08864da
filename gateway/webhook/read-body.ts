import type { IncomingMessage } from 'node:http';
import { HttpError, unavailable } from '../http/http-error.js';

/** A sender who is told that the body is too large may go on sending so long, milliseconds, to read the answer. */
const LINGER_MS = 5_000;

/** Bodies of this size are always read; only what is above it counts together. */
const FREE_BYTES = 256 * 1024;

export interface BodyLimits {
  /** Bytes of one body. */
  readonly each: number;
  /** Bytes of all bodies that are being read, so that no number of slow senders fills the memory. */
  readonly together: number;
}

/** Reads bodies as they came, and never keeps more of them than the limits say. */
export class BodyReader {
  private held = 0;

  constructor(private readonly limits: BodyLimits) {}

  /**
   * The whole body of a request, of which `each` may be less than usual.
   * @throws HttpError 413 as soon as it is clear that it is too large; 503 when too many large ones come at once;
   * 400 when the sender breaks off.
   */
  async read(request: IncomingMessage, each = this.limits.each): Promise<Buffer> {
    if (Number(request.headers['content-length'] ?? 0) > each) throw refuse(request, tooLarge(each));
    const chunks: Buffer[] = [];
    let counted = 0;
    let size = 0;
    const keep = (chunk: Buffer) => {
      size += chunk.length;
      if (size > each) throw refuse(request, tooLarge(each));
      const above = Math.max(0, size - FREE_BYTES) - counted;
      counted += above;
      this.held += above;
      if (above > 0 && this.held > this.limits.together) throw refuse(request, tooMany());
      chunks.push(chunk);
    };
    try {
      await consume(request, keep);
      return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    } finally {
      this.held -= counted;
    }
  }
}

/** Hands over each chunk; resolves at the end, and rejects with what `take` throws. */
function consume(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        request.off('data', onData);
        reject(error);
      }
    };
    request.on('data', onData);
    request.once('end', resolve);
    // Errors are dear to make, and every request is closed at last.
    const breakOff = () => {
      if (!request.complete) reject(new HttpError(400, 'The request ended before its body was complete.'));
    };
    request.once('error', breakOff);
    request.once('close', breakOff);
  });
}

/**
 * What else comes is thrown away for a while: a connection closed at once would take the answer with it (the sender's
 * system drops what it has received when it is told that nobody reads what it still sends).
 */
function refuse(request: IncomingMessage, error: HttpError): HttpError {
  request.resume();
  // For a request that has ended by then, or a connection that is closed, this does nothing.
  setTimeout(() => request.destroy(), LINGER_MS).unref();
  return error;
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, `The body is larger than the ${limit / 1024 / 1024} MiB that are taken here.`);
}

function tooMany(): HttpError {
  return unavailable('Too many large bodies are being sent at once. Deliver this one again later.', 30);
}
