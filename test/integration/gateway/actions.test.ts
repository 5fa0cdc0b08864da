import { describe, expect, it } from '@jest/globals';
import { hashedBuildName } from '../../../crds/names.js';
import { waitFor } from '../../support/cluster.js';
import { call, commitOf, startGateway, useGateway } from '../../support/gateway.js';

const gateway = useGateway();
const { builds } = gateway;
const admin = { admin: true };

function claim(text: string, more = ''): string {
  return `/api/v1/builds?repo=OCA/Mis-Builder&target_branch=16.0&commit=${commitOf(text)}${more}`;
}

describe('POST /builds', () => {
  it('makes a build of the commit under its derived name, which is known at once', async () => {
    const name = `oca-mis-builder-16-0-pr5-${commitOf('one').slice(0, 12)}`;
    const answer = await gateway.json(claim('one', '&pr=5'), { method: 'POST', ...admin });
    expect(answer).toEqual({ name, created: true });
    expect((await gateway.json(`/api/v1/builds/${name}`)).commit_info).toEqual({
      repo: 'oca/mis-builder',
      target_branch: '16.0',
      pr: 5,
      git_commit: commitOf('one'),
    });
    expect((await builds.get(name))['spec']).toMatchObject({ pr: 5, replicas: 0 });
  });

  it('does nothing when there is one already, even under another name', async () => {
    await builds.create('adopted', { commit: commitOf('adopted') });
    await waitFor(async () => (await gateway.call('/api/v1/builds/adopted')).ok);
    const answer = await gateway.json(claim('adopted'), { method: 'POST', ...admin });
    expect(answer).toEqual({ name: 'adopted', created: false });
  });

  it('makes one build when it is asked many times at once at two gateways', async () => {
    const other = await startGateway({ namespace: gateway.namespace.name });
    try {
      const addresses = Array.from(
        { length: 20 },
        (_, index) => (index % 2 ? other : gateway.running).address,
      );
      const asked = addresses.map((address) => call(address, claim('twice'), { method: 'POST', ...admin }));
      const answers = (await Promise.all((await Promise.all(asked)).map((answer) => answer.json()))) as {
        name: string;
        created: boolean;
      }[];
      expect(new Set(answers.map(({ name }) => name)).size).toBe(1);
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      const found = await gateway.json('/api/v1/builds');
      const same = found.filter((build: { commit_info: { git_commit: string } }) => {
        return build.commit_info.git_commit === commitOf('twice');
      });
      expect(same).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  it('gives a name that covers the UID of the build that is being undeployed under it', async () => {
    const { name } = await gateway.json(claim('again'), { method: 'POST', ...admin });
    await builds.patch(name, { metadata: { finalizers: ['test.example/hold'] } });
    await gateway.json(`/api/v1/builds/${name}`, { method: 'DELETE', ...admin });
    const { uid } = (await builds.get(name)).metadata;
    const answer = await gateway.json(claim('again'), { method: 'POST', ...admin });
    const identity = { repo: 'oca/mis-builder', targetBranch: '16.0', pr: null, commit: commitOf('again') };
    expect(answer).toEqual({ name: hashedBuildName(identity, uid), created: true });
    const repeated = await gateway.json(claim('again'), { method: 'POST', ...admin });
    expect(repeated).toEqual({ ...answer, created: false });
    await builds.patch(name, { metadata: { finalizers: [] } });
  });

  it.each([
    ['repo', `/api/v1/builds?target_branch=16.0&commit=${commitOf('x')}`],
    ['repo', `/api/v1/builds?repo=nonsense&target_branch=16.0&commit=${commitOf('x')}`],
    ['repo', `/api/v1/builds?repo=../..&target_branch=16.0&commit=${commitOf('x')}`],
    ['target_branch', `/api/v1/builds?repo=oca/web&target_branch=&commit=${commitOf('x')}`],
    ['branch', `/api/v1/builds?repo=oca/web&target_branch=a%00b&commit=${commitOf('x')}`],
    ['branch', `/api/v1/builds?repo=oca/web&target_branch=${'x'.repeat(256)}&commit=${commitOf('x')}`],
    ['commit', '/api/v1/builds?repo=oca/web&target_branch=16.0'],
    ['commit', '/api/v1/builds?repo=oca/web&target_branch=16.0&commit=abc'],
    ['pr', `/api/v1/builds?repo=oca/web&target_branch=16.0&pr=x&commit=${commitOf('x')}`],
    ['rule', `/api/v1/builds?repo=other/web&target_branch=16.0&commit=${commitOf('x')}`],
    ['rule', `/api/v1/builds?repo=oca/web&target_branch=none&commit=${commitOf('x')}`],
  ])('without a good %s is refused with 400 and a sentence that names it: %s', async (word, path) => {
    const answer = await gateway.call(path, { method: 'POST', ...admin });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ detail: expect.stringContaining(word) });
  });

  it('takes a hash in capitals and any body', async () => {
    const path = `/api/v1/builds?repo=oca/web&target_branch=16.0&commit=${commitOf('caps').toUpperCase()}`;
    const answer = await gateway.call(path, { method: 'POST', ...admin, body: '{"not": "looked at"' });
    expect(answer.status).toBe(200);
  });
});

describe('start, stop and reset', () => {
  it('set what they say, answer the build, and are harmless when repeated', async () => {
    await builds.create('acted-on', {}, { phase: 'Queued', initStatus: 'todo' });
    const post = (action: string) => gateway.json(`/api/v1/builds/acted-on/${action}`, { method: 'POST' });
    for (let round = 0; round < 2; round++) {
      expect(await post('start')).toMatchObject({ name: 'acted-on', status: 'initializing' });
      expect((await builds.get('acted-on'))['spec']).toMatchObject({ replicas: 1 });
    }
    for (let round = 0; round < 2; round++) {
      await post('stop');
      expect((await builds.get('acted-on'))['spec']).toMatchObject({ replicas: 0 });
    }
    await post('start');
    const before = new Date().toISOString();
    await post('reset');
    const { replicas, resetRequestedAt } = (await builds.get('acted-on'))['spec'] as Record<string, unknown>;
    expect(replicas).toBe(0);
    expect(String(resetRequestedAt) >= before).toBe(true);
  });

  it.each(['start', 'stop', 'reset'])(
    '%s is refused with 409 while the build is undeployed',
    async (action) => {
      const name = `going-${action}`;
      await builds.create(name, {}, undefined, { finalizers: ['test.example/hold'] });
      await builds.delete(name);
      const answer = await gateway.call(`/api/v1/builds/${name}/${action}`, { method: 'POST' });
      expect(answer.status).toBe(409);
      await builds.patch(name, { metadata: { finalizers: [] } });
    },
  );

  it.each(['%C2%83%25', '..%2f..', 'A', 'a'.repeat(300)])(
    'of what cannot be a name are 404: %s',
    async (name) => {
      for (const path of [`/api/v1/builds/${name}/start`, `/api/v1/builds/${name}`]) {
        const method = path.endsWith('start') ? 'POST' : 'DELETE';
        const answer = await gateway.call(path, { method, admin: true });
        expect([path, answer.status]).toEqual([path, 404]);
      }
    },
  );

  it.each(['start', 'stop', 'reset'])('%s of a build that there is not is 404', async (action) => {
    const answer = await gateway.call(`/api/v1/builds/nowhere/${action}`, { method: 'POST' });
    expect(answer.status).toBe(404);
  });

  it('reach a build that was made this moment by somebody else', async () => {
    await builds.create('just-made');
    expect((await gateway.call('/api/v1/builds/just-made/start', { method: 'POST' })).status).toBe(200);
    await builds.delete('just-made');
    await builds.create('just-made', { commit: commitOf('another') });
    expect((await gateway.call('/api/v1/builds/just-made/start', { method: 'POST' })).status).toBe(200);
    expect((await builds.get('just-made'))['spec']).toMatchObject({ replicas: 1 });
  });
});

describe('DELETE', () => {
  it('undeploys one build, and is harmless when repeated', async () => {
    await builds.create('leaves', {}, undefined, { finalizers: ['test.example/hold'] });
    for (let round = 0; round < 2; round++) {
      const answer = await gateway.json('/api/v1/builds/leaves', { method: 'DELETE', ...admin });
      expect(answer).toEqual({ deleted: ['leaves'] });
    }
    expect((await gateway.json('/api/v1/builds/leaves')).status).toBe('undeploying');
    await builds.patch('leaves', { metadata: { finalizers: [] } });
    await waitFor(async () => (await gateway.call('/api/v1/builds/leaves')).status === 404);
    const gone = await gateway.call('/api/v1/builds/leaves', { method: 'DELETE', ...admin });
    expect(gone.status).toBe(404);
  });

  it('undeploys what matches and nothing else', async () => {
    await builds.create('match-1', { repo: 'oca/many', pr: 1 });
    await builds.create('match-2', { repo: 'oca/many', pr: 1 });
    await builds.create('spared', { repo: 'oca/many', pr: 2 });
    await waitFor(async () => (await gateway.json('/api/v1/builds?repo=oca/many')).length === 3);
    const answer = await gateway.json('/api/v1/builds?repo=oca/many&pr=1', { method: 'DELETE', ...admin });
    expect(answer.deleted.sort()).toEqual(['match-1', 'match-2']);
    expect(await builds.names()).toEqual(expect.arrayContaining(['spared']));
    expect(await builds.names()).not.toEqual(expect.arrayContaining(['match-1']));
  });

  it.each([
    '',
    '?repo=',
    '?all=',
    '?repo=oca/many&repo=',
    '?all=true&pr=x',
    '?all=false',
    '?all=perhaps',
    '?reppo=oca/many',
    '?repo=oca/many&status=failed',
    '?repo=oca/many&x=',
  ])('of /builds%s is refused with 400 and undeploys nothing', async (query) => {
    const before = await builds.names();
    const answer = await gateway.call(`/api/v1/builds${query}`, { method: 'DELETE', ...admin });
    expect(answer.status).toBe(400);
    expect(await builds.names()).toEqual(before);
  });

  it('of one build with a parameter is refused with 400', async () => {
    await builds.create('kept');
    const answer = await gateway.call('/api/v1/builds/kept?force=true', { method: 'DELETE', ...admin });
    expect(answer.status).toBe(400);
    expect((await builds.get('kept')).metadata.deletionTimestamp).toBeUndefined();
  });

  it('of all builds works with all=true', async () => {
    await gateway.json('/api/v1/builds?all=true', { method: 'DELETE', ...admin });
    await waitFor(async () => (await builds.names()).length === 0);
    await waitFor(async () => (await gateway.json('/api/v1/builds')).length === 0);
  });
});
