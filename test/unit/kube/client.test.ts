import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ApiError,
  isConflict,
  isNotFound,
  isWebhookRefusal,
  mayHaveHappened,
  NoAnswerError,
} from '../../../lib/kube/errors.js';
import type { RequestInfo } from '../../../lib/kube/requests.js';
import { answer, configMap, eventually, FakeApiServer, listOf, status } from './fake-api-server.js';

const server = new FakeApiServer();
const PATH = '/api/v1/namespaces/ns/configmaps';

beforeEach(() => server.start());
afterEach(() => server.stop());

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error,
  );
}

describe('a request', () => {
  it('carries the credentials, asks for JSON without compression, and parses the answer', async () => {
    server.respond = (_asked, response) => answer(response, 200, configMap('a', 1));
    const client = await server.client();
    expect(await client.get(`${PATH}/a`, { query: { x: 1 } })).toEqual(configMap('a', 1));
    const [asked] = server.asked;
    expect(asked!.headers).toMatchObject({ authorization: 'Bearer secret', accept: 'application/json' });
    expect(asked!.headers['accept-encoding']).toBeUndefined();
    expect(asked!.query.get('x')).toBe('1');
  });

  it('keeps the path of a server behind a proxy', async () => {
    server.respond = (_asked, response) => answer(response, 200, {});
    const client = await server.client({
      kubeconfigFile: await server.kubeconfig({}, 'proxied', '/k8s/c-1/'),
    });
    await client.get(PATH);
    expect(server.asked[0]!.path).toBe(`/k8s/c-1${PATH}`);
  });

  it('reuses connections, after a delete with a body too', async () => {
    server.respond = (_asked, response) => answer(response, 200, configMap('a', 1));
    const client = await server.client();
    for (let i = 0; i < 5; i++) {
      await client.get(PATH);
      await client.delete(`${PATH}/a`, { propagationPolicy: 'Background' });
    }
    expect(server.made).toBeLessThanOrEqual(2);
  });

  it('is counted with its resource, status and time, also without an answer', async () => {
    const infos: RequestInfo[] = [];
    const client = await server.client({ onRequest: (info) => infos.push(info) });
    server.respond = (_asked, response) => answer(response, 200, configMap('a', 1));
    await client.mergePatch(`${PATH}/a`, {}, { subresource: 'status' });
    server.respond = (_asked, response) => response.destroy();
    await failure(client.create(PATH, {}));
    expect(infos.map(({ method, resource, status }) => [method, resource, status])).toEqual([
      ['PATCH', 'configmaps/status', 200],
      ['POST', 'configmaps', 0],
    ]);
    expect(infos.every(({ seconds }) => seconds >= 0 && seconds < 5)).toBe(true);
  });
});

