import { chmod, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '../../../lib/kube/connection.js';
import { answer, FakeApiServer, status } from './fake-api-server.js';

const server = new FakeApiServer();
const PATH = '/api/v1/pods';
const environment = { ...process.env };

beforeEach(async () => {
  await server.start();
  server.respond = (_asked, response) => answer(response, 200, {});
});
afterEach(async () => {
  process.env = { ...environment };
  await server.stop();
});

const sent = () => server.asked.map(({ headers }) => headers.authorization);

/** Answers 200 to this token only. */
function accept(token: string): void {
  server.respond = ({ headers }, response) => {
    if (headers.authorization === `Bearer ${token}`) answer(response, 200, {});
    else answer(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
  };
}

/** A plugin that counts its runs in a file and prints a credential with the number of the run. */
async function plugin(expires: string): Promise<{ command: string; runs: () => Promise<number> }> {
  const [command, counter] = [server.path('plugin'), server.path('runs')];
  await writeFile(counter, '');
  const script = `#!/bin/sh
printf x >> ${counter}
run=$(wc -c < ${counter})
case "$KUBERNETES_EXEC_INFO" in *client.authentication.k8s.io/v1*) ;; *) echo "no exec info" >&2; exit 1;; esac
printf '{"status":{"token":"%s-%s"${expires === '' ? '' : `,"expirationTimestamp":"${expires}"`}}}' "$PREFIX" "$((run))"
`;
  await writeFile(command, script);
  await chmod(command, 0o700);
  return { command, runs: async () => (await readFile(counter)).length };
}

const execUser = (command: string) => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command, env: [{ name: 'PREFIX', value: 'token' }] },
});

describe('a token file', () => {
  it('is read again after its time, without the newline at its end', async () => {
    await writeFile(server.path('token'), 'first\n');
    const client = await server.client({ user: { tokenFile: 'token' }, credentialTtlMs: 0 });
    await client.get(PATH);
    await writeFile(server.path('token'), 'second\n');
    await client.get(PATH);
    expect(sent()).toEqual(['Bearer first', 'Bearer second']);
  });

  it('is read again at once when its token is refused, for a write too', async () => {
    await writeFile(server.path('token'), 'first');
    const client = await server.client({ user: { tokenFile: 'token' } });
    await client.get(PATH);
    await writeFile(server.path('token'), 'second');
    accept('second');
    await client.create(PATH, {});
    expect(sent()).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
  });

  it('whose token stays refused is an error for each of many requests, without a flood', async () => {
    await writeFile(server.path('token'), 'first');
    const client = await server.client({ user: { tokenFile: 'token' } });
    accept('other');
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => client.create(PATH, {})));
    expect(results.every((result) => result.status === 'rejected' && result.reason.status === 401)).toBe(
      true,
    );
    expect(server.asked).toHaveLength(10);
  });

  it('that rotates under many requests fails none of them', async () => {
    await writeFile(server.path('token'), 'first');
    const client = await server.client({ user: { tokenFile: 'token' } });
    await writeFile(server.path('token'), 'second');
    accept('second');
    await Promise.all(Array.from({ length: 20 }, () => client.create(PATH, {})));
    expect(sent().filter((token) => token === 'Bearer second')).toHaveLength(20);
  });
});

