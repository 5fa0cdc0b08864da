import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Access, Connection } from './connection.js';
import { ApiError, errorOfAnswer, NoAnswerError } from './errors.js';
import { type ListPage, listPages } from './list.js';
import { type Query, queryString, resourceOfPath } from './paths.js';
import {
  type ApplyOptions,
  type CallOptions,
  type DeleteAnswer,
  type DeleteOptions,
  type KubeRequest,
  REQUEST_TIMEOUT_MS,
  type RequestInfo,
  type WriteOptions,
} from './requests.js';
import { openStream } from './stream.js';
import { type Answer, type OutgoingRequest, send } from './transport.js';
import type { KubeObject, ListAnswer, Status } from './types.js';

export interface KubeClientOptions {
  connection: Connection;
  /** The owner of the fields of every write. */
  fieldManager?: string;
  onRequest?: (info: RequestInfo) => void;
  /** Called right before a write goes to an open connection; when it throws, nothing is sent. */
  beforeWrite?: () => void;
}

/** The object of an answer. @throws NoAnswerError when it is not JSON. */
export type Unparsed<T> = () => T;

type WriteMethod = 'POST' | 'PUT' | 'PATCH';

interface PatchOptions {
  readonly contentType?: string;
  readonly force?: boolean;
}

interface WriteParts {
  readonly path: string;
  readonly body: unknown;
  readonly options: WriteOptions;
  readonly patch: PatchOptions;
}

const READ_ATTEMPTS = 4;
const MAX_READ_DELAY_MS = 5_000;
const RETRIED_READS = new Set([429, 500, 502, 503, 504]);
const APPLY = 'application/apply-patch+yaml';
const MERGE_PATCH = 'application/merge-patch+json';

/**
 * A thin client of the Kubernetes API. Every method throws ApiError for an answered refusal and NoAnswerError when
 * there was no usable answer. Only reads are repeated (when the server is busy or did not answer); a write is sent
 * once, except after a 401, which means that nothing was done.
 */
export class KubeClient {
  readonly connection: Connection;
  private readonly fieldManager: string;
  private readonly onRequest: ((info: RequestInfo) => void) | undefined;
  private readonly beforeWrite: (() => void) | undefined;

  constructor(options: KubeClientOptions) {
    this.connection = options.connection;
    this.fieldManager = options.fieldManager ?? 'runboat';
    this.onRequest = options.onRequest;
    this.beforeWrite = options.beforeWrite;
  }

  /** Sends a request and parses the JSON of its answer. */
  async request<T>(request: KubeRequest): Promise<T> {
    return (await this.exchange<T>(request))();
  }

  /** Sends a request; its answer is parsed when it is asked for. */
  async exchange<T>(request: KubeRequest): Promise<Unparsed<T>> {
    const answer = await (request.method === 'GET' ? this.readPatiently(request) : this.attempt(request));
    // Something in between may answer in the API server's place.
    if (!answer.headers['content-type']?.includes('json')) throw notJson(request, answer);
    return () => parseBody<T>(request, answer);
  }

  get<T>(
    path: string,
    options: CallOptions & { query?: Query | undefined; accept?: string | undefined } = {},
  ): Promise<T> {
    return this.request<T>({ ...options, method: 'GET', path });
  }

  /** POSTs to a collection: 409 AlreadyExists when the name is taken. Unknown fields are refused by default. */
  create<T>(collectionPath: string, body: unknown, options: WriteOptions = {}): Promise<T> {
    return this.write<T>('POST', collectionPath, body, { fieldValidation: 'Strict', ...options });
  }

  /** Replaces an object; with `metadata.resourceVersion` in the body only if it did not change since. */
  replace<T>(path: string, body: unknown, options: WriteOptions = {}): Promise<T> {
    return this.write<T>('PUT', path, body, options);
  }

  /**
   * Server-side apply. `metadata.uid` and `metadata.resourceVersion` in the body are preconditions (409). The answer
   * is parsed when it is asked for, because that of most objects is of no use, and all bring their managed fields.
   */
  apply<T>(path: string, body: unknown, options: ApplyOptions = {}): Promise<Unparsed<T>> {
    const { force, ...rest } = options;
    const asked = { fieldValidation: 'Strict' as const, ...rest };
    const patch = { contentType: APPLY, force: force ?? false };
    return this.exchange<T>(this.writeRequest('PATCH', { path, body, options: asked, patch }));
  }

  /** RFC 7386. `metadata.uid` and `metadata.resourceVersion` in the body are preconditions (409). */
  mergePatch<T>(path: string, body: unknown, options: WriteOptions = {}): Promise<T> {
    return this.write<T>('PATCH', path, body, options, { contentType: MERGE_PATCH });
  }

