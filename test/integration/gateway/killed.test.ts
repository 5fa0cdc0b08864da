import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sign } from '../../../gateway/webhook/signature.js';
import { createNamespace, waitFor } from '../../support/cluster.js';
import { FakeGitHub } from '../../support/fake-github.js';
import { basic, type RunningGateway, startGateway } from '../../support/gateway.js';
import {
  type BuildOptions,
  createBuild,
  type RunningOperator,
  removeNamespace,
  type StoredBuild,
  startOperator,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { branchDeletion, type Delivery, pullRequest, push, secret } from './github-support.js';

const github = new FakeGitHub();
let namespace: string;
let gateway: RunningGateway;
let operator: RunningOperator;

jest.setTimeout(240_000);
/** For the operator to take over, and for pods to come and go on a loaded machine. */
const patience = { timeoutMs: 120_000 };

async function start(): Promise<void> {
  const settings = { webhookSecret: secret, apiUrl: github.url, commitStatuses: false };
  [operator, gateway] = await Promise.all([
    startOperator({
      namespace,
      env: { RUNBOAT_LEASE_DURATION: '3s' },
      config: { github: settings, cleanupJob: false },
    }),
    startGateway({ namespace, config: { github: settings } }),
  ]);
}

/** No process has a chance to finish anything. */
async function killBoth(): Promise<void> {
  operator.process.kill('SIGKILL');
  gateway.process.kill('SIGKILL');
  await Promise.all([operator.exited, gateway.exited]);
}

beforeAll(async () => {
  namespace = await createNamespace();
  await github.start();
  await start();
});

afterAll(async () => {
  await gateway?.stop();
  // The operator takes the finalizers away.
  await removeNamespace(namespace, patience).finally(() => operator?.stop());
  await github.stop();
});

const api = (method: 'POST' | 'DELETE', path: string) => () =>
  fetch(`${gateway.address}/api/v1${path}`, { method, headers: { authorization: basic() } });

const webhook = ({ event, payload }: Delivery) => {
  const body = JSON.stringify(payload);
  const headers = { 'x-github-event': event!, 'x-hub-signature-256': sign(Buffer.from(body), secret) };
  return () => fetch(`${gateway.address}/webhooks/github`, { method: 'POST', body, headers });
};

const newCommit = () => randomBytes(20).toString('hex');

/** A build that the operator has initialised, and that the gateway knows. */
async function initialised(spec: BuildOptions['spec'] = {}, phase = 'Stopped'): Promise<StoredBuild> {
  const name = await createBuild(namespace, { spec: { repo: 'oca/killed', ...spec } });
  await waitFor(async () => (await fetch(`${gateway.address}/api/v1/builds/${name}`)).ok);
  return waitForPhase(namespace, name, phase, patience);
}

/** The calls are answered with 200, and that is the last thing that both processes do. */
async function answeredAndKilled(...calls: (() => Promise<Response>)[]): Promise<void> {
  const answers = await Promise.all(calls.map((call) => call()));
  await killBoth();
  expect(answers.map(({ status }) => status)).toEqual(calls.map(() => 200));
  await start();
}

const isInitialised = (name: string) => waitForPhase(namespace, name, 'Stopped', patience);
const isGone = (name: string) => waitForGone(namespace, name, patience);

describe('What was answered with 2xx has its effect though gateway and operator are killed right after:', () => {
  it('a push is built', async () => {
    const commit = newCommit();
    await answeredAndKilled(webhook(push('oca/killed', '16.0', commit)));
    await isInitialised(`oca-killed-16-0-${commit.slice(0, 12)}`);
  });

  it('a pull request is built, and undeployed when it is closed', async () => {
    const head = { repo: 'oca/killed', pr: 7, base: '16.0', commit: newCommit() };
    await answeredAndKilled(webhook(pullRequest('opened', head)));
    const name = `oca-killed-16-0-pr7-${head.commit.slice(0, 12)}`;
    await isInitialised(name);
    await answeredAndKilled(webhook(pullRequest('closed', head)));
    await isGone(name);
  });

  it("a deleted branch's builds are undeployed", async () => {
    const { metadata } = await initialised({ targetBranch: 'doomed' });
    await answeredAndKilled(webhook(branchDeletion('oca/killed', 'doomed')));
    await isGone(metadata.name);
  });

  it('a build is started, and stopped', async () => {
    const { name } = (await initialised()).metadata;
    await answeredAndKilled(api('POST', `/builds/${name}/start`));
    await waitForPhase(namespace, name, 'Started', patience);
    await answeredAndKilled(api('POST', `/builds/${name}/stop`));
    await waitForPhase(namespace, name, 'Stopped', patience);
  });

  it('a build is reset', async () => {
    const { metadata, status } = await initialised();
    await answeredAndKilled(api('POST', `/builds/${metadata.name}/reset`));
    const isAnew = ({ status: now }: StoredBuild) =>
      now?.phase === 'Stopped' && now.initStartedAt !== status?.initStartedAt;
    await waitForBuild(namespace, metadata.name, isAnew, patience);
  });

  it('builds are deleted, one by name and others by a filter', async () => {
    const [one, other] = await Promise.all([initialised(), initialised({ repo: 'oca/filtered' })]);
    const byName = api('DELETE', `/builds/${one.metadata.name}`);
    await answeredAndKilled(byName, api('DELETE', '/builds?repo=oca/filtered'));
    await Promise.all([isGone(one.metadata.name), isGone(other.metadata.name)]);
  });

  it('what GitHub has is built when that is triggered', async () => {
    const [sha, head] = [newCommit(), newCommit()];
    github.branches.set('oca/killed 17.0', sha);
    github.pulls.set('oca/killed 8', { sha: head, base: '17.0' });
    await answeredAndKilled(
      api('POST', '/builds/trigger/branch?repo=oca/killed&branch=17.0'),
      api('POST', '/builds/trigger/pr?repo=oca/killed&pr=8'),
    );
    await isInitialised(`oca-killed-17-0-${sha.slice(0, 12)}`);
    await isInitialised(`oca-killed-17-0-pr8-${head.slice(0, 12)}`);
  });
});

describe('Under load, at a random moment,', () => {
  it('gateway and operator are killed, and all that was answered before has its effect', async () => {
    for (let round = 0; round < 2; round++) {
      const answered = await killedUnderLoad();
      await start();
      await Promise.all(answered.map((hasEffect) => hasEffect()));
    }
  });
});

interface Call {
  readonly send: () => Promise<Response>;
  readonly hasEffect: () => Promise<unknown>;
}

/** Sends many calls at once and kills both after a random answer; gives those that were answered with 200 till then. */
async function killedUnderLoad(): Promise<(() => Promise<unknown>)[]> {
  const calls = (await Promise.all(Array.from({ length: 5 }, mixedCalls))).flat();
  const last = 1 + Math.floor(Math.random() * calls.length);
  const answered: Call['hasEffect'][] = [];
  const work = calls.map(async ({ send, hasEffect }) => {
    // Those under way when the gateway goes are answered with nothing.
    const answer = await send().catch(() => undefined);
    if (answer?.status === 200) answered.push(hasEffect);
    if (answered.length === last) await killBoth();
  });
  await Promise.all(work);
  await killBoth();
  expect(answered.length).toBeGreaterThanOrEqual(last);
  return answered;
}

/** A push, a start and a deletion, the latter two of builds that have only just been made. */
async function mixedCalls(): Promise<Call[]> {
  const commit = newCommit();
  const [started, deleted] = await Promise.all([oneMore(), oneMore()]);
  return [
    {
      send: webhook(push('oca/load', '16.0', commit)),
      hasEffect: () => isInitialised(`oca-load-16-0-${commit.slice(0, 12)}`),
    },
    {
      send: api('POST', `/builds/${started}/start`),
      hasEffect: () => waitForPhase(namespace, started, 'Started', patience),
    },
    { send: api('DELETE', `/builds/${deleted}`), hasEffect: () => isGone(deleted) },
  ];
}

function oneMore(): Promise<string> {
  return createBuild(namespace, { spec: { repo: 'oca/load' } });
}
