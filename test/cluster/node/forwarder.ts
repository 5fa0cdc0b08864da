import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Hands connections to `address`:`port` on to the same port of 127.0.0.1, so that a server which
 * listens on loopback only can be reached from a node's network, for as long as this process runs and
 * without keeping it. Waits up to 10 s for the address.
 */
export async function forwardToLoopback(address: string, port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await listen(address, port);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'EADDRNOTAVAIL' || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

function listen(address: string, port: number): Promise<void> {
  const server = net.createServer((incoming) => {
    const outgoing = net.connect(port, '127.0.0.1');
    incoming.pipe(outgoing).pipe(incoming);
    join(incoming, outgoing);
    join(outgoing, incoming);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.unref();
      resolve();
    });
  });
}

/** What ends one side ends the other: a node's network can vanish without a word. */
function join(one: net.Socket, other: net.Socket): void {
  one.unref();
  one.on('error', () => other.destroy());
  one.on('close', () => other.destroy());
}
