import type { Readable } from 'node:stream';
import type { Request, RequestHandler, Response, Router } from 'express';
import { noSuchBuild, unavailable } from '../http/http-error.js';
import { queryOf } from '../http/query.js';
import { addRoute, strictRouter } from '../http/routes.js';
import type { GatewayServices } from '../services.js';
import type { LogKind } from './choose-pod.js';
import { type LogPlace, LogSource, NODE_PATIENCE_MS } from './log-source.js';
import { LogWriter } from './log-writer.js';

export type LogServices = Pick<GatewayServices, 'client' | 'config' | 'directory' | 'log' | 'stopping'>;

interface Reading {
  readonly place: LogPlace;
  readonly source: LogSource;
  readonly isFollowed: boolean;
  /** The client has gone. */
  readonly gone: AbortSignal;
  readonly stopping: AbortSignal;
}

/** Logs that are sent at the same time; each is a connection to the API server. */
const MAX_READINGS = 200;

/** `/builds/:name/log` and `/builds/:name/init-log`. */
export function createLogsRouter(services: LogServices): Router {
  const source = new LogSource(services.client, services.config.namespace);
  let readings = 0;
  const limited = (handler: (request: Request, response: Response) => Promise<void>): RequestHandler => {
    return async (request, response) => {
      if (readings >= MAX_READINGS) throw unavailable('Too many logs are being read. Try again later.', 5);
      readings++;
      await handler(request, response).finally(() => readings--);
    };
  };
  const router = strictRouter();
  addRoute(router, '/builds/:name/log', { get: limited(serveLog(services, source, 'run')) });
  addRoute(router, '/builds/:name/init-log', { get: limited(serveLog(services, source, 'initialize')) });
  return router;
}

function serveLog({ directory, log, stopping }: LogServices, source: LogSource, kind: LogKind) {
  return async (request: Request, response: Response): Promise<void> => {
    const name = String(request.params['name']);
    if (directory.get(name) === undefined) throw noSuchBuild(name);
    const isFollowed = ['true', '1'].includes(queryOf(request).get('follow') ?? '');
    const gone = goneSignal(response);
    const place = await source.find(name, kind);
    const reading = { place, source, isFollowed, gone, stopping };
    const open = await prepare(reading, request.method === 'HEAD');
    const isPlain = request.accepts(['html', 'text']) === 'text';
    const title = `${name}: ${kind === 'run' ? 'log' : 'log of the initialisation'}`;
    const writer = new LogWriter({ response, title, isPlain, isFollowed });
    await writer.begin();
    try {
      await copy(reading, await open(), writer);
      writer.end();
    } catch (error) {
      if (stopping.aborted) return writer.end();
      if (gone.aborted) return;
      log.warn({ build: name, pod: place.pod, err: error }, 'A log could not be read to its end');
      writer.fail();
    }
  };
}

/** Sees that there is a log, while the answer can still be an error, and gives what opens it. */
async function prepare(reading: Reading, isHead: boolean): Promise<() => Promise<Readable | undefined>> {
  const { place, source, isFollowed, gone, stopping } = reading;
  if (!isFollowed && !isHead) {
    const stream = await source.read(place, gone);
    return async () => stream;
  }
  await source.check(place, gone);
  if (isHead) return async () => undefined;
  return () => source.follow(place, AbortSignal.any([gone, stopping]));
}

/** @throws when the log breaks off, the client goes, or, unless the log is followed, nothing comes for too long. */
async function copy({ isFollowed }: Reading, stream: Readable | undefined, writer: LogWriter): Promise<void> {
  if (stream === undefined) return;
  // Time that the reader takes is not the node's.
  let isNodesTurn = !isFollowed;
  const silence = setInterval(() => {
    if (isNodesTurn) stream.destroy(new Error(`the node sent nothing for ${NODE_PATIENCE_MS / 1000} s`));
  }, NODE_PATIENCE_MS);
  try {
    for await (const bytes of stream) {
      isNodesTurn = false;
      await writer.push(bytes as Buffer);
      isNodesTurn = !isFollowed;
      silence.refresh();
    }
  } finally {
    clearInterval(silence);
  }
}

function goneSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort(new Error('the client has gone')));
  return controller.signal;
}
