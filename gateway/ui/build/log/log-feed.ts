/** What becomes of reading a log. `waiting`: there is none yet. `none`: there is none. `ended`: it is whole. */
export type LogState =
  | { readonly kind: 'waiting' | 'open' | 'ended' | 'none' }
  /** Another try follows. `detail`: why, in a sentence; '' when no answer came. */
  | { readonly kind: 'trouble'; readonly detail: string };

export interface LogListener {
  /** The next bytes. */
  push(bytes: Uint8Array): void;
  /** The log begins anew: another pod writes it. What was pushed before is of no more use. */
  restart(): void;
  tell(state: LogState): void;
}

export interface FeedOptions {
  /** Address of the log. */
  readonly url: string;
  /** Whether the log is being written, so that it is read on and on; else it is read as it is. Asked at each try. */
  readonly follow: () => boolean;
  /** Bytes that the listener has already. */
  readonly skip: number;
  readonly listener: LogListener;
  /** Milliseconds before another try; doubled, up to ten times as long, while nothing comes of it. */
  readonly retryMs?: number;
}

const RETRY_MS = 1_000;

/**
 * Reads a log, over lost connections too: what was read already is skipped, since a log only grows. Ends with the log
 * or when the signal is aborted, and never rejects.
 */
export async function feedLog(options: FeedOptions, signal: AbortSignal): Promise<void> {
  const { listener, retryMs = RETRY_MS } = options;
  let read = options.skip;
  let wait = retryMs;
  while (!signal.aborted) {
    const { state, at } = await readOnce(options, read, signal);
    if (signal.aborted) return;
    listener.tell(state);
    if (state.kind === 'ended' || state.kind === 'none') return;
    wait = at > read || state.kind === 'waiting' ? retryMs : Math.min(wait * 2, retryMs * 10);
    read = at;
    await pause(wait, signal);
  }
}

interface Outcome {
  readonly state: LogState;
  /** Bytes that the listener has. */
  readonly at: number;
}

async function readOnce(options: FeedOptions, skip: number, signal: AbortSignal): Promise<Outcome> {
  const { url, listener } = options;
  const follow = options.follow();
  let at = skip;
  try {
    const answer = await openLog(follow ? `${url}?follow=true` : url, signal);
    if (answer.status === 404) return { at, state: { kind: follow ? 'waiting' : 'none' } };
    if (!answer.ok) return { at, state: { kind: 'trouble', detail: await detailOf(answer) } };
    listener.tell({ kind: 'open' });
    let seen = 0;
    for await (const bytes of piecesOf(answer)) {
      const fresh = bytes.subarray(Math.max(0, skip - seen));
      seen += bytes.length;
      if (fresh.length === 0) continue;
      at = seen;
      listener.push(fresh);
    }
    // A gateway that stops ends the answer well, but not the log; where it was written to its end, that is told soon.
    if (seen >= skip) return { at, state: { kind: follow && options.follow() ? 'open' : 'ended' } };
    listener.restart();
    return { at: 0, state: { kind: 'waiting' } };
  } catch {
    // Browsers do not tell why a request failed; that the gateway is offline is said elsewhere on the page.
    return { at, state: { kind: 'trouble', detail: '' } };
  }
}

/** The raw log. Credentials are not needed and not sent. */
export function openLog(url: string, signal?: AbortSignal): Promise<Response> {
  return fetch(url, {
    headers: { Accept: 'text/plain' },
    credentials: 'omit',
    cache: 'no-store',
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The sentence of an error of the API; '' when there is none. */
export async function detailOf(answer: Response): Promise<string> {
  const body: unknown = await answer.json().catch(() => undefined);
  const detail = (body as { detail?: unknown } | null | undefined)?.detail;
  return typeof detail === 'string' ? detail : '';
}

/** Not every browser can iterate over a body. */
async function* piecesOf(answer: Response): AsyncGenerator<Uint8Array> {
  const reader = answer.body!.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
