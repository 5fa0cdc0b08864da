import { API_GROUP_VERSION, BUILD_KIND } from '../../crds/constants.js';
import { type BuildIdentity, firstBuildName, isLivingBuildOf, nextBuildName } from '../../crds/names.js';
import { findRule, tooSlowSentence } from '../../lib/config/match-rule.js';
import type { Config } from '../../lib/config/types.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { isAlreadyExists, isConflict, isNotFound } from '../../lib/kube/errors.js';
import type { Informer } from '../../lib/kube/informer.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import { HttpError, NoRule, noSuchBuild, unavailable } from '../http/http-error.js';
import type { BuildFilter } from './build-filter.js';
import { type BuildRecord, recordOf } from './build-record.js';
import type { BuildDirectory } from './directory.js';
import { Doubles, type DoublesOptions } from './doubles.js';
import { holderOf } from './identity.js';
import { refusalOf } from './refusal.js';
import { mayBeCreatedLater, type RetryOptions, withRetries } from './retry.js';

/** All that is written. Each call retries conflicts and passing troubles for 8 s, then throws HttpError 503. */
export interface BuildActions {
  /**
   * Sees to it that there is a build of this identity, which must be valid (see `parseIdentity`).
   * @throws NoRule (400) when no rule of the configuration matches.
   */
  ensure(identity: BuildIdentity): Promise<{ name: string; created: boolean }>;
  /** Begins to undeploy a build. @throws HttpError 404. */
  remove(name: string): Promise<void>;
  /** Begins to undeploy all that match and are not being undeployed already; answers their names. */
  removeMatching(filter: BuildFilter): Promise<string[]>;
  /** @throws HttpError 404; 409 when it is being undeployed; so do the next two. */
  start(name: string): Promise<BuildRecord>;
  stop(name: string): Promise<BuildRecord>;
  reset(name: string): Promise<BuildRecord>;
}

export interface ActionsOptions {
  readonly client: KubeClient;
  readonly informer: Informer<BuildRecord>;
  readonly directory: BuildDirectory;
  readonly config: Pick<Config, 'namespace' | 'repos'>;
  readonly log: DoublesOptions['log'];
  /** API path of the builds of the namespace. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds during which failing writes are repeated; 8000. */
  readonly withinMs?: number;
}

/** What the API server takes for a name; it would refuse to look for others (RFC 1123). */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** A name can be taken again and again only by somebody who works against us. */
const MAX_NAMES = 20;
/** Holders that change between two requests: as often as that and the caller is told to try again. */
const MAX_CONFLICTS = 5;
const PARALLEL_DELETES = 8;
/** For each request about a build that was made twice, milliseconds; the end of the process may wait for two. */
const DOUBLE_TIMEOUT_MS = 2_000;

/** `HttpError` 409 of a build that cannot be started, stopped or reset any more. */
function isBeingUndeployed(name: string): HttpError {
  return new HttpError(
    409,
    `The build ${name} is being undeployed, so it cannot be started, stopped or reset.`,
  );
}

export class KubeBuildActions implements BuildActions {
  private readonly options: ActionsOptions;
  private readonly doubles: Doubles;

  constructor(options: ActionsOptions) {
    this.options = options;
    this.doubles = new Doubles({
      ...options,
      read: (name) => this.read(name, DOUBLE_TIMEOUT_MS),
      remove: (record) => this.deleteIfThere(record, DOUBLE_TIMEOUT_MS),
    });
  }

  /** Resolves when nothing that outlives its request is under way. */
  settled(): Promise<void> {
    return this.doubles.settled();
  }

  ensure(identity: BuildIdentity): Promise<{ name: string; created: boolean }> {
    const { repo, targetBranch } = identity;
    const { rule, tooSlow } = findRule(this.options.config, repo, targetBranch);
    if (!rule) throw new NoRule(repo, targetBranch, tooSlowSentence(tooSlow));
    const ensureOnce = async (timeoutMs: number) => {
      const present = await this.livingBuildOf(identity, timeoutMs);
      return present === undefined ? this.create(identity, timeoutMs) : { name: present, created: false };
    };
    return this.patiently('create the build', ensureOnce, mayBeCreatedLater);
  }

  async remove(name: string): Promise<void> {
    await this.on(name, `undeploy the build ${name}`, (record, timeoutMs) => this.delete(record, timeoutMs));
  }

  async removeMatching(filter: BuildFilter): Promise<string[]> {
    const records = this.options.directory.list(filter).filter(({ deleting }) => !deleting);
    const left = [...records];
    const failures: HttpError[] = [];
    const work = async () => {
      for (let record = left.pop(); record !== undefined; record = left.pop()) {
        await this.removeRecord(record).catch((error: HttpError) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_DELETES }, work));
    if (failures.length === 0) return records.map(({ metadata }) => metadata.name);
    const detail = `${failures.length} of ${records.length} builds could not be undeployed. ${failures[0]!.detail}`;
    throw unavailable(detail, 5, failures[0]);
  }

  start(name: string): Promise<BuildRecord> {
    return this.change(name, 'start', { replicas: 1 });
  }

  stop(name: string): Promise<BuildRecord> {
    return this.change(name, 'stop', { replicas: 0 });
  }

