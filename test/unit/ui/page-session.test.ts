import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PageSession } from '../../../gateway/ui/session/page-session.js';

const KEY = 'runboat.authorization';
const ofBrowser = globalThis.fetch;
const nobody = { user: null, actions: ['start'] };
const admin = { user: 'admin', actions: ['start', 'delete'] };
let server: Server;
/** Answers in their order, the last one again and again. */
let answers: { status: number; body: unknown }[];
let asked: (string | undefined)[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    const { status, body } = answers.length > 1 ? answers.shift()! : answers[0]!;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // Addresses in pages are those of the server that they come from.
  globalThis.fetch = (path, options) => ofBrowser(`http://127.0.0.1:${port}${String(path)}`, options);
});

afterEach(async () => {
  globalThis.fetch = ofBrowser;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function memory(kept?: string) {
  const texts = new Map(kept === undefined ? [] : [[KEY, kept]]);
  return {
    getItem: (key: string) => texts.get(key) ?? null,
    setItem: (key: string, text: string) => void texts.set(key, text),
    removeItem: (key: string) => void texts.delete(key),
  };
}

describe('The session of a page', () => {
  it('is known as soon as the gateway answers, however long it did not', async () => {
    const unready = { status: 503, body: { detail: 'Not all builds are known yet.' } };
    answers = [unready, unready, { status: 200, body: nobody }];
    const session = new PageSession(memory(), 1);
    await session.resume();
    expect(session.may('start')).toBe(true);
    expect(asked).toHaveLength(3);
  });

  it('goes on with what was signed in to, also over an answer that is none', async () => {
    answers = [
      { status: 502, body: {} },
      { status: 200, body: admin },
    ];
    const session = new PageSession(memory('Basic eA=='), 1);
    await session.resume();
    expect([session.user, session.may('delete')]).toEqual(['admin', true]);
    expect(asked).toEqual(['Basic eA==', 'Basic eA==']);
  });

  it('forgets what is not accepted any more', async () => {
    answers = [
      { status: 401, body: { detail: 'No.' } },
      { status: 200, body: nobody },
    ];
    const kept = memory('Basic eA==');
    const session = new PageSession(kept, 1);
    await session.resume();
    expect([session.user, kept.getItem(KEY), session.may('delete')]).toEqual([null, null, false]);
    expect(asked).toEqual(['Basic eA==', undefined]);
  });
});