describe('writes', () => {
  it('name the field manager, and are strict about unknown fields where they bring whole objects', async () => {
    server.respond = (_asked, response) => answer(response, 200, configMap('a', 1));
    const client = await server.client();
    await client.create(PATH, { a: 1 });
    await client.apply(`${PATH}/a`, { a: 1 }, { force: true });
    await client.mergePatch(`${PATH}/a`, { a: 1 });
    await client.replace(`${PATH}/a`, { a: 1 });
    const shown = server.asked.map(({ method, headers, query }) => [
      method,
      headers['content-type'],
      Object.fromEntries(query),
    ]);
    expect(shown).toEqual([
      ['POST', 'application/json', { fieldManager: 'runboat', fieldValidation: 'Strict' }],
      [
        'PATCH',
        'application/apply-patch+yaml',
        { fieldManager: 'runboat', fieldValidation: 'Strict', force: 'true' },
      ],
      ['PATCH', 'application/merge-patch+json', { fieldManager: 'runboat' }],
      ['PUT', 'application/json', { fieldManager: 'runboat' }],
    ]);
    expect(server.asked.every(({ body }) => body === '{"a":1}')).toBe(true);
  });

  it('are sent once, however busy the server is', async () => {
    const client = await server.client();
    server.respond = (_asked, response) =>
      answer(response, 429, status(429, 'TooManyRequests', 'slow'), { 'retry-after': '7' });
    const error = await failure(client.create(PATH, {}));
    expect(error).toMatchObject({ status: 429, reason: 'TooManyRequests', retryAfterSeconds: 7 });
    expect(mayHaveHappened(error)).toBe(false);
    expect(server.asked).toHaveLength(1);
  });

  it('whose answer is lost are sent once, and may have happened', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => response.destroy();
    const error = await failure(client.create(PATH, {}));
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(mayHaveHappened(error)).toBe(true);
    expect(server.asked).toHaveLength(1);
  });

  it('that time out are given up, and may have happened', async () => {
    const client = await server.client();
    server.respond = () => undefined;
    const error = await failure(client.create(PATH, {}, { timeoutMs: 50 }));
    expect(String(error)).toMatch(
      /no answer .* to POST .*configmaps: none came within 0.05 s; it may or may not/,
    );
    expect(mayHaveHappened(error)).toBe(true);
    await eventually('the connection to be closed', () => server.ended === 1);
  });

  it('whose answer stops half way are given up in time', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => {
      response.writeHead(200);
      response.write('{"half":');
    };
    expect(mayHaveHappened(await failure(client.create(PATH, {}, { timeoutMs: 50 })))).toBe(true);
  });

  it('to a server that is not there never happened', async () => {
    const client = await server.client();
    await server.stopListening();
    const error = await failure(client.create(PATH, {}));
    expect(String(error)).toMatch(/ECONNREFUSED.*it was never sent/);
    expect(mayHaveHappened(error)).toBe(false);
  });

  it('that wait for a free connection until time is up are never sent', async () => {
    const client = await server.client();
    const held: (() => void)[] = [];
    server.respond = (_asked, response) => void held.push(() => answer(response, 200, {}));
    const first = Promise.all(Array.from({ length: 48 }, () => client.create(PATH, {})));
    await eventually('all connections to be in use', () => held.length === 48);
    const others = Array.from({ length: 5 }, () => failure(client.create(PATH, {}, { timeoutMs: 20 })));
    for (const error of await Promise.all(others)) expect(mayHaveHappened(error)).toBe(false);
    for (const release of held) release();
    await first;
    server.respond = (_asked, response) => answer(response, 200, {});
    await client.create(PATH, {});
    expect(server.asked).toHaveLength(49);
  });

  it('ask right before they are sent, and are not sent when the answer is no', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => answer(response, 200, configMap('a', 1));
    const veto = new Error('the lease has run out');
    const beforeSend = () => {
      throw veto;
    };
    expect(await failure(client.create(PATH, {}, { beforeSend }))).toBe(veto);
    expect(await client.create(PATH, {})).toEqual(configMap('a', 1));
    expect(server.asked).toHaveLength(1);
  });

  it('that wait for a connection ask only when they get one', async () => {
    const client = await server.client();
    const held: (() => void)[] = [];
    server.respond = (_asked, response) => void held.push(() => answer(response, 200, {}));
    let asked = 0;
    const beforeSend = () => {
      asked++;
    };
    const options = { beforeSend, timeoutMs: 60_000 };
    const all = Promise.all(Array.from({ length: 50 }, () => client.create(PATH, {}, options)));
    await eventually('all connections to be in use', () => held.length === 48);
    expect(asked).toBe(48);
    while (server.asked.length < 50 || held.length > 0) {
      held.shift()?.();
      await eventually('the next one', () => held.length > 0 || server.asked.length === 50);
    }
    expect(asked).toBe(50);
    await all;
  });
});

describe('reads', () => {
  it('are repeated while the server is busy, as late as it asks for', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => {
      if (server.asked.length > 2) answer(response, 200, configMap('a', 1));
      else answer(response, 503, 'busy', server.asked.length === 1 ? { 'retry-after': '1' } : {});
    };
    const begun = performance.now();
    expect(await client.get(`${PATH}/a`)).toEqual(configMap('a', 1));
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    expect(server.asked).toHaveLength(3);
  });

  it('are repeated after a lost connection, but not for ever', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => response.destroy();
    expect(await failure(client.get(`${PATH}/a`))).toBeInstanceOf(NoAnswerError);
    expect(server.asked).toHaveLength(4);
  });

  it('are not repeated after a refusal', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => answer(response, 403, status(403, 'Forbidden', 'you may not'));
    const error = await failure(client.get(`${PATH}/a`));
    expect(String(error)).toBe(`ApiError: the API server refused GET ${PATH}/a: you may not (403 Forbidden)`);
    expect(server.asked).toHaveLength(1);
  });

  it('end with the reason of their signal', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => answer(response, 503, 'busy', { 'retry-after': '60' });
    const giveUp = new AbortController();
    const reading = failure(client.get(PATH, { signal: giveUp.signal }));
    await eventually('the request', () => server.asked.length === 1);
    giveUp.abort();
    expect(await reading).toMatchObject({ name: 'AbortError' });
  });
});

describe('what is not an answer of an API server', () => {
  it('is told by its status and beginning when it is an error', async () => {
    const client = await server.client();
    server.respond = (_asked, response) =>
      answer(response, 502, `<html>\n ${'bad gateway '.repeat(100)}</html>`);
    const error = (await failure(client.create(PATH, {}))) as ApiError;
    expect(error.message).toContain('<html> bad gateway');
    expect(error.message.length).toBeLessThan(400);
    expect(error.reason).toBe('BadGateway');
    expect(mayHaveHappened(error)).toBe(true);
  });

  it('is no answer when it pretends to be one', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => answer(response, 200, '<html>welcome</html>');
    expect(String(await failure(client.create(PATH, {})))).toMatch(
      /something that is not JSON; it may or may not/,
    );
  });
});

