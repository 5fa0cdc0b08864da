import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import type { Phase } from '../../../crds/runboatbuild.generated.js';
import type { BuildFilter } from '../../../gateway/builds/build-filter.js';
import { type BuildRecord, recordOf } from '../../../gateway/builds/build-record.js';
import { InformedDirectory } from '../../../gateway/builds/directory.js';
import { BuildFeed } from '../../../gateway/events/build-feed.js';
import { EventHub } from '../../../gateway/events/event-hub.js';
import { type Change, Store } from '../../../lib/kube/store.js';

export interface BuildAt {
  name: string;
  version: number;
  uid?: string;
  phase?: Phase;
  /** Shows in no answer of the API. */
  note?: string;
  queuedAt?: string;
  /** Of the condition that speaks. */
  message?: string;
  replicas?: 0 | 1;
}

/** A build as the watch brings it. */
export function recordAt({
  name,
  version,
  uid = `uid-${name}`,
  phase,
  note,
  queuedAt,
  message,
  replicas = 0,
}: BuildAt): BuildRecord {
  return recordOf({
    metadata: {
      name,
      uid,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-01T10:00:00Z',
      annotations: { note: note ?? '' },
    },
    spec: { repo: 'oca/web', targetBranch: '16.0', commit: 'c'.repeat(40), replicas },
    status: {
      phase,
      queuedAt,
      ...(message && { conditions: [{ type: 'Ready', status: 'False', message }] }),
    },
  });
}

/** A gateway's cache, fed by hand in the order that a test wants, with the feed and the hub on it. */
export class HandFed {
  synced = false;
  position = 0;
  readonly feed: BuildFeed;
  readonly hub: EventHub;
  readonly directory: InformedDirectory;
  private readonly store: Store<BuildRecord>;
  private readonly handlers: ((change: Change<BuildRecord>) => void)[] = [];

  constructor(options: { historyLimit?: number; lostAfterMs?: number; latest?: () => number } = {}) {
    this.store = new Store<BuildRecord>({ now: () => 0 }, (change) => {
      for (const handler of this.handlers) handler(change);
    });
    const settings = {
      urlScheme: 'http',
      domain: 'd.test',
      baseUrl: 'http://b.test',
      webUrl: 'http://w.test',
    };
    const informer = {
      synced: true,
      get: (name: string) => this.store.get(name),
      list: () => this.store.values(),
      onChange: (handler: (change: Change<BuildRecord>) => void) => void this.handlers.push(handler),
    };
    const onHandlerError = (error: unknown) => {
      throw error;
    };
    this.directory = new InformedDirectory({ informer, settings, onHandlerError });
    this.feed = new BuildFeed({ directory: this.directory, ...options });
    const isOfThePast = async (version: string) => Number(version) <= (options.latest?.() ?? this.position);
    const log = { error: onHandlerError };
    this.hub = new EventHub({ feed: this.feed, log, isOfThePast, keepAliveMs: 1_000_000 });
  }

  /** A list of everything, as at the start or after the watch was lost. */
  list(version: number, ...builds: BuildAt[]): void {
    const list = this.store.beginList(String(version), this.store.highest);
    for (const build of builds) this.store.putListed(list, recordAt(build));
    this.store.endList(list);
    this.position = version;
    this.feed.advance({ type: 'LIST', resourceVersion: String(version) });
  }

  /** An event of the watch. */
  event(build: BuildAt, type: 'MODIFIED' | 'DELETED' = 'MODIFIED'): void {
    const record = recordAt(build);
    const { name, uid, resourceVersion } = record.metadata;
    if (type === 'DELETED') this.store.remove(name, uid, resourceVersion);
    else this.store.put(record);
    this.position = build.version;
    this.feed.advance({ type, resourceVersion, object: { name, uid } });
  }

  bookmark(version: number): void {
    this.store.note(String(version));
    this.position = version;
    this.feed.advance({ type: 'BOOKMARK', resourceVersion: String(version) });
  }

  /** The answer to a request of ours, which the watch has not brought yet. */
  observe(build: BuildAt): void {
    this.store.put(recordAt(build));
  }

  observeDeleted({ name, uid = `uid-${name}` }: { name: string; uid?: string }): void {
    this.store.remove(name, uid, undefined);
  }
}

export interface Message {
  event: string;
  id?: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON came.
  data?: any;
}

/** Takes messages apart as a browser does; what has no data is no message, but its id counts. */
export function parseMessages(text: string): Message[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const fields = new Map(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
      );
      const data = fields.get('data');
      return {
        event: fields.get('event') ?? 'message',
        id: fields.get('id'),
        data: data === undefined ? undefined : JSON.parse(data),
      };
    });
}

/** A client that keeps what it is told and comes back with the last id. */
export class TestListener {
  readonly builds = new Map<string, string>();
  readonly messages: Message[] = [];
  lastEventId: string | undefined;
  private stream: Writable | undefined;
  private received = '';

  constructor(private readonly filter: BuildFilter = {}) {}

  async connect({ hub }: HandFed): Promise<void> {
    this.received = '';
    this.stream = new Writable({
      write: (chunk, _encoding, done) => {
        this.received += chunk;
        done();
      },
    });
    const response = this.stream as unknown as ServerResponse;
    await hub.open({ response, filter: this.filter, lastEventId: this.lastEventId });
  }

  /** What has come since the last look. */
  take(): Message[] {
    const messages = parseMessages(this.received);
    this.received = '';
    for (const message of messages) this.apply(message);
    return messages.filter(({ data }) => data !== undefined);
  }

  /** Goes away in the middle of things: what was not taken is lost. */
  async leave(): Promise<void> {
    const { stream } = this;
    this.stream = undefined;
    if (stream === undefined) return;
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
  }

  private apply({ event, id, data }: Message): void {
    if (id !== undefined) this.lastEventId = id;
    if (event === 'reset') this.builds.clear();
    if (event !== 'message' || data === undefined) return;
    if (data.event === 'del') this.builds.delete(data.build.name);
    else this.builds.set(data.build.name, data.build.status);
  }
}

/** `upd NAME STATUS`, `del NAME STATUS`, or the name of a signal. */
export function brief(messages: readonly Message[]): string[] {
  return messages.map(({ event, data }) =>
    event === 'message' ? `${data.event} ${data.build.name} ${data.build.status}` : event,
  );
}
