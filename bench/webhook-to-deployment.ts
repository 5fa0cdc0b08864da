import { performance } from 'node:perf_hooks';
import { LABEL_BUILD } from '../crds/constants.js';
import { sign } from '../gateway/webhook/signature.js';
import { KubeClient } from '../lib/kube/client.js';
import { connect } from '../lib/kube/connection.js';
import { Informer } from '../lib/kube/informer.js';
import { createLogger } from '../lib/telemetry/logger.js';
import { startGateway } from '../test/support/gateway-process.js';
import { startOperator } from '../test/support/operator-process.js';
import { commitOf, withCluster } from './support/gateway-load.js';
import { median } from './support/statistics.js';

// Milliseconds from the moment a signed webhook is sent until the build's Deployment is seen by a watch, the operator
// running beside the gateway; one webhook after another. Prints one JSON line.

const WEBHOOKS = 30;
const SECRET = 'shared with GitHub';

await withCluster(async ({ kubeconfig, namespace: makeNamespace }) => {
  const namespace = await makeNamespace('first-write');
  const limits = { initializing: 2 * WEBHOOKS, deployed: 2 * WEBHOOKS };
  const github = { webhookSecret: SECRET, commitStatuses: false };
  const log = { level: 'info' };
  const operator = await startOperator({ namespace, kubeconfig, config: { limits, github, log } });
  const gateway = await startGateway({ namespace, kubeconfig, config: { github, log } });
  const client = new KubeClient({ connection: await connect({ kubeconfigFile: kubeconfig }) });
  const deployments = new Informer({
    client,
    path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    trim: ({ metadata }) => ({ metadata }),
    log: createLogger('bench', 'warn'),
  });
  const seen = new Map<string, (at: number) => void>();
  deployments.onChange(({ new: made }) => {
    if (made !== undefined) seen.get(made.metadata.labels?.[LABEL_BUILD] ?? '')?.(performance.now());
  });
  deployments.start();
  await deployments.whenSynced();
  const delays: number[] = [];
  // The first ones are not counted: code is compiled and the bundle is read.
  for (let n = -5; n < WEBHOOKS; n++) {
    const commit = commitOf(`first write ${n}`);
    const made = new Promise<number>((resolve) => seen.set(`oca-web-16-0-${commit.slice(0, 12)}`, resolve));
    const begun = performance.now();
    await push(gateway.address, commit);
    const delay = (await made) - begun;
    if (n >= 0) delays.push(delay);
  }
  const sorted = delays.sort((a, b) => a - b);
  console.log(
    JSON.stringify({
      benchmark: 'webhook to deployment',
      webhooks: WEBHOOKS,
      msMedian: Math.round(median(sorted)),
      msMax: Math.round(sorted.at(-1) ?? Number.NaN),
    }),
  );
  await deployments.stop();
  await client.connection.close();
  await gateway.stop();
  await operator.stop();
});

async function push(address: string, commit: string): Promise<void> {
  const repository = { full_name: 'oca/web' };
  const body = JSON.stringify({ ref: 'refs/heads/16.0', after: commit, deleted: false, repository });
  const headers = { 'x-github-event': 'push', 'x-hub-signature-256': sign(Buffer.from(body), SECRET) };
  const answer = await fetch(`${address}/webhooks/github`, { method: 'POST', body, headers });
  if (answer.status !== 200)
    throw new Error(`The webhook was answered with ${answer.status}: ${await answer.text()}`);
  await answer.text();
}
