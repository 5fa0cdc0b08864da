import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { createErrorAnswer } from '../../../gateway/http/error-answer.js';
import { createLogsRouter, type LogServices } from '../../../gateway/logs/logs-router.js';
import { KubeClient } from '../../../lib/kube/client.js';
import { type Connection, connect } from '../../../lib/kube/connection.js';
import { createLogger } from '../../../lib/telemetry/logger.js';
import { waitFor } from '../../support/wait-for.js';

type Answer = (response: ServerResponse, query: URLSearchParams) => void;

const folder = mkdtempSync(path.join(os.tmpdir(), 'runboat-logs-test-'));
/** What the node of the pod answers; the log as it is, unless a test says otherwise. */
let node: Answer;
let pods: object[];
const stopping = new AbortController();
let connection: Connection;
let cluster: Server;
let gateway: Server;

/** Plays the API server: a list of pods, and their logs. */
function playCluster(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url!, 'http://cluster');
  if (pathname.endsWith('/log')) node(response, searchParams);
  else {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: pods }));
  }
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const get = (call: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${addressOf(gateway)}/api/v1/builds/${call}`, { headers, ...init });
const plain = { accept: 'text/plain' };
const says =
  (text: string): Answer =>
  (response) =>
    response.end(text);

function refuses(code: number, message: string): Answer {
  return (response) => {
    response.statusCode = code;
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
  };
}

beforeAll(async () => {
  cluster = createServer(playCluster);
  await listen(cluster);
  const kubeconfigFile = path.join(folder, 'kubeconfig');
  const kubeconfig = {
    clusters: [{ name: 'c', cluster: { server: addressOf(cluster) } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfigFile, JSON.stringify(kubeconfig));
  connection = await connect({ kubeconfigFile });
  const log = createLogger('test', 'silent');
  const services = {
    client: new KubeClient({ connection }),
    config: { namespace: 'ns' },
    directory: { get: (name: string) => (name === 'known' ? {} : undefined) },
    log,
    stopping: stopping.signal,
  } as unknown as LogServices;
  const app = express().use('/api/v1', createLogsRouter(services));
  gateway = createServer(app.use(createErrorAnswer({ log, page: () => 'page' })));
  await listen(gateway);
});

afterAll(async () => {
  await connection.close();
  for (const server of [cluster, gateway]) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  const labels = { 'pod-template-hash': '5d4f' };
  const creationTimestamp = '2026-11-01T10:00:00Z';
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp, labels };
  pods = [{ metadata, spec: { containers: [{ name: 'odoo' }] } }];
  node = says('\x1b[32mready\x1b[0m <b>\n');
});

describe('the log of a build', () => {
  it('is a whole page with colours, in which markup is text', async () => {
    const answer = await get('known/log');
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en"><head>.*<\/html>\n$/s);
    expect(page).toContain('<span style="color:rgb(0,187,0)">ready</span> &lt;b&gt;\n</pre>');
  });

  it('is what the program wrote when plain text is asked for', async () => {
    const answer = await get('known/log', plain);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await answer.text()).toBe('\x1b[32mready\x1b[0m <b>\n');
  });

  it('may be empty', async () => {
    node = says('');
    const answers = [await get('known/log'), await get('known/log', plain)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await answers[1]!.text()).toBe('');
  });

  it('is asked of the container that the pod names', async () => {
    node = (response, query) => response.end(query.toString());
    expect(await (await get('known/log', plain)).text()).toBe('container=odoo');
  });

  it.each([
    ['there is no pod', () => (pods = []), 'known/log'],
    ['there is no pod of the initialisation', () => {}, 'known/init-log'],
    ['the container waits', () => (node = refuses(400, 'container is waiting to start')), 'known/log'],
    ['the pod has gone', () => (node = refuses(404, 'pods "p" not found')), 'known/log?follow=true'],
  ])('is not found when %s', async (_when, prepare, call) => {
    prepare();
    const answer = await get(call);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ detail: 'No log found.' });
  });

  it('of a build that is not there is an error that names it', async () => {
    const answer = await get('other/log');
    expect(answer.status).toBe(404);
    expect(((await answer.json()) as { detail: string }).detail).toContain('no build called other');
  });

  it.each(['known/log', 'known/log?follow=true'])(
    'is answered with 502 when the node fails: %s',
    async (call) => {
      node = refuses(500, 'Get "https://10.0.0.1:10250/": dial tcp: connection refused');
      const answer = await get(call);
      expect(answer.status).toBe(502);
      expect(((await answer.json()) as { detail: string }).detail).not.toContain('10.0.0.1');
    },
  );

  it.each(['known/log', 'known/log?follow=true'])(
    'is answered with 503 and the right that the gateway lacks: %s',
    async (call) => {
      const who = 'User "system:serviceaccount:ns:gateway"';
      node = refuses(
        403,
        `pods "p" is forbidden: ${who} cannot get resource "pods/log" in API group "" in the namespace "ns"`,
      );
      const answer = await get(call);
      expect(answer.status).toBe(503);
      const { detail } = (await answer.json()) as { detail: string };
      expect(detail).toContain('may not "get pods/log"');
      expect(detail).not.toContain('serviceaccount');
    },
  );

  it('is not read when only the headers are asked for', async () => {
    let asked = '';
    node = (response, query) => {
      asked = query.toString();
      response.end('x');
    };
    const answer = await get('known/log', {}, { method: 'HEAD' });
    expect([answer.status, asked]).toEqual([200, 'container=odoo&limitBytes=1']);
  });

  it('says on the page that it broke off, and cuts the connection of who reads plain text', async () => {
    node = (response) => {
      response.write('begun\n');
      setTimeout(() => response.destroy(), 100);
    };
    expect(await (await get('known/log')).text()).toMatch(/begun\n<\/pre><p>The log ends here.*<\/html>\n$/s);
    const answer = await get('known/log', plain);
    await expect(answer.text()).rejects.toThrow();
  });

  it('of any size is not held in memory', async () => {
    let written = 0;
    const piece = Buffer.alloc(64 * 1024, 'x\n');
    node = (response) => {
      const write = () => {
        while (!response.destroyed && written < 1e9) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', write);
        }
      };
      write();
    };
    const answer = await get('known/log');
    const reader = answer.body!.getReader();
    await reader.read();
    let before = -1;
    await waitFor(
      () => {
        const isStill = before === written;
        before = written;
        return isStill;
      },
      { intervalMs: 300 },
    );
    expect(written).toBeLessThan(30_000_000);
    await reader.cancel();
  });
});

describe('a log that is followed', () => {
  it('is there at once, though the node says nothing, and brings what is written later', async () => {
    let write: ((text: string) => void) | undefined;
    node = (response, query) => {
      if (query.get('follow') === 'true') write = (text) => response.write(text);
      else response.end();
    };
    const answer = await get('known/log?follow=true', plain);
    expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
    const reader = answer.body!.getReader();
    await waitFor(() => write !== undefined);
    write!('one\n');
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('one\n');
    write!('two\n');
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('two\n');
    await reader.cancel();
  });

  it('is let go of when the client goes', async () => {
    let isOpen = false;
    node = (response, query) => {
      if (query.get('follow') !== 'true') return void response.end();
      isOpen = true;
      response.write('one\n');
      response.once('close', () => {
        isOpen = false;
      });
    };
    const leaving = new AbortController();
    const answer = await get('known/log?follow=true', {}, { signal: leaving.signal });
    await answer.body!.getReader().read();
    await waitFor(() => isOpen);
    leaving.abort();
    await waitFor(() => !isOpen);
  });

  it('ends in order when the gateway ends', async () => {
    node = (response, query) => {
      if (query.get('follow') === 'true') response.write('one\n');
      else response.end();
    };
    const answer = await get('known/log?follow=true');
    setTimeout(() => stopping.abort(), 200);
    expect(await answer.text()).toMatch(/one\n<\/pre><\/body><\/html>\n$/);
  });
});
