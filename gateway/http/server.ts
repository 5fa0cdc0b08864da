import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface RunningServer {
  readonly port: number;
  /** Takes no more requests; resolves when those under way have ended, at the latest after `withinMs`. */
  close(withinMs: number): Promise<void>;
}

/** Serves HTTP on a port of all addresses; 0 takes a free one. Throws with a sentence when it cannot. */
export async function listen(listener: RequestListener, port: number): Promise<RunningServer> {
  const server = createServer({ maxHeaderSize: 16 * 1024 }, listener);
  // For the whole of a request to arrive: a webhook has up to 25 MiB.
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  server.keepAliveTimeout = 65_000;
  server.on('clientError', answerBadRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, port)));
    server.listen(port, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: (withinMs) => close(server, withinMs) };
}

function close(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A connection whose last answer ends while we wait is idle only then.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const cut = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

const ANSWERS: Readonly<Record<string, [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
};

/** What is no HTTP, or too much of it, never reaches a handler. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, detail] = ANSWERS[error.code ?? ''] ?? [
    '400 Bad Request',
    'The request is not well formed.',
  ];
  const body = JSON.stringify({ detail });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** What to do about a port that cannot be listened on. */
function explain(error: NodeJS.ErrnoException, port: number): Error {
  const remedy = 'Set RUNBOAT_LISTEN_PORT to another one; 0 takes a free one.';
  if (error.code === 'EADDRINUSE')
    return new Error(`port ${port} is taken by another process. ${remedy}`, { cause: error });
  if (error.code === 'EACCES')
    return new Error(`this user may not listen on port ${port}. ${remedy}`, { cause: error });
  return error;
}
