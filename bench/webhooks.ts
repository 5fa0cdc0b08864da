import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Pool } from 'undici';
import { sign } from '../gateway/webhook/signature.js';
import { startGateway } from '../test/support/gateway-process.js';
import {
  bareCreator,
  commitOf,
  cpuSeconds,
  drop,
  type PlainRequest,
  rateOf,
  withCluster,
} from './support/gateway-load.js';
import { median, round } from './support/statistics.js';

// Signed webhooks of pushes that the gateway accepts a second, in turns with a bare client that creates the same builds
// in a namespace of its own, as many at once. Prints one JSON line.

const RUNS = 5;
const BUILDS = 600;
const AT_ONCE = 32;
const SECRET = 'shared with GitHub';

/** A push as GitHub sends it, 7 kB. */
const examples = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-examples'), 'utf8'),
) as { name: string; examples: { repository: object }[] }[];
const push = examples.find(({ name }) => name === 'push')!.examples[0]!;

await withCluster(async ({ kubeconfig, namespace }) => {
  const config = {
    log: { level: 'info' },
    github: { webhookSecret: SECRET },
    api: { adminUser: 'a', adminPassword: 'b' },
  };
  const gateway = await startGateway({ namespace: await namespace('webhooks'), kubeconfig, config });
  const pid = gateway.process.pid!;
  const pool = new Pool(gateway.address, { connections: AT_ONCE });
  const bare = await bareCreator(kubeconfig, await namespace('bare'));
  const rates = { webhooks: [] as number[], bare: [] as number[] };
  const cpu: number[] = [];
  const contenders = {
    webhooks: async (run: number) => {
      const requests = Array.from({ length: BUILDS }, (_, n) => webhook(commitOf(`webhook ${run} ${n}`)));
      const before = cpuSeconds(pid);
      const rate = await rateOf(BUILDS, AT_ONCE, (n) => drop(pool, requests[n]!));
      cpu.push(((cpuSeconds(pid) - before) / BUILDS) * 1e6);
      return rate;
    },
    bare: (run: number) => rateOf(BUILDS, AT_ONCE, (n) => bare.create(commitOf(`bare ${run} ${n}`))),
  };
  // The first run of each is not counted: connections are opened and code is compiled.
  for (let run = 0; run <= RUNS; run++) {
    const order = run % 2 === 0 ? (['webhooks', 'bare'] as const) : (['bare', 'webhooks'] as const);
    for (const which of order) {
      const rate = await contenders[which](run);
      if (run > 0) rates[which].push(rate);
    }
  }
  const [accepted, created] = [median(rates.webhooks), median(rates.bare)];
  console.log(
    JSON.stringify({
      benchmark: 'webhooks',
      atOnce: AT_ONCE,
      webhooksPerSecond: Math.round(accepted),
      bareCreatesPerSecond: Math.round(created),
      ratio: round(accepted / created),
      gatewayCpuMicrosecondsEach: Math.round(median(cpu.slice(1))),
    }),
  );
  await pool.close();
  await bare.close();
  await gateway.stop();
});

function webhook(commit: string): PlainRequest {
  const repository = { ...push.repository, full_name: 'OCA/web' };
  const body = JSON.stringify({ ...push, ref: 'refs/heads/16.0', deleted: false, after: commit, repository });
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': sign(Buffer.from(body), SECRET),
  };
  return { method: 'POST', path: '/webhooks/github', headers, body };
}