  /** Deletes one object; that there is none is an answer, not an error. */
  async delete(path: string, options: DeleteOptions): Promise<DeleteAnswer> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds, ...call } = options;
    const preconditions =
      uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy,
      gracePeriodSeconds,
      preconditions,
    };
    try {
      const answer = await this.request<KubeObject | Status>({ ...call, method: 'DELETE', path, body });
      return describeDeletion(answer);
    } catch (error) {
      if (isMissingObject(error)) return { state: 'missing' };
      throw error;
    }
  }

  /**
   * The pages of a consistent list, 500 objects each unless `query.limit` says otherwise. When the list expires
   * half way it begins again: a page with `first` makes all pages before it void.
   */
  list<T>(
    path: string,
    query: Query = {},
    options: CallOptions & { accept?: string | undefined } = {},
  ): AsyncIterable<ListPage<T>> {
    const read = (paging: Query): Promise<ListAnswer<T>> =>
      this.get<ListAnswer<T>>(path, { ...options, query: { ...query, ...paging } });
    return listPages(read, query['limit']);
  }

  /** All pages of a list at once. */
  async listAll<T>(
    path: string,
    query: Query = {},
    options: CallOptions & { accept?: string | undefined } = {},
  ): Promise<{ items: T[]; resourceVersion: string }> {
    let items: T[] = [];
    let resourceVersion = '';
    for await (const page of this.list<T>(path, query, options)) {
      items = page.first ? page.items : items.concat(page.items);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  }

  /** Opens an answer without an end, such as a watch; the time limit covers only the wait for its beginning. */
  async stream(path: string, query: Query, options: Omit<CallOptions, 'beforeSend'> = {}): Promise<Readable> {
    const request: KubeRequest = { ...options, method: 'GET', path, query };
    const open = (access: Access) => openStream(access.watches, this.outgoing(request, access));
    return this.measured(request, () => this.withCredentials(request, open));
  }

  private write<T>(
    method: WriteMethod,
    path: string,
    body: unknown,
    options: WriteOptions,
    patch: PatchOptions = {},
  ): Promise<T> {
    return this.request<T>(this.writeRequest(method, { path, body, options, patch }));
  }

  private writeRequest(method: WriteMethod, { path, body, options, patch }: WriteParts): KubeRequest {
    const { fieldValidation, subresource, dryRun, ...call } = options;
    const query = {
      fieldManager: this.fieldManager,
      fieldValidation,
      force: patch.force,
      dryRun: dryRun ? 'All' : undefined,
    };
    const target = subresource === undefined ? path : `${path}/${subresource}`;
    return { ...call, method, path: target, query, body, contentType: patch.contentType };
  }

  private async readPatiently(request: KubeRequest): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(request);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (attempt >= READ_ATTEMPTS || !isWorthRepeating(error)) throw error;
        await sleep(readDelay(error, attempt), undefined, {
          ...(request.signal && { signal: request.signal }),
        });
      }
    }
  }

  /** One attempt, and a second one with fresh credentials after a 401. */
  private attempt(request: KubeRequest): Promise<Answer> {
    return this.measured(request, () =>
      this.withCredentials(request, async (access) => {
        const answer = await send(access.requests, this.outgoing(request, access));
        if (answer.status >= 200 && answer.status < 300) return answer;
        throw errorOfAnswer(request, {
          status: answer.status,
          retryAfter: answer.headers['retry-after'],
          body: answer.body,
        });
      }),
    );
  }

  private async withCredentials<T>(request: KubeRequest, run: (access: Access) => Promise<T>): Promise<T> {
    const access = await this.access(request);
    try {
      return await run(access);
    } catch (error) {
      const isUnauthorized = error instanceof ApiError && error.status === 401;
      if (!isUnauthorized || !(await this.connection.renew(access))) throw error;
      return run(await this.access(request));
    }
  }

  private async access(request: KubeRequest): Promise<Access> {
    try {
      return await this.connection.access();
    } catch (error) {
      const why = `the credentials cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      throw new NoAnswerError({ method: request.method, path: request.path, why, sent: false, cause: error });
    }
  }

  private outgoing(request: KubeRequest, access: Access): OutgoingRequest {
    const headers: Record<string, string> = { ...access.headers, 'user-agent': this.fieldManager };
    headers['accept'] = request.accept ?? 'application/json';
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    return {
      method: request.method,
      path: this.connection.basePath + request.path + queryString(request.query),
      name: request.path,
      headers,
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      timeoutMs: request.timeoutMs ?? REQUEST_TIMEOUT_MS,
      signal: request.signal,
      beforeSend: request.beforeSend ?? (request.method === 'GET' ? undefined : this.beforeWrite),
    };
  }

  private async measured<T>(request: KubeRequest, run: () => Promise<T>): Promise<T> {
    if (this.onRequest === undefined) return run();
    const begun = performance.now();
    const report = (status: number) => {
      const seconds = (performance.now() - begun) / 1000;
      this.onRequest?.({ method: request.method, resource: resourceOfPath(request.path), status, seconds });
    };
    try {
      const result = await run();
      report((result as Partial<Answer>).status ?? 200);
      return result;
    } catch (error) {
      report(error instanceof ApiError ? error.status : 0);
      throw error;
    }
  }
}

function parseBody<T>(request: KubeRequest, answer: Answer): T {
  try {
    return JSON.parse(answer.body) as T;
  } catch (error) {
    throw notJson(request, answer, error);
  }
}

function notJson({ method, path }: KubeRequest, { status }: Answer, cause?: unknown): NoAnswerError {
  const why = `it was answered with ${status} and something that is not JSON`;
  return new NoAnswerError({ method, path, why, sent: true, cause });
}

function isWorthRepeating(error: unknown): boolean {
  if (error instanceof NoAnswerError) return true;
  return error instanceof ApiError && RETRIED_READS.has(error.status);
}

/** Milliseconds: what the server asked for, else growing with jitter. */
function readDelay(error: unknown, attempt: number): number {
  const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  const own = 100 * 2 ** attempt * (0.5 + Math.random() / 2);
  return Math.min(Math.max(asked, own), MAX_READ_DELAY_MS);
}

/** A path that is not served at all is also answered with 404, but names no object. */
function isMissingObject(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && error.details?.name !== undefined;
}

function describeDeletion(answer: KubeObject | Status): DeleteAnswer {
  if ((answer as Status).kind === 'Status') return { state: 'deleted' };
  const object = answer as KubeObject;
  return { state: object.metadata.deletionTimestamp === undefined ? 'deleted' : 'deleting', object };
}
