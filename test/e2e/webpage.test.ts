import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { webpageArchive, webpageImage } from '../cluster/node/webpage-image.js';
import { buildEnvironment, namespace, startWorld, tell, type World } from '../cluster/node/world.js';
import { repositoryRoot } from '../cluster/paths.js';
import { deliver, pullRequest, push } from '../support/deliveries.js';
import { waitFor } from '../support/wait-for.js';
import { BuildsView } from './builds-view.js';
import { BuildByHand } from './by-hand.js';
import { domain, installRunboat, type Runboat, type Settings } from './runboat.js';
import { scenario } from './scenario.js';

const repo = 'acme/site';
const first = commitOf('first');
const second = commitOf('second');
const proposed = commitOf('proposed');
let world: World;
let runboat: Runboat;
let builds: BuildsView;

beforeAll(async () => {
  world = await startWorld(source);
  await world.node.importImage(await webpageArchive(tell));
  runboat = await installRunboat(world, configuration());
  builds = new BuildsView(world, runboat);
}, 300_000);

afterAll(async () => {
  await world?.stop();
}, 180_000);

function configuration(): Settings {
  return {
    ...buildEnvironment(world),
    repos: [
      { repo: '^acme/storage$', branch: '.*', image: webpageImage, kubefiles: 'storage' },
      { repo: '^acme/.*', branch: '.*', image: webpageImage, kubefiles: 'webpage' },
    ],
    bundles: { storage: path.join(repositoryRoot, 'test', 'fixtures', 'bundles', 'storage') },
    limits: { initializing: 2, started: 1, deployed: 2, cleaning: 2 },
    retention: { minimumAge: '0s', finishedJobs: '72h' },
  };
}

function commitOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** Three files at each commit. */
async function source(_repo: string, commit: string): Promise<string> {
  const folder = path.join(world.cluster.dir, 'source', commit);
  await mkdir(path.join(folder, 'pages'), { recursive: true });
  await writeFile(path.join(folder, 'README.md'), `At ${commit}.\n`);
  await writeFile(path.join(folder, 'pages', 'index.html'), '<p>Hello.</p>\n');
  await writeFile(path.join(folder, 'pages', 'about.html'), '<p>About.</p>\n');
  return folder;
}

async function deliverPush(branch: string, commit: string, from = repo): Promise<string> {
  const answer = await deliver(runboat, push(from, branch, commit));
  expect(answer).toMatchObject({ status: 200, body: { result: 'accepted' } });
  return answer.body.build;
}

