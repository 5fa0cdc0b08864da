import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { feedLog, type LogState } from '../../../gateway/ui/build/log/log-feed.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Answers one request after the other; the last answer is given again and again. */
async function serve(...answers: RequestListener[]): Promise<string> {
  let at = 0;
  const server = createServer((request, response) =>
    answers[Math.min(at++, answers.length - 1)]!(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`;
}

const whole =
  (text: string): RequestListener =>
  (_request, response) => {
    response.end(text);
  };

const refusal =
  (status: number, detail: string): RequestListener =>
  (_request, response) => {
    response.writeHead(status).end(JSON.stringify({ detail }));
  };

const cutAfter =
  (text: string): RequestListener =>
  (_request, response) => {
    response.write(text, () => setImmediate(() => response.destroy()));
  };

async function feed(url: string, options: { follow?: () => boolean; skip?: number } = {}) {
  const { follow = () => false, skip = 0 } = options;
  const told = { text: '', restarts: 0, states: [] as LogState[] };
  const listener = {
    push: (bytes: Uint8Array) => {
      told.text += new TextDecoder().decode(bytes);
    },
    restart: () => {
      told.text = '';
      told.restarts++;
    },
    tell: (state: LogState) => told.states.push(state),
  };
  await feedLog({ url, follow, skip, listener, retryMs: 5 }, new AbortController().signal);
  return told;
}

const kinds = ({ states }: { states: LogState[] }) => states.map(({ kind }) => kind);

describe('Reading a log', () => {
  it('gives all of it and says that it is whole', async () => {
    const told = await feed(await serve(whole('one\ntwo\n')));
    expect([told.text, kinds(told)]).toEqual(['one\ntwo\n', ['open', 'ended']]);
  });

  it('goes on after a lost connection where it was, with nothing twice', async () => {
    const told = await feed(
      await serve(cutAfter('one\n'), cutAfter('one\ntwo\nth'), whole('one\ntwo\nthree\n')),
    );
    expect(told.text).toBe('one\ntwo\nthree\n');
    expect(told.restarts).toBe(0);
  });

  it('skips what is known already', async () => {
    expect((await feed(await serve(whole('one\ntwo\n')), { skip: 4 })).text).toBe('two\n');
  });

  it('begins anew when the log is shorter than what was read: it is of another pod', async () => {
    const told = await feed(await serve(whole('ab')), { skip: 100 });
    expect([told.text, told.restarts]).toEqual(['ab', 1]);
  });

  it('waits for a log that is to be written, and knows when none will be', async () => {
    let isLive = true;
    const missing = refusal(404, 'No log found.');
    const url = await serve(missing, missing, whole('one'), (request, response) => {
      isLive = false;
      whole('one')(request, response);
    });
    const told = await feed(url, { follow: () => isLive });
    expect([told.text, kinds(told).slice(0, 3), kinds(told).at(-1)]).toEqual([
      'one',
      ['waiting', 'waiting', 'open'],
      'ended',
    ]);
    expect(kinds(await feed(await serve(missing)))).toEqual(['none']);
  });

  it('takes the end of an answer for the end of the log only when nothing writes it any more', async () => {
    let isLive = true;
    const url = await serve(whole('one'), (request, response) => {
      isLive = false;
      whole('one two')(request, response);
    });
    expect((await feed(url, { follow: () => isLive })).text).toBe('one two');
  });

  it('says in words why a log cannot be read, and tries again', async () => {
    const told = await feed(await serve(refusal(502, 'The node does not answer.'), whole('one')));
    expect(told.states[0]).toEqual({ kind: 'trouble', detail: 'The node does not answer.' });
    expect(told.text).toBe('one');
  });
});
