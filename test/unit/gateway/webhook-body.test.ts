import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { shareRuns } from '../../../gateway/builds/share-runs.js';
import { HttpError } from '../../../gateway/http/http-error.js';
import { parsePayload } from '../../../gateway/webhook/payload.js';
import { BodyReader } from '../../../gateway/webhook/read-body.js';
import { isSigned, sign } from '../../../gateway/webhook/signature.js';

describe('the signature', () => {
  // The example of GitHub's documentation ("Validating webhook deliveries").
  const secret = "It's a Secret to Everybody";
  const body = Buffer.from('Hello, World!');
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

  it("is GitHub's", () => {
    expect(sign(body, secret)).toBe(signature);
    expect(isSigned(body, signature, secret)).toBe(true);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['cut', signature.slice(0, -1)],
    ['longer', `${signature}0`],
    ['of another secret', sign(body, 'other')],
    ['of another body', sign(Buffer.from('Hello, World?'), secret)],
    ['with another algorithm', signature.replace('sha256', 'sha1')],
    ['as long, but not ASCII', 'é'.repeat(signature.length)],
  ])('is not accepted when it is %s', (_, given) => {
    expect(isSigned(body, given, secret)).toBe(false);
  });
});

describe('the payload', () => {
  const payload = { a: 'é & ü', b: '+' };

  it('is read from JSON and from a form alike', () => {
    const json = JSON.stringify(payload);
    expect(parsePayload(Buffer.from(json))).toEqual(payload);
    expect(parsePayload(Buffer.from(` \n${json}\n`))).toEqual(payload);
    expect(parsePayload(Buffer.from(new URLSearchParams({ payload: json }).toString()))).toEqual(payload);
    expect(parsePayload(Buffer.from(new URLSearchParams({ x: '1', payload: json }).toString()))).toEqual(
      payload,
    );
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '7',
    'payload=',
    'payload=[]',
    'payload=%7B',
    'x={}',
    'xpayload={}',
    'payload=%7',
    'x=1&payloads={}',
    '\u0000\uFFFF',
  ])('is refused when it is %j', (text) => {
    expect(() => parsePayload(Buffer.from(text))).toThrow(HttpError);
  });

  it('is the first field of that name, however many others there are', () => {
    const json = encodeURIComponent(JSON.stringify(payload));
    const others = 'a&'.repeat(1_000_000);
    const before = process.memoryUsage().heapUsed;
    expect(parsePayload(Buffer.from(`${others}payload=${json}&payload=7&${others}`))).toEqual(payload);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50 * 1024 * 1024);
  });

  it('may be nested as deep as it likes', () => {
    const deep = `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`;
    expect(Object.keys(parsePayload(Buffer.from(deep)))).toEqual(['a']);
  });
});

describe('reading a body', () => {
  const each = 1024 * 1024;
  let server: Server;
  let bodies: BodyReader;
  let received: string[];

  beforeEach(async () => {
    bodies = new BodyReader({ each, together: 2 * each });
    received = [];
    server = createServer((request, response) => {
      bodies.read(request).then(
        (body) => response.end(String(body.length)),
        (error: HttpError) => {
          received.push(String(error.status));
          response.writeHead(error.status).end();
        },
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });

  const port = () => (server.address() as AddressInfo).port;
  const post = (body: NonNullable<RequestInit['body']>, init: object = {}) =>
    fetch(`http://127.0.0.1:${port()}`, { method: 'POST', body, ...init });

  it('gives all of it, up to the limit', async () => {
    expect(await (await post(Buffer.alloc(each))).text()).toBe(String(each));
    expect(await (await post('')).text()).toBe('0');
  });

  it('ends with 413 when a larger one is announced', async () => {
    expect((await post(Buffer.alloc(each + 1))).status).toBe(413);
  });

  it('ends with 413 as soon as there is more, though nothing was announced and no end is in sight', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    const socket = connect(port(), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const sending = setInterval(() => {
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write('\r\n');
    }, 1);
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(String(data))),
    );
    clearInterval(sending);
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('keeps small bodies coming while slow senders hold all there is for large ones', async () => {
    const slow = Array.from({ length: 4 }, () => {
      const socket = connect(port(), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${each}\r\n\r\n`);
      socket.write(Buffer.alloc(each - 1));
      return socket;
    });
    // Two of the four are too many: what each has sent beyond the first 256 KiB counts.
    while (received.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(received).toEqual(['503', '503']);
    expect(await (await post(Buffer.alloc(1000))).text()).toBe('1000');
    for (const socket of slow) socket.destroy();
  });
});

describe('runs that are shared', () => {
  it('begin after each caller has asked, and are as few as that allows', async () => {
    const running: (() => void)[] = [];
    let runs = 0;
    const run = () => {
      runs++;
      return new Promise<void>((resolve) => running.push(resolve));
    };
    const ask = shareRuns(run);
    const first = ask();
    const second = ask();
    const third = ask();
    expect(runs).toBe(1);
    running.shift()?.();
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(2);
    running.shift()?.();
    await Promise.all([second, third]);
    expect(runs).toBe(2);
  });

  it('give a failure to those who share it and to nobody else', async () => {
    let runs = 0;
    const ask = shareRuns(async () => {
      runs++;
      if (runs === 1) throw new Error('broken');
    });
    const [first, second] = await Promise.allSettled([ask(), ask()]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
  });
});
