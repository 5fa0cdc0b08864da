// The gateway's application over builds that a program makes up: for pictures, measurements of the pages, and tests of
// how they look in states that take long to reach. Nothing here needs Jest.
import path from 'node:path';
import type { Phase, RunboatBuildSpec, RunboatBuildStatus } from '../../crds/runboatbuild.generated.js';
import { createApp } from '../../gateway/app.js';
import type { BuildActions } from '../../gateway/builds/actions.js';
import { type BuildRecord, recordOf } from '../../gateway/builds/build-record.js';
import { InformedDirectory } from '../../gateway/builds/directory.js';
import { createEventsRouter } from '../../gateway/events/events-router.js';
import type { WatchProgress } from '../../gateway/events/watch-progress.js';
import { createAuthenticator } from '../../gateway/http/auth.js';
import { HttpError, noSuchBuild } from '../../gateway/http/http-error.js';
import { listen, type RunningServer } from '../../gateway/http/server.js';
import { GatewayMetrics } from '../../gateway/metrics.js';
import type { GatewayServices } from '../../gateway/services.js';
import { loadConfig } from '../../lib/config/load.js';
import type { Config } from '../../lib/config/types.js';
import { type Change, Store } from '../../lib/kube/store.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { repositoryRoot } from '../cluster/paths.js';
import { ADMIN } from './gateway-process.js';

/** A build as it is put into the sample gateway; times RFC 3339. */
export interface SampleBuild {
  readonly name: string;
  readonly created: string;
  readonly deleting?: boolean;
  readonly spec: Pick<RunboatBuildSpec, 'repo' | 'targetBranch' | 'commit'> & Partial<RunboatBuildSpec>;
  readonly status?: RunboatBuildStatus;
}

export interface SampleOptions {
  readonly footerHtml?: string;
  readonly limits?: Partial<Config['limits']>;
  readonly publicActions?: Config['api']['publicActions'];
  /** Another port than a free one, to come back to. */
  readonly port?: number;
}

export class SampleGateway {
  private readonly store: Store<BuildRecord>;
  private readonly builds = new Map<string, SampleBuild>();
  private readonly changed: ((change: Change<BuildRecord>) => void)[] = [];
  private readonly progressed: ((progress: WatchProgress) => void)[] = [];
  private readonly ending = new AbortController();
  /** Grows from one gateway to the next, as those of a cluster do. */
  private version = Date.now();
  private server: RunningServer | undefined;
  /** What start, stop and reset answer instead of doing it; undefined: they do it. */
  refusal: HttpError | undefined;

  constructor() {
    this.store = new Store<BuildRecord>({ now: () => 0 }, (change) => {
      for (const handler of this.changed) handler(change);
    });
  }

  get address(): string {
    return `http://127.0.0.1:${this.server?.port}`;
  }

  async start(options: SampleOptions = {}): Promise<this> {
    const services = this.services(options);
    const app = createApp({
      services,
      readiness: { builds: () => undefined, process: () => undefined },
      api: [createEventsRouter({ ...services, informer: this.informer })],
      direct: [],
      pagesFolder: path.join(repositoryRoot, 'dist/gateway/ui'),
    });
    // The feed of events has to be there before the first build.
    for (const build of this.builds.values()) this.store.put(this.recordOf(build));
    this.tell({ type: 'LIST', resourceVersion: String(this.version) });
    this.server = await listen(app, options.port ?? 0);
    return this;
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.server?.close(0);
  }

  /** Makes or changes a build, before the start or later. */
  put(build: SampleBuild): void {
    this.builds.set(build.name, build);
    if (this.server === undefined) return;
    const record = this.recordOf(build);
    this.store.put(record);
    this.tell({
      type: 'MODIFIED',
      resourceVersion: record.metadata.resourceVersion,
      object: record.metadata,
    });
  }

