import { isDeepStrictEqual } from 'node:util';
import type { Config, GitHubConfig } from '../../lib/config/types.js';
import type { GitHubClient } from '../../lib/github/client.js';
import { GitHubError } from '../../lib/github/errors.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { isConflict, isNotFound } from '../../lib/kube/errors.js';
import { objectPath } from '../../lib/kube/paths.js';
import type { KubeObject } from '../../lib/kube/types.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import type { Caches } from '../cluster/caches.js';
import { isPaused } from '../plan/facts-of.js';
import type { BuildView } from '../plan/observed.js';
import { KeyQueue } from '../queue.js';
import { judge } from './hold.js';
import { isReported, type WantedStatus, wantedStatus } from './wanted-status.js';

export interface CommitStatusReporterOptions {
  readonly client: KubeClient;
  readonly caches: Pick<Caches, 'builds' | 'paths'>;
  readonly github: Pick<GitHubClient, 'createCommitStatus' | 'hasCredentials'>;
  readonly config: Pick<Config, 'baseUrl' | 'github' | 'paused'>;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Throws when this operator does not lead any more; asked right before GitHub is told something. */
  readonly assertLeader?: () => void;
}

/** GitHub's name for what is reported here; one that is sent again replaces the former. */
export const STATUS_CONTEXT = 'runboat/build';

/** GitHub asks for few requests at a time; more than one, so that a slow answer holds up no other build. */
const CONCURRENCY = 4;
/** The build was written by somebody else at the same moment. */
const SOON_MS = 50;
const RECORD_RETRY_MS = 2_000;
/** What is being sent when the operator stops gets so long to end well. */
const GRACE_MS = 3_000;

/** What this process knows of one build's status besides `status.reported`. */
interface Memory {
  readonly uid: string;
  /** The status that the failures are about. */
  attempted?: WantedStatus;
  failures: number;
  givenUp: boolean;
  /** Milliseconds since the epoch. */
  notBefore: number;
  /** Accepted by GitHub, and perhaps not yet in `status.reported`. */
  accepted?: WantedStatus;
  /** The last one got no answer, so GitHub may show it or the one before. */
  uncertain: boolean;
}

/**
 * Tells GitHub what has become of each build. It has a queue of its own, so however GitHub fails, no build
 * waits for it. What GitHub accepted is kept in `status.reported`, so nothing is told twice, after a restart
 * neither.
 */
export class CommitStatusReporter {
  private readonly queue: KeyQueue;
  private readonly memories = new Map<string, Memory>();
  private readonly stopping = new AbortController();
  private pausedUntil = 0;
  private refusedLogins = 0;
  private started = false;

  constructor(private readonly options: CommitStatusReporterOptions) {
    const work = (name: string) => this.handle(name);
    this.queue = new KeyQueue({ concurrency: CONCURRENCY, work, now: options.now });
  }

  /** Looks at every build in the cache, and from now on at those that change. */
  start(): void {
    this.started = true;
    for (const build of this.options.caches.builds.list()) this.changed(build.metadata.name);
  }

  /** Something about the build of this name changed, or it is gone. Cheap, never throws, does no I/O. */
  changed(name: string): void {
    if (!this.started) return;
    const build = this.options.caches.builds.get(name);
    if (!build) this.memories.delete(name);
    else if (this.isDue(build)) this.queue.add(name);
  }

  /** Others are in force: with other credentials, what GitHub has refused is worth another try. */
  settingsChanged(before: GitHubConfig): void {
    const now = this.options.config.github;
    const isSame = isDeepStrictEqual(
      [before.token, before.app, before.apiUrl],
      [now.token, now.app, now.apiUrl],
    );
    if (!isSame) {
      this.pausedUntil = 0;
      this.refusedLogins = 0;
      for (const memory of this.memories.values()) forgetFailures(memory);
    }
    for (const build of this.options.caches.builds.list()) this.changed(build.metadata.name);
  }

  /** Takes no more work; resolves when what is being sent has ended, which is broken off after some seconds. */
  async stop(): Promise<void> {
    this.started = false;
    const timer = setTimeout(() => this.stopping.abort(), GRACE_MS);
    await this.queue.stop();
    clearTimeout(timer);
  }

  private get enabled(): boolean {
    const { config, github } = this.options;
    return config.github.commitStatuses && !config.paused && github.hasCredentials;
  }

  private wantedOf(build: BuildView): WantedStatus | undefined {
    if (!this.enabled || isPaused(build)) return undefined;
    return wantedStatus(build, this.options.config.baseUrl);
  }

  private isDue(build: BuildView): boolean {
    const wanted = this.wantedOf(build);
    if (wanted === undefined) return false;
    return this.memoryOf(build, wanted).uncertain || !isReported(build.status?.reported, wanted);
  }

