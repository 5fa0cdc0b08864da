import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../cluster/command.js';
import { repositoryRoot } from '../../cluster/paths.js';
import { useNamespace, waitFor } from '../../support/cluster.js';
import { FakeGitHub } from '../../support/fake-github.js';
import { ADMIN, commitOf, type RunningGateway, startGateway, TestBuilds } from '../../support/gateway.js';

const script = path.join(repositoryRoot, 'test/fixtures/python-runboat-user.sh');
const namespace = useNamespace();
const builds = new TestBuilds(namespace);
const github = new FakeGitHub();
const [branchHead, pullHead] = [commitOf('head of 16.0'), commitOf('head of 12')];
let gateway: RunningGateway;
/** By the name that the script gives a call: the status, and bodies in the order in which they came. */
// biome-ignore lint/suspicious/noExplicitAny: any JSON.
let said: Map<string, { status: number; bodies: any[] }>;

const stopped = { phase: 'Stopped', initStatus: 'succeeded' } as const;
const withPr = { repo: 'oca/mis-builder', targetBranch: '16.0', pr: 12 };

beforeAll(async () => {
  await builds.open();
  await github.start();
  github.branches.set('oca/mis-builder 16.0', branchHead);
  github.pulls.set('oca/mis-builder 12', { sha: pullHead, base: '16.0' });
  const config = { github: { apiUrl: github.url } };
  gateway = await startGateway({ namespace: namespace.name, config });
  await builds.create('of-branch', { repo: 'oca/mis-builder' }, stopped);
  await builds.create('of-pr', withPr, { phase: 'Started', initStatus: 'succeeded' });
  await builds.create(
    'elsewhere',
    { repo: 'oca/web', targetBranch: '17.0' },
    { phase: 'Failed', initStatus: 'failed' },
  );
  await waitFor(async () => {
    const answer = await fetch(`${gateway.address}/api/v1/status`);
    const { stopped, started, failed } = (await answer.json()) as Record<string, number>;
    return stopped === 1 && started === 1 && failed === 1;
  });
  said = await run();
});

afterAll(async () => {
  await gateway?.stop();
  await github.stop();
  await builds.close();
});

async function run(): Promise<typeof said> {
  const env = {
    PATH: process.env['PATH'],
    RUNBOAT: gateway.address,
    AUTH: `${ADMIN.user}:${ADMIN.password}`,
    REPO: 'OCA/mis-builder',
    BRANCH: '16.0',
    PR: '12',
    BUILD: 'of-branch',
  };
  const lines = (await runCommand(script, [], { env })).trimEnd().split('\n');
  const calls: typeof said = new Map();
  for (const line of lines) {
    const [name = '', status, text = ''] = line.split('\t');
    const body = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
    const { bodies = [] } = calls.get(name) ?? {};
    calls.set(name, { status: Number(status), bodies: [...bodies, body] });
  }
  return calls;
}

const answer = (name: string) => {
  const { status, bodies } = said.get(name) ?? { status: 0, bodies: [] };
  return { status, body: bodies[0] };
};
const names = (name: string) => answer(name).body.map((build: { name: string }) => build.name);

describe('A script that was written for the Python runboat reads', () => {
  it('counts', () => {
    expect(answer('status')).toEqual({
      status: 200,
      body: {
        deployed: 3,
        max_deployed: expect.any(Number),
        failed: 1,
        stopped: 1,
        started: 1,
        max_started: expect.any(Number),
        to_initialize: 0,
        initializing: 0,
        max_initializing: expect.any(Number),
        undeploying: 0,
      },
    });
  });

  it('repositories and their links', () => {
    const repos = ['oca/mis-builder', 'oca/web'].map((name) => ({
      name,
      link: `https://github.com/${name}`,
    }));
    expect(answer('repos')).toEqual({ status: 200, body: repos });
  });

  it('builds, all and by each filter', () => {
    const found = Object.fromEntries(
      ['builds', 'builds-repo', 'builds-target-branch', 'builds-branch', 'builds-pr', 'builds-status'].map(
        (name) => [name, names(name)],
      ),
    );
    expect(found).toEqual({
      builds: ['elsewhere', 'of-branch', 'of-pr'],
      'builds-repo': ['of-branch', 'of-pr'],
      'builds-target-branch': ['of-branch', 'of-pr'],
      'builds-branch': ['of-branch'],
      'builds-pr': ['of-pr'],
      'builds-status': ['of-branch'],
    });
  });

  it('one build, with all fields that the Python runboat gave', () => {
    const { status, body } = answer('build');
    const commit = commitOf('of-branch');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'of-branch',
      commit_info: { repo: 'oca/mis-builder', target_branch: '16.0', pr: null, git_commit: commit },
      status: 'stopped',
      init_status: 'succeeded',
      deploy_link: 'http://of-branch.builds.test',
      deploy_link_mailhog: 'http://of-branch.mail.builds.test',
      repo_target_branch_link: 'https://github.com/oca/mis-builder/tree/16.0',
      repo_pr_link: null,
      repo_commit_link: `https://github.com/oca/mis-builder/commit/${commit}`,
      webui_link: 'http://runboat.test/builds/of-branch',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      last_scaled: body.created,
    });
  });

  it('what there is not, with a sentence', () => {
    expect(answer('build-unknown')).toEqual({ status: 404, body: { detail: expect.any(String) } });
    for (const name of ['log', 'init-log']) {
      expect(answer(name)).toEqual({ status: 404, body: { detail: 'No log found.' } });
    }
  });

  it('events: the builds of a repository, in the reverse of their order, or one of them', () => {
    const events = (name: string) => said.get(name)?.bodies ?? [];
    expect(events('build-events').map(({ event }) => event)).toEqual(['upd', 'upd', 'upd', 'upd']);
    const listed = events('build-events').map(({ build }) => `${build.commit_info.pr} ${build.name}`);
    expect([listed.slice(0, 2).sort(), listed.slice(2).sort()]).toEqual([
      [`12 oca-mis-builder-16-0-pr12-${pullHead.slice(0, 12)}`, '12 of-pr'],
      [`null oca-mis-builder-16-0-${branchHead.slice(0, 12)}`, 'null of-branch'],
    ]);
    expect(events('build-events-name').map(({ build }) => build.name)).toEqual(['of-branch']);
    expect(events('build-events-name')[0].build.commit_info.pr).toBeNull();
  });
});

describe('A script that was written for the Python runboat acts', () => {
  it('on a build, with and without a password', () => {
    for (const name of ['start', 'stop', 'reset']) {
      expect(answer(name)).toMatchObject({ status: 200, body: { name: 'of-branch' } });
    }
  });

  it('on what GitHub has', () => {
    expect(answer('trigger-branch').status).toBe(200);
    expect(answer('trigger-pr').status).toBe(200);
    expect(answer('trigger-without-user')).toEqual({ status: 401, body: { detail: expect.any(String) } });
  });

  it('and deletes one, and those of a pull request', async () => {
    expect(answer('delete')).toMatchObject({ status: 200 });
    expect(answer('delete-pr')).toMatchObject({ status: 200 });
    expect(await builds.names()).toEqual(['elsewhere', `oca-mis-builder-16-0-${branchHead.slice(0, 12)}`]);
  });
});