  /** Changes the status of a build, leaving what is not given. */
  change(name: string, status: RunboatBuildStatus): BuildRecord {
    const build = this.builds.get(name);
    if (build === undefined) throw noSuchBuild(name);
    this.put({ ...build, status: { ...build.status, ...status } });
    return this.store.get(name)!;
  }

  remove(name: string): void {
    const record = this.store.get(name);
    if (record === undefined) return;
    const resourceVersion = String(++this.version);
    this.builds.delete(name);
    this.store.remove(name, record.metadata.uid, resourceVersion);
    this.tell({ type: 'DELETED', resourceVersion, object: record.metadata });
  }

  private get informer() {
    return {
      synced: true,
      get: (name: string) => this.store.get(name),
      list: () => this.store.values(),
      onChange: (handler: (change: Change<BuildRecord>) => void) => void this.changed.push(handler),
      onProgress: (handler: (progress: WatchProgress) => void) => void this.progressed.push(handler),
    };
  }

  private recordOf({ name, created, deleting, spec, status }: SampleBuild): BuildRecord {
    return recordOf({
      metadata: {
        name,
        uid: `uid-${name}`,
        resourceVersion: String(++this.version),
        creationTimestamp: created,
        ...(deleting ? { deletionTimestamp: created } : {}),
      },
      spec,
      ...(status ? { status } : {}),
    });
  }

  private tell(progress: WatchProgress): void {
    for (const handler of this.progressed) handler(progress);
  }

  private services(options: SampleOptions): GatewayServices {
    const config = configOf(options);
    const onHandlerError = (error: unknown) => {
      throw error;
    };
    const settings = { ...config, webUrl: config.github.webUrl };
    return {
      config,
      log: createLogger('gateway', 'silent'),
      // Asked for the latest resourceVersion alone, by listeners that come back from another gateway.
      client: { get: async () => ({ metadata: { resourceVersion: String(this.version) } }) } as never,
      informer: this.informer as never,
      directory: new InformedDirectory({ informer: this.informer, settings, onHandlerError }),
      actions: this.actions(),
      authenticator: createAuthenticator({ config }),
      metrics: new GatewayMetrics(),
      stopping: this.ending.signal,
    };
  }

  private actions(): BuildActions {
    const change = (replicas: 0 | 1, next: (phase: Phase) => Phase) => {
      return async (name: string) => {
        if (this.refusal) throw this.refusal;
        const build = this.builds.get(name);
        if (build === undefined) throw noSuchBuild(name);
        this.put({ ...build, spec: { ...build.spec, replicas } });
        return this.change(name, { phase: next(build.status?.phase ?? 'Queued') });
      };
    };
    const notHere = async () => {
      throw new HttpError(503, 'A sample gateway cannot do this.');
    };
    return {
      start: change(1, (phase) => (phase === 'Stopped' ? 'Starting' : phase)),
      stop: change(0, (phase) => (phase === 'Started' || phase === 'Starting' ? 'Stopping' : phase)),
      reset: change(0, () => 'Queued'),
      remove: async (name) => this.remove(name),
      ensure: notHere,
      removeMatching: notHere,
    };
  }
}

function configOf({ footerHtml = '', limits, publicActions }: SampleOptions): Config {
  const env = {
    RUNBOAT_BUILD_NAMESPACE: 'sample',
    RUNBOAT_BUILD_DOMAIN: 'builds.example.org',
    RUNBOAT_API_ADMIN_USER: ADMIN.user,
    RUNBOAT_API_ADMIN_PASSWD: ADMIN.password,
    RUNBOAT_REPOS: JSON.stringify([{ repo: '.*', branch: '.*', builds: [{ image: 'odoo' }] }]),
    RUNBOAT_ADDITIONAL_FOOTER_HTML: footerHtml,
  };
  const { config } = loadConfig({ env, process: 'gateway' });
  const api = { ...config.api, ...(publicActions ? { publicActions } : {}) };
  return { ...config, api, limits: { ...config.limits, ...limits } };
}
