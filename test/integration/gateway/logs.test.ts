import { beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '../../support/cluster.js';
import { useGateway } from '../../support/gateway.js';

const gateway = useGateway();
const { builds } = gateway;

/** A pod of the build; the nodes are simulated, so that none has a log. */
async function pod(name: string, labels: Record<string, string>, spec: object = {}): Promise<void> {
  await builds.kube.create(`/api/v1/namespaces/${gateway.namespace.name}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [{ name: 'odoo', image: 'none' }], ...spec },
  });
}

beforeAll(async () => {
  await builds.create('logged', { repo: 'oca/logs' });
  await waitFor(async () => (await gateway.call('/api/v1/builds/logged')).status === 200);
});

describe('the log of a build in a cluster', () => {
  it.each(['log', 'init-log'])('is not found before it has a pod: %s', async (log) => {
    const answer = await gateway.call(`/api/v1/builds/logged/${log}`);
    expect([answer.status, await answer.json()]).toEqual([404, { detail: 'No log found.' }]);
  });

  it('is empty while its pod waits for a node', async () => {
    await pod(
      'waiting',
      { 'runboat/build': 'logged', 'pod-template-hash': 'x' },
      { schedulerName: 'nobody' },
    );
    const answer = await gateway.call('/api/v1/builds/logged/log', { headers: { accept: 'text/plain' } });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('is answered with 502 when the node does not give it', async () => {
    await pod('init', { 'runboat/build': 'logged', 'runboat/job-kind': 'initialize' });
    const answer = await waitFor(async () => {
      const asked = await gateway.call('/api/v1/builds/logged/init-log');
      return asked.status === 200 ? undefined : asked;
    });
    expect(answer.status).toBe(502);
  });
});
