import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { sign } from '../../gateway/webhook/signature.js';
import { namespace, startWorldWithoutDatabase, type WorldWithoutDatabase } from '../cluster/node/world.js';
import { deliver, push } from '../support/deliveries.js';
import { waitFor } from '../support/wait-for.js';
import { BuildsView } from './builds-view.js';
import { helmTest, release } from './runboat.js';
import { scenario } from './scenario.js';
import { Trial } from './trial.js';

const repo = 'acme/site';
const commit = createHash('sha1').update('a commit of site').digest('hex');
let world: WorldWithoutDatabase;
let trial: Trial;
let builds: BuildsView;

beforeAll(async () => {
  world = await startWorldWithoutDatabase(source);
  trial = await Trial.install(world);
  builds = new BuildsView(trial.world, trial.runboat);
}, 300_000);

afterAll(async () => {
  await world?.stop();
}, 180_000);

async function source(): Promise<string> {
  const folder = path.join(world.cluster.dir, 'source');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'README.md'), 'A site.\n');
  return folder;
}

/** Makes `helm test` fail and gives the line that says why. */
async function complaint(): Promise<string> {
  const { passed, said } = await helmTest();
  expect({ passed, said }).toMatchObject({ passed: false, said: expect.stringContaining('Broken: ') });
  return /^Broken: .*$/m.exec(said)![0];
}

describe('The trial installation on a real node', () => {
  const step = scenario(() => builds.trouble());
  let name = '';

  step('passes helm test, which leaves no build and nothing of one', async () => {
    const { passed, said } = await helmTest();
    expect({ passed, said }).toMatchObject({ passed: true, said: expect.stringContaining('is started') });
    expect(said).toContain('The installation works.');
    expect(await builds.names()).toEqual([]);
    await builds.leaveNothing();
  });

  step('has a PostgreSQL that builds reach by its name', async () => {
    const pushed = push(repo, 'main', commit);
    const signature = sign(Buffer.from(JSON.stringify(pushed.payload)), await trial.secret('webhook-secret'));
    const answer = await deliver(trial.runboat, { ...pushed, signature });
    expect(answer).toMatchObject({ status: 200, body: { result: 'accepted' } });
    name = answer.body.build;
    await builds.start(name);
    expect(await builds.page(name)).toContain(commit);
    expect(await builds.databases()).toEqual([name]);
  });

  step('keeps its databases when PostgreSQL is started again', async () => {
    await trial.restartDatabase();
    expect(await builds.databases()).toEqual([name]);
    const password = await trial.secret('postgresql-password');
    await waitFor(() => trial.acceptsPassword(password), { describe: 'the password to be as before' });
  });

  step('gives PostgreSQL a changed password, and cleans up builds with it', async () => {
    const before = await trial.secret('postgresql-password');
    const after = `it's "new" \\ and $different`;
    await trial.upgrade('--set-literal', `postgresql.password=${after}`);
    await trial.passwordIs(after);
    expect(await trial.acceptsPassword(before)).toBe(false);
    await builds.delete(name);
    await builds.isGone(name);
    expect(await builds.databases()).toEqual([]);
  });

  step('is told by helm test of a right that the operator lacks', async () => {
    const role = ['role', `${release}-operator`, '--namespace', namespace];
    const text = await world.cluster.kubectl(['get', ...role, '--output=json']);
    const { rules } = JSON.parse(text) as { rules: { resources: string[]; verbs: string[] }[] };
    const jobs = rules.findIndex(({ resources }) => resources.includes('jobs'));
    const { verbs } = rules[jobs]!;
    const grant = async (granted: string[]) => {
      const patch = [{ op: 'replace', path: `/rules/${jobs}/verbs`, value: granted }];
      await world.cluster.kubectl(['patch', ...role, '--type=json', `--patch=${JSON.stringify(patch)}`]);
    };
    await grant(verbs.filter((verb) => verb !== 'create'));
    expect(await complaint()).toMatch(/^Broken: rights\. .*cannot create resource "jobs"/);
    await grant(verbs);
    await builds.leaveNothing();
  });

  step('is told by helm test of a webhook secret that the gateway does not have', async () => {
    const variable = 'RUNBOAT_GITHUB_WEBHOOK_SECRET';
    const deployment = `deployment/${release}-gateway`;
    await trial.kubectl('set', 'env', deployment, `${variable}_FILE-`, `${variable}=another`);
    await trial.kubectl('rollout', 'status', deployment, '--timeout=120s');
    expect(await complaint()).toMatch(/^Broken: webhook secret\. .* give both the same Secret\./);
  });

  step('is told by helm test that names are not known', async () => {
    await world.cluster.kubectl(['delete', 'endpointslice', 'kube-dns', '--namespace', 'kube-system']);
    expect(await complaint()).toMatch(/^Broken: DNS\. The name runboat-gateway\.runboat\.svc is not known/);
  });
});
