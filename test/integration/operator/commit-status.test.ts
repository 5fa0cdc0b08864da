import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunboatBuild, RunboatBuildStatus } from '../../../crds/runboatbuild.generated.js';
import type { GitHubConfig } from '../../../lib/config/types.js';
import { GitHubClient } from '../../../lib/github/client.js';
import { objectPath } from '../../../lib/kube/paths.js';
import type { KubeObject } from '../../../lib/kube/types.js';
import { createLogger } from '../../../lib/telemetry/logger.js';
import { Caches } from '../../../operator/cluster/caches.js';
import { CommitStatusReporter } from '../../../operator/commit-status/reporter.js';
import { useNamespace, waitFor } from '../../support/cluster.js';
import { FakeGitHub } from '../../support/fake-github.js';
import { NO_LOG, useClient } from '../kube/support.js';

const base = 'https://runboat.test';
const namespace = useNamespace();
const client = useClient();

let github: FakeGitHub;
let caches: Caches;
let reporter: CommitStatusReporter;
let settings: GitHubConfig;
let name: string;
let paused: boolean;
let leads: boolean;
let refusals: number;
const created: string[] = [];

beforeEach(async () => {
  github = new FakeGitHub();
  await github.start();
  settings = {
    token: 'ghp_token',
    allowUnsignedWebhooks: false,
    apiUrl: github.url,
    webUrl: 'https://github.test',
    commitStatuses: true,
  };
  paused = false;
  leads = true;
  refusals = 0;
  name = `b-${randomBytes(5).toString('hex')}`;
  const options = { client: client.get(), namespace: namespace.name, resyncMs: 300_000, log: NO_LOG };
  caches = new Caches({ ...options, hooks: () => ({}) });
  caches.builds.start();
  await caches.builds.whenSynced();
  begin();
});

afterEach(async () => {
  await reporter.stop();
  await caches.builds.stop();
  await github.stop();
  for (const build of created.splice(0)) {
    await client.get().delete(objectPath(caches.paths.builds, build), { propagationPolicy: 'Background' });
  }
});

/** A reporter, as it begins after a restart of the operator: with nothing but what the caches have. */
function begin(timeoutMs = 10_000): void {
  const mine = new CommitStatusReporter({
    client: client.get(),
    caches,
    github: new GitHubClient({ settings: () => settings, timeoutMs }),
    config: {
      baseUrl: base,
      get github() {
        return settings;
      },
      get paused() {
        return paused;
      },
    },
    log: createLogger('test', 'silent'),
    now: Date.now,
    assertLeader: () => {
      if (leads) return;
      refusals++;
      throw new Error('not the leader');
    },
  });
  reporter = mine;
  caches.builds.onChange((change) => mine.changed((change.new ?? change.old)?.metadata.name ?? ''));
  mine.start();
}

async function restart(timeoutMs?: number): Promise<void> {
  await reporter.stop();
  begin(timeoutMs);
}

async function create(build = name): Promise<void> {
  created.push(build);
  await client.get().create(caches.paths.builds, {
    apiVersion: 'runboat.dev/v1alpha1',
    kind: 'RunboatBuild',
    metadata: { name: build },
    spec: { repo: 'oca/web', targetBranch: '16.0', commit: randomBytes(20).toString('hex') },
  });
}

/** Writes a status as the operator's control loop does. */
async function show(status: RunboatBuildStatus, build = name): Promise<void> {
  const path = objectPath(caches.paths.builds, build);
  caches.builds.observe(
    await client.get().mergePatch<KubeObject>(path, { status }, { subresource: 'status' }),
  );
}

async function stored(build = name): Promise<RunboatBuild> {
  return client.get().get<RunboatBuild>(objectPath(caches.paths.builds, build));
}

async function untilReported(reported: object | undefined, build = name): Promise<void> {
  let last: RunboatBuild | undefined;
  await waitFor(
    async () => {
      last = await stored(build);
      return JSON.stringify(last.status?.reported) === JSON.stringify(reported);
    },
    { describe: () => ['status.reported to be', reported, last?.status, github.statuses] },
  );
}

