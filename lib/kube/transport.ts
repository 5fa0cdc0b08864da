import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { NoAnswerError } from './errors.js';

export interface OutgoingRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  path: string;
  /** The path as errors name it, without the query. */
  name: string;
  headers: Record<string, string>;
  body?: string | undefined;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  beforeSend?: (() => void) | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Put together when it is looked at, because most answers to writes are not. */
  readonly body: string;
}

/**
 * Sends one request and collects its answer, whatever its status. The time limit covers the whole: waiting for a
 * connection, sending, and the answer with its body.
 * @throws NoAnswerError; what `beforeSend` throws; the signal's reason when the request was never sent.
 */
export function send(dispatcher: Dispatcher, request: OutgoingRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted) {
      reject(request.signal.reason);
      return;
    }
    const exchange = new Exchange(request, resolve, reject);
    // `reset: false`: or undici closes the connection after a DELETE with a body.
    const { method, path, headers, body } = request;
    dispatcher.dispatch({ method, path, headers, body: body ?? null, reset: false }, exchange);
  });
}

class ReceivedAnswer implements Answer {
  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    private readonly chunks: readonly Buffer[],
  ) {}

  get body(): string {
    const whole = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    return whole.toString('utf8');
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  private readonly request: OutgoingRequest;
  private readonly resolve: (answer: Answer) => void;
  private readonly reject: (error: unknown) => void;
  private readonly timer: NodeJS.Timeout;
  private controller: Dispatcher.DispatchController | undefined;
  private sent = false;
  private settled = false;
  private vetoed = false;
  private veto: unknown;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private readonly chunks: Buffer[] = [];

  constructor(request: OutgoingRequest, resolve: (answer: Answer) => void, reject: (error: unknown) => void) {
    this.request = request;
    this.resolve = resolve;
    this.reject = reject;
    this.timer = setTimeout(
      () => this.giveUp(`none came within ${request.timeoutMs / 1000} s`),
      request.timeoutMs,
    );
    request.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Runs right before the first byte is written to an open connection; throwing here keeps it from being sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) throw new Error('given up before it was sent');
    this.askBeforeSend();
    this.controller = controller;
    this.sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.settle()) return;
    this.resolve(new ReceivedAnswer(this.status, this.headers, this.chunks));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.settle()) return;
    this.reject(
      this.vetoed && error === this.veto ? error : this.noAnswer(error.message || String(error), error),
    );
  }

  private askBeforeSend(): void {
    try {
      this.request.beforeSend?.();
    } catch (error) {
      this.vetoed = true;
      this.veto = error;
      throw error;
    }
  }

  private readonly onAbort = (): void => {
    if (this.sent) {
      this.giveUp('the caller gave up');
    } else if (this.settle()) {
      this.reject(this.request.signal?.reason);
    }
  };

  private giveUp(why: string): void {
    if (!this.settle()) return;
    const error = this.noAnswer(why);
    this.controller?.abort(error);
    this.reject(error);
  }

  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.timer);
    this.request.signal?.removeEventListener('abort', this.onAbort);
    return true;
  }

  private noAnswer(why: string, cause?: unknown): NoAnswerError {
    const { method, name } = this.request;
    return new NoAnswerError({ method, path: name, why, sent: this.sent, cause });
  }
}
