import { Readable } from 'node:stream';
import { LABEL_BUILD } from '../../crds/constants.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { defaultContainer } from '../../lib/kube/default-container.js';
import { ApiError } from '../../lib/kube/errors.js';
import { objectPath, type Query, resourcePath } from '../../lib/kube/paths.js';
import type { Pod } from '../../lib/kube/types.js';
import { missingRight, refusalOf } from '../builds/refusal.js';
import { HttpError } from '../http/http-error.js';
import { choosePod, type LogKind } from './choose-pod.js';

/** A log that was found. */
export interface LogPlace {
  readonly pod: string;
  /** API path. */
  readonly path: string;
  readonly container: string;
}

/** How long a node may take to begin its answer, and between two pieces of it. */
export const NODE_PATIENCE_MS = 10_000;
/** Timers know no longer time; a log that is followed may be silent for ever, its headers included. */
const FOR_EVER_MS = 2 ** 31 - 1;

/** Finds and reads logs of builds. */
export class LogSource {
  private readonly client: Pick<KubeClient, 'listAll' | 'stream'>;
  private readonly pods: string;

  constructor(client: Pick<KubeClient, 'listAll' | 'stream'>, namespace: string) {
    this.client = client;
    this.pods = resourcePath({ group: '', version: 'v1', plural: 'pods', namespace });
  }

  /** @throws HttpError 404 when there is no log, 503 when the API server is in trouble or allows too little. */
  async find(build: string, kind: LogKind): Promise<LogPlace> {
    const pod = choosePod(await this.podsOf(build), kind);
    const container = pod && defaultContainer(pod);
    if (pod === undefined || container === undefined) throw noLog();
    const { name } = pod.metadata;
    return { pod: name, path: `${objectPath(this.pods, name)}/log`, container };
  }

  /** The whole log as it is now. @throws HttpError 404 when there is none, 502 when the node fails, 503 as `find`. */
  read(place: LogPlace, signal: AbortSignal): Promise<Readable> {
    return this.open(place, {}, { signal, timeoutMs: NODE_PATIENCE_MS });
  }

  /**
   * The log and what will be written to it; resolves when something is. A node answers that only with the first line,
   * so that the answer to `check` is what tells whether there is a log.
   */
  follow(place: LogPlace, signal: AbortSignal): Promise<Readable> {
    return this.open(place, { follow: true }, { signal, timeoutMs: FOR_EVER_MS });
  }

  /** @throws as `read`. */
  async check(place: LogPlace, signal: AbortSignal): Promise<void> {
    const stream = await this.open(place, { limitBytes: 1 }, { signal, timeoutMs: NODE_PATIENCE_MS });
    // What comes of it, its end by us included, is of no interest.
    stream.on('error', () => undefined).destroy();
  }

  private async podsOf(build: string): Promise<Pod[]> {
    try {
      const labelSelector = `${LABEL_BUILD}=${build}`;
      const { items } = await this.client.listAll<Pod>(this.pods, { labelSelector });
      return items;
    } catch (error) {
      throw refusalOf(error, `find the pods of the build ${build}`);
    }
  }

  private async open(
    { path, pod, container }: LogPlace,
    query: Query,
    options: { signal: AbortSignal; timeoutMs: number },
  ): Promise<Readable> {
    try {
      return await this.client.stream(path, { container, ...query }, options);
    } catch (error) {
      if (options.signal.aborted) throw error;
      // The API server answers so while the pod has no node (registry/core/pod/rest/log.go); a test pins it.
      if (error instanceof ApiError && error.status === 204) return Readable.from([]);
      // 400: the container waits to be started. 404: the pod, or its log, has gone meanwhile.
      if (error instanceof ApiError && (error.status === 400 || error.status === 404)) throw noLog(error);
      if (missingRight(error) !== undefined) throw refusalOf(error, `read the log of the pod ${pod}`);
      const detail = `The node of the pod ${pod} does not give its log. Try again later.`;
      throw new HttpError(502, detail, { cause: error });
    }
  }
}

function noLog(cause?: unknown): HttpError {
  return new HttpError(404, 'No log found.', { cause });
}
