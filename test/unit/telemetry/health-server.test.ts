import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { type HealthServer, startHealthServer } from '../../../lib/telemetry/health-server.js';

let server: HealthServer;
const nothing = () => undefined;

beforeEach(async () => {
  server = await startHealthServer({ port: 0, metrics: new Registry(), problem: nothing, waitsFor: nothing });
});
afterEach(() => server.close());

it('the port of health and metrics says with 405 what may be asked', async () => {
  for (const path of ['/healthz', '/metrics', '/other']) {
    const answer = await fetch(`http://localhost:${server.port}${path}`, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  }
});
