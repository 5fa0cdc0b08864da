import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '../../support/wait-for.js';
import { brief, HandFed, parseMessages } from './events-support.js';

// Megabytes take their time on a loaded machine.
jest.setTimeout(60_000);

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves the events of a gateway over HTTP; gives an answer whose body nobody reads yet. */
async function connect(gateway: HandFed): Promise<IncomingMessage> {
  server = createServer((_request, response) => {
    response.writeHead(200).flushHeaders();
    void gateway.hub.open({ response, filter: {}, lastEventId: undefined });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const asked = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.pause();
  return answer;
}

const LONG = 'x'.repeat(20_000);

/** Changes until the gateway has ended the stream; the system takes some megabytes before anything waits. */
function changeUntilEnded(gateway: HandFed, from: number): number {
  let version = from;
  while (gateway.hub.size > 0 && version < from + 10_000) {
    version++;
    gateway.event({ name: 'a', version, phase: 'Stopping', message: `${version} ${LONG}` });
  }
  return version;
}

describe('a stream of events over HTTP', () => {
  it('is ended with goodbye when the reader leaves more than 1 MiB waiting, after all that was sent', async () => {
    const gateway = new HandFed();
    gateway.list(10, { name: 'a', version: 3 });
    const answer = await connect(gateway);
    await waitFor(() => gateway.hub.size === 1);
    const closed = waitFor(() => {
      changeUntilEnded(gateway, gateway.position);
      return gateway.hub.size === 0;
    });
    const told = text(answer);
    await closed;
    const messages = parseMessages(await told).filter(({ data }) => data !== undefined);
    expect(messages.at(-1)).toEqual({ event: 'goodbye', id: undefined, data: { reason: 'slow' } });
    const ids = messages.slice(2, -1).map(({ id }) => Number(id));
    expect(ids).toEqual(ids.map((_id, index) => 11 + index));
  });

  it('brings a state of many megabytes to a slow reader, and the changes in the meantime after it', async () => {
    const gateway = new HandFed();
    const names = Array.from({ length: 1_000 }, (_, index) => `b${index}`);
    gateway.list(10, ...names.map((name) => ({ name, version: 3, message: LONG })));
    const answer = await connect(gateway);
    await waitFor(() => gateway.hub.size === 1);
    gateway.event({ name: 'b0', version: 11, phase: 'Started' });
    let received = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk;
    });
    answer.resume();
    await waitFor(() => received.includes('id: 11\n'));
    const messages = parseMessages(received).filter(({ data }) => data !== undefined);
    expect(messages).toHaveLength(1_002);
    expect(brief(messages.slice(-2))).toEqual(['synced', 'upd b0 started']);
  });

  it('is ended with goodbye when the gateway ends', async () => {
    const gateway = new HandFed();
    gateway.list(10);
    const answer = await connect(gateway);
    await waitFor(() => gateway.hub.size === 1);
    gateway.hub.close();
    const messages = parseMessages(await text(answer)).filter(({ data }) => data !== undefined);
    expect(brief(messages)).toEqual(['synced', 'goodbye']);
  });
});
