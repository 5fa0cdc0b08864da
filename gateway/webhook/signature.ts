import { createHmac, timingSafeEqual } from 'node:crypto';

/** `sha256=` and the HMAC-SHA-256 of the body in hexadecimal digits, as GitHub's `X-Hub-Signature-256`. */
export function sign(body: Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Whether the header signs exactly these bytes with this secret; takes the same time however wrong it is. */
export function isSigned(body: Buffer, header: string | undefined, secret: string): boolean {
  const expected = Buffer.from(sign(body, secret));
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
