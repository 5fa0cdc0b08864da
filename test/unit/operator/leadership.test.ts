import { afterEach, describe, expect, it } from '@jest/globals';
import { KubeClient } from '../../../lib/kube/client.js';
import { ApiError, NoAnswerError } from '../../../lib/kube/errors.js';
import type { KubeRequest } from '../../../lib/kube/requests.js';
import type { Lease } from '../../../lib/kube/types.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import { Leadership } from '../../../operator/election/leadership.js';

/** An API server that has one Lease, and loses answers or everything. */
class LeaseServer extends KubeClient {
  lease: Lease | undefined;
  isAway = false;
  answersToLose = 0;
  private version = 0;

  constructor() {
    super({ connection: undefined as never });
  }

  override async request<T>({ method, path, body }: KubeRequest): Promise<T> {
    const lost = new NoAnswerError({ method, path, why: 'the test lost it', sent: true });
    if (this.isAway) throw lost;
    if (method !== 'GET') this.store(body as Lease);
    if (method !== 'GET' && this.answersToLose-- > 0) throw lost;
    if (!this.lease) throw refusal(404, 'NotFound');
    return this.lease as T;
  }

  private store(lease: Lease): void {
    if (this.lease && lease.metadata.resourceVersion !== this.lease.metadata.resourceVersion)
      throw refusal(409, 'Conflict');
    const metadata = { ...lease.metadata, uid: 'lease', resourceVersion: String(++this.version) };
    this.lease = { ...lease, metadata };
  }
}

function refusal(status: number, reason: string): ApiError {
  return new ApiError({ method: 'TEST', path: 'lease', status, reason, serverMessage: reason });
}

const silent = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
} as unknown as Logger;
const times = { duration: 200, renewEvery: 50, retryEvery: 10, margin: 20 };

let server = new LeaseServer();
const led: Leadership[] = [];

async function lead(identity: string): Promise<Leadership> {
  const leadership = new Leadership({ client: server, namespace: 'builds', identity, times, log: silent });
  await leadership.acquire(AbortSignal.timeout(5_000));
  led.push(leadership);
  return leadership;
}

async function untilLost({ lost }: Leadership): Promise<void> {
  if (!lost.aborted) await new Promise((resolve) => lost.addEventListener('abort', resolve, { once: true }));
}

afterEach(async () => {
  await Promise.all(led.splice(0).map((leadership) => leadership.release()));
  server = new LeaseServer();
});

describe('requests of a former leader may still arrive', () => {
  it('not at the first leader, nor after one that gave the Lease up', async () => {
    const first = await lead('one');
    expect(first.inheritsRequests).toBe(false);
    await first.release();
    expect((await lead('two')).inheritsRequests).toBe(false);
  });

  it('at one that takes the Lease of another that is gone', async () => {
    const first = await lead('one');
    server.isAway = true;
    await untilLost(first);
    server.isAway = false;
    expect((await lead('two')).inheritsRequests).toBe(true);
  });

  it('at the same process that takes its own Lease again after it was lost', async () => {
    const first = await lead('one');
    server.isAway = true;
    await untilLost(first);
    server.isAway = false;
    expect((await lead('one')).inheritsRequests).toBe(true);
  });

  it('after one that left the Lease to run out, because it had a write without an answer', async () => {
    const first = await lead('one');
    first.abandon();
    expect(first.isValid()).toBe(false);
    expect((await lead('two')).inheritsRequests).toBe(true);
  });

  it('not at one whose own taking was carried out, though the answer was lost', async () => {
    server.answersToLose = 1;
    expect((await lead('one')).inheritsRequests).toBe(false);
  });
});