describe('Builds of the bundle webpage on a real node', () => {
  const step = scenario(() => builds.trouble());
  const names = { first: '', second: '', proposed: '' };

  step('refuse a webhook whose signature is wrong', async () => {
    const answer = await deliver(runboat, { ...push(repo, 'main', first), signature: 'sha256=00' });
    expect(answer.status).toBe(401);
    expect(await builds.names()).toEqual([]);
  });

  step('begin with a webhook: the commit is downloaded and gets a database', async () => {
    names.first = await deliverPush('main', first);
    await builds.reaches(names.first, 'stopped');
    expect(await world.database.query('SELECT repository, commit, files FROM build', names.first)).toEqual([
      `${repo}|${first}|3`,
    ]);
    expect(world.forge.asked).toContain(`/${repo}/tarball/${first}`);
  });

  step('tell by the gateway what the initialisation said', async () => {
    const said = `Made the database ${names.first} from 3 files.`;
    expect(await builds.log(names.first, 'init-log')).toContain(`${said}\n`);
    expect((await builds.condition(names.first, 'Initialized')).message).toContain(said);
  });

  step('are started, and answer over HTTP with data from the database', async () => {
    await builds.start(names.first);
    await builds.reaches(names.first, 'started');
    const page = await builds.page(names.first);
    expect(page).toContain(`<title>${repo}</title>`);
    expect(page).toContain(first);
    expect(page).toMatch(/<td[^>]*>3<\/td>/);
  });

  step('stream the log of a running page as it comes', async () => {
    const follow = await builds.follow(names.first, 'log');
    await builds.page(names.first, '/not-there');
    await waitFor(() => follow.text.includes('404'), { describe: () => ['the log', follow.text] });
    follow.leave();
  });

  step('come to the same end when the operator is killed in the middle of the initialisation', async () => {
    names.second = await deliverPush('main', second);
    const job = await builds.initializeJob(names.second);
    await runboat.killOperator();
    await builds.reaches(names.second, 'stopped');
    expect((await builds.initializeJob(names.second)).metadata.uid).toBe(job.metadata.uid);
    expect((await builds.initializeJob(names.second)).status.succeeded).toBe(1);
  });

  step('stop the oldest started one when there are too many', async () => {
    await builds.start(names.second);
    await builds.reaches(names.second, 'started');
    expect(await builds.page(names.second)).toContain(second);
    await builds.reaches(names.first, 'stopped');
    await builds.hasNoPods(names.first);
  });

  step('leave when there are too many of them, oldest first, with their database', async () => {
    const opened = pullRequest('opened', { repo, pr: 7, base: 'main', commit: proposed });
    const answer = await deliver(runboat, opened);
    names.proposed = answer.body.build;
    await builds.isGone(names.first);
    await builds.reaches(names.proposed, 'stopped');
    expect(await builds.names()).toEqual([names.second, names.proposed].sort());
    expect(await builds.databases()).toEqual([names.second, names.proposed].sort());
  });

  step('leave with their pull request', async () => {
    const closed = pullRequest('closed', { repo, pr: 7, base: 'main', commit: proposed });
    expect(await deliver(runboat, closed)).toMatchObject({ status: 200, body: { result: 'accepted' } });
    await builds.isGone(names.proposed);
    expect(await builds.databases()).toEqual([names.second]);
  });

  step('leave nothing when the last one is deleted', async () => {
    await builds.delete(names.second);
    await builds.isGone(names.second);
    expect(await builds.databases()).toEqual([]);
    await builds.leaveNothing();
  });

  step('keep what their initialisation wrote to a volume, and leave without it', async () => {
    const name = await deliverPush('main', first, 'acme/storage');
    await builds.start(name);
    expect(await builds.page(name)).toBe(`Written at ${first}.\n`);
    expect(await builds.volumes()).toHaveLength(1);
    await builds.delete(name);
    await builds.isGone(name);
    await builds.leaveNothing();
    // The provisioner takes its time after the claim is gone.
    await waitFor(async () => (await builds.volumes()).length === 0, { describe: 'the volume to be gone' });
  });

  step('come about as fast as the same pods made by hand', async () => {
    const seconds = { webhook: [] as number[], hand: [] as number[] };
    for (let round = 1; round <= timedRounds; round++) {
      seconds.hand.push(await timedByHand(`by-hand-${round}`));
      seconds.webhook.push(await timedByWebhook(commitOf(`round ${round}`)));
    }
    const [webhook, hand] = [median(seconds.webhook), median(seconds.hand)];
    tell(
      `From the webhook to a page that answers: ${webhook.toFixed(1)} s; the same pods made by hand: ` +
        `${hand.toFixed(1)} s; difference ${(webhook - hand).toFixed(1)} s (medians of ${timedRounds}).`,
    );
  });
});

const timedRounds = 3;

async function timedByWebhook(commit: string): Promise<number> {
  const begin = Date.now();
  const name = await deliverPush('main', commit);
  // Remembered until the build is initialised.
  await builds.start(name);
  expect(await builds.page(name)).toContain(commit);
  const seconds = (Date.now() - begin) / 1000;
  await builds.delete(name);
  await builds.isGone(name);
  return seconds;
}

async function timedByHand(name: string): Promise<number> {
  const commit = commitOf(name);
  const config = { namespace, domain, ...configuration() };
  const byHand = await BuildByHand.render(world, name, { repo, targetBranch: 'main', commit }, config);
  const begin = Date.now();
  await byHand.start();
  expect(await builds.page(name)).toContain(commit);
  const seconds = (Date.now() - begin) / 1000;
  await byHand.delete();
  return seconds;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