async function untilAsked(times: number): Promise<void> {
  await waitFor(async () => github.statuses.length >= times, {
    describe: () => [`${times} statuses`, github.statuses],
  });
}

const link = (build = name) => `${base}/builds/${build}?live`;
const states = () => github.statuses.map(({ state, target_url }) => [state, target_url]);

const queued = { phase: 'Queued', initStatus: 'todo', queuePosition: 3 } as const;
const initializing = { phase: 'Initializing', initStatus: 'started' } as const;
const stopped = { phase: 'Stopped', initStatus: 'succeeded' } as const;

describe('what GitHub is told', () => {
  it('is each stage of a build once, and is kept in the build', async () => {
    await create();
    await show(queued);
    await untilReported({ state: 'pending' });
    await show({ ...queued, queuePosition: 1 });
    await show(initializing);
    await untilReported({ state: 'pending', targetUrl: link() });
    await show(stopped);
    await untilReported({ state: 'success', targetUrl: link() });
    await show({ phase: 'Started' });
    await show({ phase: 'Stopped' });
    await show(queued);
    await untilReported({ state: 'pending' });
    expect(states()).toEqual([
      ['pending', undefined],
      ['pending', link()],
      ['success', link()],
      ['pending', undefined],
    ]);
    const { commit } = (await stored()).spec;
    expect(github.requests[0]).toMatchObject({
      path: `/repos/oca/web/statuses/${commit}`,
      body: { context: 'runboat/build' },
    });
  });

  it('is not told again after a restart', async () => {
    await create();
    await show(stopped);
    await untilReported({ state: 'success', targetUrl: link() });
    await restart();
    await show({ phase: 'Started' });
    const other = `${name}-2`;
    await create(other);
    await show(queued, other);
    await untilReported({ state: 'pending' }, other);
    expect(states()).toEqual([
      ['success', link()],
      ['pending', undefined],
    ]);
  });

  it('is told after a restart when it changed meanwhile', async () => {
    await create();
    await show(queued);
    await untilReported({ state: 'pending' });
    await reporter.stop();
    await show({ ...stopped });
    begin();
    await untilReported({ state: 'success', targetUrl: link() });
  });

  it('says why a build was refused', async () => {
    await create();
    const message = 'No rule of the configuration matches oca/web 16.0. Add one.';
    const deployed = { type: 'Deployed', status: 'False', reason: 'NoMatchingRule', message } as const;
    await show({
      phase: 'Failed',
      conditions: [{ ...deployed, lastTransitionTime: '2026-01-01T00:00:00Z' }],
    });
    await untilReported({ state: 'failure', targetUrl: link() });
    expect(github.statuses[0]?.description).toBe(message);
  });

  it.each(['without credentials', 'with commitStatuses: false', 'while the operator is paused'])(
    'is nothing %s',
    async (what) => {
      const before = settings;
      const { token: _, ...anonymous } = settings;
      if (what.includes('credentials')) settings = anonymous;
      if (what.includes('commitStatuses')) settings = { ...settings, commitStatuses: false };
      paused = what.includes('paused');
      await create();
      await show(stopped);
      await show({ phase: 'Started' });
      // What comes later and is told shows that the reporter had come to the former too.
      [settings, paused] = [before, false];
      const other = `${name}-2`;
      await create(other);
      await show(queued, other);
      await untilReported({ state: 'pending' }, other);
      expect(states()).toEqual([['pending', undefined]]);
      expect((await stored()).status?.reported).toBeUndefined();
    },
  );

  it('is nothing when this operator does not lead any more', async () => {
    leads = false;
    await create();
    await show(stopped);
    await waitFor(async () => refusals > 0, { describe: () => ['the reporter to ask whether it leads'] });
    await reporter.stop();
    expect(github.requests).toEqual([]);
    expect((await stored()).status?.reported).toBeUndefined();
  });
});