describe('a credential plugin', () => {
  it('runs once for many requests, and not again while its answer is good', async () => {
    const { command, runs } = await plugin('2999-01-01T00:00:00Z');
    const client = await server.client({ user: execUser(command), credentialTtlMs: 0 });
    await Promise.all([client.get(PATH), client.get(PATH)]);
    await client.get(PATH);
    expect(new Set(sent())).toEqual(new Set(['Bearer token-1']));
    expect(await runs()).toBe(1);
  });

  it('that tells no expiry is not run again until its token is refused', async () => {
    const { command, runs } = await plugin('');
    const client = await server.client({ user: execUser(command), credentialTtlMs: 0 });
    await client.get(PATH);
    expect(await runs()).toBe(1);
    accept('token-2');
    await client.get(PATH);
    expect(sent().at(-1)).toBe('Bearer token-2');
    expect(await runs()).toBe(2);
  });

  it('runs again when its answer has expired, once for requests at the same time', async () => {
    const { command, runs } = await plugin('2001-01-01T00:00:00Z');
    const client = await server.client({ user: execUser(command), credentialTtlMs: 0 });
    await Promise.all([client.get(PATH), client.get(PATH), client.get(PATH)]);
    expect(sent()).toEqual(['Bearer token-2', 'Bearer token-2', 'Bearer token-2']);
    await client.get(PATH);
    expect(await runs()).toBe(3);
  });

  it('that fails is named, with its own words', async () => {
    const command = server.path('broken');
    await writeFile(command, '#!/bin/sh\necho "you must log in" >&2\nexit 3\n');
    await chmod(command, 0o700);
    const kubeconfigFile = await server.kubeconfig(execUser(command));
    await expect(connect({ kubeconfigFile })).rejects.toThrow(`${command} failed: you must log in`);
  });

  it('that prints something else does not get it into the error', async () => {
    const command = server.path('strange');
    await writeFile(command, '#!/bin/sh\necho my-secret\n');
    await chmod(command, 0o700);
    const kubeconfigFile = await server.kubeconfig(execUser(command));
    const error: Error = await connect({ kubeconfigFile }).then(
      () => new Error('it connected'),
      (reason) => reason,
    );
    expect(error.message).toMatch(/printed no ExecCredential/);
    expect(error.message).not.toContain('my-secret');
  });
});

describe('other ways to sign in', () => {
  it('are a name with a password, and acting as somebody else', async () => {
    const client = await server.client({ user: { username: 'me', password: 'p', as: 'other' } });
    await client.get(PATH);
    expect(server.asked[0]!.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('me:p').toString('base64')}`,
      'impersonate-user': 'other',
    });
  });
});

describe('the cluster', () => {
  it('is that of the files in KUBECONFIG, of which the first to name something wins', async () => {
    const first = await server.kubeconfig({ token: 'one' }, 'one');
    const second = await server.kubeconfig({ token: 'two' }, 'two');
    process.env['KUBECONFIG'] = `${first}:${second}`;
    const connection = await connect();
    expect(connection.namespace).toBe('ns');
    expect((await connection.access()).headers['authorization']).toBe('Bearer one');
    await connection.close();
  });

  it('is missing without KUBECONFIG outside of a pod, which is said with what to do', async () => {
    delete process.env['KUBECONFIG'];
    delete process.env['KUBERNETES_SERVICE_HOST'];
    await expect(connect()).rejects.toThrow(/set KUBECONFIG/);
  });

  it.each([
    ['is no YAML', '{ token: my-secret', /is not YAML/],
    ['is empty', ' ', /is empty or is not a map/],
    ['is a text', 'my-secret', /is empty or is not a map/],
    ['has no current context', '{}', /no current-context/],
    ['has a current context that is missing', '{"current-context":"x"}', /no context "x"/],
    [
      'has no cluster',
      '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"y"}}]}',
      /no cluster "y"/,
    ],
    [
      'has a server that is no address',
      '{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"y"}}],"clusters":[{"name":"y","cluster":{"server":"nowhere"}}]}',
      /"nowhere" is not a URL/,
    ],
  ])('is an error that names the reason when the kubeconfig %s', async (_what, content, reason) => {
    const file = server.path('bad');
    await writeFile(file, content);
    const error: Error = await connect({ kubeconfigFile: file }).then(
      () => new Error('it connected'),
      (caught) => caught,
    );
    expect(error.message).toMatch(reason);
    expect(error.message).not.toContain('my-secret');
  });

  it('is an error that names the file when the kubeconfig is missing', async () => {
    await expect(connect({ kubeconfigFile: server.path('none') })).rejects.toThrow(/none cannot be read/);
  });
});