describe('a delete', () => {
  const policy = { propagationPolicy: 'Background' } as const;

  it('sends its preconditions and policy', async () => {
    server.respond = (_asked, response) => answer(response, 200, { kind: 'Status', status: 'Success' });
    const client = await server.client();
    const options = { ...policy, uid: 'u', resourceVersion: '5', gracePeriodSeconds: 0 };
    expect(await client.delete(`${PATH}/a`, options)).toEqual({ state: 'deleted' });
    expect(JSON.parse(server.asked[0]!.body)).toMatchObject({
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u', resourceVersion: '5' },
    });
  });

  it('answers whether the object is still there', async () => {
    const client = await server.client();
    const deleting = configMap('a', 2, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    server.respond = (_asked, response) => answer(response, 200, deleting);
    expect(await client.delete(`${PATH}/a`, policy)).toEqual({ state: 'deleting', object: deleting });
    server.respond = (_asked, response) =>
      answer(response, 404, status(404, 'NotFound', 'none', { name: 'a' }));
    expect(await client.delete(`${PATH}/a`, policy)).toEqual({ state: 'missing' });
  });

  it('does not take a path that is not served for an object that is gone', async () => {
    const client = await server.client();
    server.respond = (_asked, response) => answer(response, 404, '404 page not found');
    expect(await failure(client.delete(`${PATH}/a`, policy))).toMatchObject({ status: 404 });
  });
});

describe('a conflict', () => {
  const error = (code: number, details?: object) =>
    new ApiError({
      method: 'PATCH',
      path: PATH,
      status: code,
      reason: 'x',
      serverMessage: 'x',
      ...(details && { details }),
    });

  it('is 409, or the 422 of a patch with the uid of another object', () => {
    expect(isConflict(error(409))).toBe(true);
    expect(isConflict(error(422, { causes: [{ field: 'metadata.uid' }] }))).toBe(true);
    expect(isConflict(error(422, { causes: [{ field: 'spec.selector' }] }))).toBe(false);
    expect(isConflict(new Error('409'))).toBe(false);
  });
});

describe('what an admission webhook says', () => {
  const denied = (
    status: number,
    serverMessage = 'admission webhook "w.example.org" denied the request: no',
  ) => new ApiError({ method: 'PATCH', path: PATH, status, reason: 'x', serverMessage });

  it.each([400, 403, 404, 409, 429, 500, 503])(
    'is a refusal that changed nothing, also with code %d',
    (code) => {
      const error = denied(code);
      expect([isWebhookRefusal(error), mayHaveHappened(error), isConflict(error), isNotFound(error)]).toEqual(
        [true, false, false, false],
      );
    },
  );

  it('is one too when the webhook cannot be asked', () => {
    const error = denied(
      500,
      'Internal error occurred: failed calling webhook "w.example.org": no endpoints',
    );
    expect([isWebhookRefusal(error), mayHaveHappened(error)]).toEqual([true, false]);
    expect(isWebhookRefusal(denied(500, 'etcdserver: request timed out'))).toBe(false);
  });
});

describe('a list', () => {
  const names = (items: { metadata: { name: string } }[]) => items.map(({ metadata }) => metadata.name);

  it('is read in pages of 500', async () => {
    const client = await server.client();
    server.respond = ({ query }, response) => {
      if (query.get('continue') === null) answer(response, 200, listOf(9, [configMap('a', 1)], 'more'));
      else answer(response, 200, listOf(9, [configMap('b', 2)]));
    };
    const all = await client.listAll<ReturnType<typeof configMap>>(PATH, { labelSelector: 'x=y' });
    expect(names(all.items)).toEqual(['a', 'b']);
    expect(all.resourceVersion).toBe('9');
    expect(server.asked.map(({ query }) => Object.fromEntries(query))).toEqual([
      { limit: '500', labelSelector: 'x=y' },
      { limit: '500', labelSelector: 'x=y', continue: 'more' },
    ]);
  });

  it('begins again when its token expires, and what came before is void', async () => {
    const client = await server.client();
    let expired = false;
    server.respond = ({ query }, response) => {
      if (query.get('continue') === null && !expired)
        answer(response, 200, listOf(9, [configMap('old', 1)], 't1'));
      else if (query.get('continue') === 't1') {
        expired = true;
        answer(response, 410, status(410, 'Expired', 'too old'));
      } else if (query.get('continue') === null) answer(response, 200, listOf(20, [configMap('a', 1)], 't2'));
      else answer(response, 200, listOf(20, [configMap('b', 1)]));
    };
    const all = await client.listAll<ReturnType<typeof configMap>>(PATH);
    expect(names(all.items)).toEqual(['a', 'b']);
    expect(all.resourceVersion).toBe('20');
  });

  it('whose tokens always expire is read at once in the end', async () => {
    const client = await server.client();
    server.respond = ({ query }, response) => {
      if (query.get('continue') !== null) answer(response, 410, status(410, 'Expired', 'too old'));
      else if (query.get('limit') !== null) answer(response, 200, listOf(9, [configMap('a', 1)], 't'));
      else answer(response, 200, listOf(10, [configMap('a', 1), configMap('b', 1)]));
    };
    const all = await client.listAll<ReturnType<typeof configMap>>(PATH);
    expect(names(all.items)).toEqual(['a', 'b']);
  });
});