  /** One step for one build: says what is wanted, or notes what was said. Never throws. */
  private async handle(name: string): Promise<void> {
    const build = this.options.caches.builds.get(name);
    const wanted = build && this.wantedOf(build);
    if (!build || !wanted) return;
    const memory = this.memoryOf(build, wanted);
    const shown = memory.accepted ?? build.status?.reported;
    const isShown = !memory.uncertain && isReported(shown, wanted);
    if (!isShown && !(await this.send(build, wanted, memory))) return;
    if (!isReported(build.status?.reported, wanted)) await this.record(build, wanted);
  }

  /** Whether GitHub has accepted the status; if not, it is seen to that it is tried again when that is of use. */
  private async send(build: BuildView, wanted: WantedStatus, memory: Memory): Promise<boolean> {
    const { name } = build.metadata;
    const { github, now, log } = this.options;
    if (memory.givenUp) return false;
    const wait = Math.max(memory.notBefore, this.pausedUntil) - now();
    if (wait > 0) {
      this.queue.add(name, wait);
      return false;
    }
    try {
      this.options.assertLeader?.();
      const { repo, commit } = build.spec;
      const status = { repo, commit, context: STATUS_CONTEXT, ...wanted };
      await github.createCommitStatus(status, this.stopping.signal);
      memory.accepted = wanted;
      memory.uncertain = false;
      memory.failures = 0;
      this.refusedLogins = 0;
      log.debug({ build: name, state: wanted.state }, 'A commit status was accepted');
      return true;
    } catch (error) {
      this.notAccepted(name, memory, error);
      return false;
    }
  }

  private notAccepted(name: string, memory: Memory, error: unknown): void {
    const { now } = this.options;
    const log = this.options.log.child({ build: name });
    if (!(error instanceof GitHubError)) {
      log.debug({ err: error }, 'A commit status was not sent');
      return;
    }
    memory.failures++;
    memory.uncertain ||= error.mayHaveHappened;
    const isLogin = error.kind === 'unauthorized';
    if (isLogin) this.refusedLogins++;
    const verdict = judge(error, isLogin ? this.refusedLogins : memory.failures, now());
    if (verdict.type === 'giveUp') {
      memory.givenUp = true;
      log.warn({ detail: error.message }, 'A commit status was refused and is given up until it changes');
      return;
    }
    if (verdict.type === 'pause') this.pausedUntil = Math.max(this.pausedUntil, verdict.until);
    else memory.notBefore = now() + verdict.delayMs;
    const wait = Math.max(memory.notBefore, this.pausedUntil) - now();
    log.warn(
      { detail: error.message, retryInSeconds: wait / 1000 },
      'A commit status was not accepted; later again',
    );
    this.queue.add(name, wait);
  }

  /** Notes in the build what GitHub has accepted; only this reporter writes that field. */
  private async record(build: BuildView, { state, targetUrl }: WantedStatus): Promise<void> {
    const { client, caches, log } = this.options;
    const { name, uid, resourceVersion } = build.metadata;
    // The cache may know more by now than when the request to GitHub began.
    const current = caches.builds.get(name);
    const version = current?.metadata.uid === uid ? current.metadata.resourceVersion : resourceVersion;
    const body = {
      metadata: { uid, resourceVersion: version },
      status: { reported: { state, targetUrl: targetUrl ?? null } },
    };
    try {
      const path = objectPath(caches.paths.builds, name);
      caches.builds.observe(await client.mergePatch<KubeObject>(path, body, { subresource: 'status' }));
    } catch (error) {
      if (isNotFound(error)) return;
      if (isConflict(error)) return this.recordLater(name);
      log.warn({ build: name, err: error }, 'An accepted commit status could not be noted; later again');
      this.queue.add(name, RECORD_RETRY_MS);
    }
  }

  /** The cache is behind: the build is read live, and what is wanted then counts. */
  private async recordLater(name: string): Promise<void> {
    try {
      await this.options.caches.builds.refresh(name);
      this.queue.add(name, SOON_MS);
    } catch (error) {
      this.options.log.debug({ build: name, err: error }, 'A live read failed; the watch will tell');
      this.queue.add(name, RECORD_RETRY_MS);
    }
  }

  /** What is known about this status of this build; failures of another status are forgotten. */
  private memoryOf(build: BuildView, wanted: WantedStatus): Memory {
    const { name, uid } = build.metadata;
    const known = this.memories.get(name);
    const fresh: Memory = { uid, failures: 0, givenUp: false, notBefore: 0, uncertain: false };
    const memory = known?.uid === uid ? known : fresh;
    if (memory !== known) this.memories.set(name, memory);
    beginAnew(memory, wanted);
    return memory;
  }
}

/** Failures count for one status: another one is sent at once. */
function beginAnew(memory: Memory, wanted: WantedStatus): void {
  if (memory.attempted !== undefined && isReported(memory.attempted, wanted)) return;
  memory.attempted = wanted;
  forgetFailures(memory);
}

function forgetFailures(memory: Memory): void {
  memory.failures = 0;
  memory.givenUp = false;
  memory.notBefore = 0;
}
