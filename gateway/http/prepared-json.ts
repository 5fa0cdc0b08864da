import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';

const compress = promisify(gzip);
const LEAST_WORTH_COMPRESSING = 1024;
/** Above it, time counts more than size. */
const LARGE = 1024 * 1024;

/** A JSON answer that is serialised once and compressed once, however often it is sent. */
export class PreparedJson {
  readonly body: Buffer;
  readonly etag: string;
  private compressed: Promise<Buffer> | undefined;
  private ready: Buffer | undefined;

  constructor(body: Buffer) {
    this.body = body;
    this.etag = `W/"${createHash('sha1').update(body).digest('base64url')}"`;
  }

  /** Answers 200, or 304 to a caller that has it already. */
  async send(request: Request, response: Response): Promise<void> {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('ETag', this.etag);
    response.setHeader('Vary', 'Accept-Encoding');
    if (request.headers['if-none-match'] === this.etag) {
      response.status(304).end();
      return;
    }
    const isCompressed = this.body.length >= LEAST_WORTH_COMPRESSING && acceptsGzip(request);
    const body = isCompressed ? (this.ready ?? (await this.gzipped())) : this.body;
    if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Content-Length', body.length);
    response.end(body);
  }

  private gzipped(): Promise<Buffer> {
    this.compressed ??= compress(this.body, { level: this.body.length > LARGE ? 1 : 6 }).then((buffer) => {
      this.ready = buffer;
      return buffer;
    });
    return this.compressed;
  }
}

/** RFC 9110: named with a weight other than 0, or covered by `*`. */
function acceptsGzip({ headers }: Request): boolean {
  const given = headers['accept-encoding'];
  if (given === undefined) return false;
  // The words of all common browsers and programs.
  if (/^gzip(,|$)/.test(given)) return true;
  const weights = new Map(given.split(',').map(parseCoding));
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0;
}

function parseCoding(text: string): [string, number] {
  const [coding = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  return [coding, weight === undefined ? 1 : Number(weight.slice(2)) || 0];
}
