import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { KubeClient } from './client.js';
import { errorOfStatus } from './errors.js';
import type { Query } from './paths.js';
import { parseWatchEvent, type WatchEvent } from './watch-event.js';
import { LineSplitter } from './watch-lines.js';

export interface WatchRequest {
  client: KubeClient;
  path: string;
  query: Query;
  /** Events after this resourceVersion are sent. */
  resourceVersion: string;
  /** The API server ends the watch after this time. */
  timeoutSeconds: number;
  /** Not even a bookmark for so long: the connection is dead. */
  silenceMs: number;
  signal: AbortSignal;
  /** The API server has accepted the watch. */
  onOpen: () => void;
  onEvent: (event: Exclude<WatchEvent, { type: 'ERROR' }>) => void;
  /** Whether a line tells nothing new, asked before it is parsed. */
  isKnown?: (line: string) => boolean;
}

/** Nothing came for longer than bookmarks take. */
export class SilentWatchError extends Error {
  override readonly name = 'SilentWatchError';
}

/** The API server sent what is no watch event, so that it is not known what was missed. */
export class BrokenWatchError extends Error {
  override readonly name = 'BrokenWatchError';
}

const OPEN_TIMEOUT_MS = 30_000;

/**
 * Runs one watch until the API server ends it in order.
 * @throws ApiError for a refusal or an ERROR event (410: too old, list again); NoAnswerError or a socket's error when
 * the connection cannot be made or breaks; SilentWatchError; BrokenWatchError.
 */
export async function runWatch(watch: WatchRequest): Promise<void> {
  const cut = new AbortController();
  const silence = setTimeout(() => {
    cut.abort(new SilentWatchError(`the watch said nothing for ${watch.silenceMs / 1000} s`));
  }, watch.silenceMs);
  try {
    await readEvents(watch, AbortSignal.any([watch.signal, cut.signal]), silence);
  } catch (error) {
    throw cut.signal.aborted ? cut.signal.reason : error;
  } finally {
    clearTimeout(silence);
  }
}

async function readEvents(watch: WatchRequest, signal: AbortSignal, silence: NodeJS.Timeout): Promise<void> {
  const { client, path, resourceVersion, timeoutSeconds } = watch;
  const query = { ...watch.query, watch: 1, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
  const timeoutMs = Math.min(OPEN_TIMEOUT_MS, watch.silenceMs);
  const stream = await client.stream(path, query, { signal, timeoutMs });
  watch.onOpen();
  const splitter = new LineSplitter();
  const take = (chunk: Buffer) => {
    silence.refresh();
    for (const line of splitter.push(chunk)) handleLine(watch, line);
  };
  await eachChunk(stream, take);
}

/** As `for await`, without a promise for each chunk: of a watch nearly every chunk is an event. */
async function eachChunk(stream: Readable, take: (chunk: Buffer) => void): Promise<void> {
  stream.on('data', (chunk: Buffer) => {
    // Chunks that were under way when the watch ended.
    if (stream.destroyed) return;
    try {
      take(chunk);
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  await finished(stream);
}

function handleLine(watch: WatchRequest, line: string): void {
  if (watch.isKnown?.(line)) return;
  const event = parse(line);
  if (event.type === 'ERROR') throw errorOfStatus({ method: 'WATCH', path: watch.path }, event.status);
  watch.onEvent(event);
}

function parse(line: string): WatchEvent {
  try {
    return parseWatchEvent(line);
  } catch (error) {
    throw new BrokenWatchError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