describe('when GitHub fails', () => {
  it('a rate limit is obeyed by all, and then everything is told', async () => {
    const until = Date.now() + 1_500;
    const headers = { 'retry-after': '2' };
    github.trouble = ({ at }) => (at < until ? { status: 403, message: 'slow down', headers } : undefined);
    await create();
    await show(queued);
    await untilAsked(1);
    const other = `${name}-2`;
    await create(other);
    await show(stopped, other);
    await untilReported({ state: 'pending' });
    await untilReported({ state: 'success', targetUrl: link(other) }, other);
    expect(github.statuses).toHaveLength(3);
    const [first, ...rest] = github.requests;
    for (const { at } of rest) expect(at - (first?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  it.each([404, 422, 403])('%d is given up until something else is to be told', async (status) => {
    github.trouble = () => ({ status, message: 'no' });
    await create();
    await show(queued);
    await untilAsked(1);
    await show({ ...queued, queuePosition: 1 });
    await show({ ...queued, queuePosition: 2 });
    github.trouble = () => undefined;
    await show(initializing);
    await untilReported({ state: 'pending', targetUrl: link() });
    expect(states()).toEqual([
      ['pending', undefined],
      ['pending', link()],
    ]);
  });

  it.each([
    ['a server in trouble', { status: 500 } as const],
    ['a dropped connection', 'drop' as const],
    ['silence', 'silence' as const],
  ])('%s holds up neither other builds nor what comes after it', async (_, trouble) => {
    await restart(500);
    await create();
    const { commit } = (await stored()).spec;
    github.trouble = ({ path }) => (path.includes(commit) ? trouble : undefined);
    await show(queued);
    await untilAsked(1);
    const others = Array.from({ length: 6 }, (__, index) => `${name}-${index}`);
    for (const other of others) {
      await create(other);
      await show(stopped, other);
    }
    for (const other of others) await untilReported({ state: 'success', targetUrl: link(other) }, other);
    github.trouble = () => undefined;
    await show(stopped);
    await untilReported({ state: 'success', targetUrl: link() });
  });

  it('what is told again after an answer that was lost is what holds now', async () => {
    await restart(300);
    await create();
    await show(queued);
    await untilReported({ state: 'pending' });
    // GitHub may have taken this one, so the former has to be told again though it is still in the build.
    github.trouble = ({ body }) => (body?.target_url === undefined ? undefined : 'silence');
    await show(initializing);
    await untilAsked(2);
    await waitFor(async () => github.requests.length >= 3, { describe: () => ['another try'] });
    await show(queued);
    await waitFor(async () => states().at(-1)?.[1] === undefined, { describe: () => ['the state of now'] });
    expect((await stored()).status?.reported).toEqual({ state: 'pending' });
  });

  it('wrong credentials stop everything until their pause is over', async () => {
    github.trouble = () => ({ status: 401, message: 'Bad credentials' });
    await create();
    await show(queued);
    await untilAsked(1);
    for (const phase of [initializing, stopped]) await show(phase);
    await reporter.stop();
    expect(github.statuses).toHaveLength(1);
  });

  it('the operator stops in time though GitHub is silent', async () => {
    github.trouble = () => 'silence';
    await create();
    await show(queued);
    await untilAsked(1);
    const begun = performance.now();
    await reporter.stop();
    expect(performance.now() - begun).toBeLessThan(6_000);
  });
});

describe('writing down what was told', () => {
  it('happens also when others write the build all the time, and touches nothing of theirs', async () => {
    await create();
    let position = 100;
    github.trouble = () => {
      // Between the request and its record somebody else writes, unseen by the cache.
      const path = objectPath(caches.paths.builds, name);
      const status = { queuePosition: ++position };
      void client.get().mergePatch(path, { status }, { subresource: 'status' });
      return undefined;
    };
    await show(queued);
    await untilReported({ state: 'pending' });
    expect((await stored()).status).toMatchObject({
      phase: 'Queued',
      initStatus: 'todo',
      queuePosition: 101,
    });
    expect(github.statuses).toHaveLength(1);
  });

  it('is not tried for a build that is gone', async () => {
    await create();
    github.trouble = () => {
      void client.get().delete(objectPath(caches.paths.builds, name), { propagationPolicy: 'Background' });
      return undefined;
    };
    await show(queued);
    await waitFor(async () => caches.builds.get(name) === undefined, { describe: () => ['its end'] });
    github.trouble = () => undefined;
    await create();
    await show(queued);
    await untilReported({ state: 'pending' });
    expect(github.statuses).toHaveLength(2);
  });
});