  reset(name: string): Promise<BuildRecord> {
    const now = this.options.now?.() ?? Date.now();
    return this.change(name, 'reset', { replicas: 0, resetRequestedAt: new Date(now).toISOString() });
  }

  /** The name of the living build of this identity, whatever it is called, confirmed by the API server. */
  private async livingBuildOf(identity: BuildIdentity, timeoutMs: number): Promise<string | undefined> {
    for (const record of this.options.directory.ofCommit(identity.commit)) {
      if (!isLivingBuildOf(identity, holderOf(record))) continue;
      const { name } = record.metadata;
      const live = await this.read(name, timeoutMs);
      if (live !== undefined && isLivingBuildOf(identity, holderOf(live))) return name;
    }
    return undefined;
  }

  private async create(
    identity: BuildIdentity,
    timeoutMs: number,
  ): Promise<{ name: string; created: boolean }> {
    let name = firstBuildName(identity);
    for (let attempt = 1; attempt <= MAX_NAMES; attempt++) {
      if (await this.post(name, identity, timeoutMs)) return { name, created: true };
      const live = await this.read(name, timeoutMs);
      if (live === undefined) continue;
      if (isLivingBuildOf(identity, holderOf(live))) return { name, created: false };
      name = nextBuildName(identity, name, holderOf(live));
    }
    throw unavailable(`The names for the build are taken, ${name} the last of them. Try again later.`, 5);
  }

  /** False when the name is taken. */
  private async post(name: string, identity: BuildIdentity, timeoutMs: number): Promise<boolean> {
    const { client, informer, path, config } = this.options;
    const { pr, ...rest } = identity;
    const body = {
      apiVersion: API_GROUP_VERSION,
      kind: BUILD_KIND,
      metadata: { name, namespace: config.namespace },
      spec: pr === null ? rest : { ...rest, pr },
    };
    try {
      const object = await client.create<KubeObject>(path, body, { timeoutMs });
      this.doubles.created(recordOf(object));
      informer.observe(object);
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  private change(name: string, verb: string, spec: object): Promise<BuildRecord> {
    return this.on(name, `${verb} the build ${name}`, async (record, timeoutMs) => {
      if (record.deleting) throw isBeingUndeployed(name);
      const { client, informer, path } = this.options;
      const patch = { metadata: { uid: record.metadata.uid }, spec };
      const object = await client.mergePatch<KubeObject>(objectPath(path, name), patch, { timeoutMs });
      informer.observe(object);
      const changed = recordOf(object);
      if (changed.deleting) throw isBeingUndeployed(name);
      return informer.get(name) ?? changed;
    });
  }

  /** Does something to the build of this name; again when it turns out to be another one than it was thought to be. */
  private on<T>(
    name: string,
    what: string,
    act: (record: BuildRecord, timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    if (!OBJECT_NAME.test(name)) return Promise.reject(noSuchBuild(name));
    return this.patiently(what, async (timeoutMs) => {
      for (let attempt = 1; ; attempt++) {
        const record = await this.current(name, timeoutMs);
        if (record === undefined) throw noSuchBuild(name);
        try {
          return await act(record, timeoutMs);
        } catch (error) {
          if (!(isConflict(error) || isNotFound(error)) || attempt >= MAX_CONFLICTS) throw error;
          await this.read(name, timeoutMs);
        }
      }
    });
  }

  private async removeRecord(record: BuildRecord): Promise<void> {
    const what = `undeploy the build ${record.metadata.name}`;
    await this.patiently(what, (timeoutMs) => this.deleteIfThere(record, timeoutMs));
  }

  private async deleteIfThere(record: BuildRecord, timeoutMs: number): Promise<void> {
    try {
      await this.delete(record, timeoutMs);
    } catch (error) {
      // Another build has that name now: the one that was meant is gone.
      if (!isConflict(error)) throw error;
    }
  }

  private async delete({ metadata, deleting }: BuildRecord, timeoutMs: number): Promise<void> {
    if (deleting) return;
    const { client, informer, path } = this.options;
    const { name, uid } = metadata;
    const options = { uid, propagationPolicy: 'Background', timeoutMs } as const;
    const { object } = await client.delete(objectPath(path, name), options);
    if (object === undefined) informer.observeDeleted(name, uid);
    else informer.observe(object);
  }

  /** As the cache has it, but what a stale cache could be wrong about is asked. */
  private async current(name: string, timeoutMs: number): Promise<BuildRecord | undefined> {
    const cached = this.options.informer.get(name);
    return cached === undefined || cached.deleting ? this.read(name, timeoutMs) : cached;
  }

  private async read(name: string, timeoutMs: number): Promise<BuildRecord | undefined> {
    const { client, informer, path } = this.options;
    const before = informer.get(name);
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const object = await client.get<KubeObject>(objectPath(path, name), { timeoutMs, signal });
      informer.observe(object);
      return recordOf(object);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (before !== undefined) informer.observeDeleted(name, before.metadata.uid);
      return undefined;
    }
  }

  private async patiently<T>(
    what: string,
    attempt: (timeoutMs: number) => Promise<T>,
    mayPass: RetryOptions['mayPass'] = () => false,
  ): Promise<T> {
    const { withinMs = 8_000 } = this.options;
    try {
      return await withRetries({ withinMs, now: () => performance.now(), mayPass }, attempt);
    } catch (error) {
      throw refusalOf(error, what);
    }
  }
}
