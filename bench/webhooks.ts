import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { sign } from '../gateway/webhook/signature.js';
import { startGateway } from '../test/support/gateway-process.js';
import {
  bareCreator,
  commitOf,
  drop,
  type PlainRequest,
  rateOf,
  withCluster,
} from './support/gateway-load.js';
import { measuredCpuSeconds } from './support/measured-cpu.js';
import { median, round } from './support/statistics.js';

// Signed webhooks of pushes that the gateway accepts a second, in turns with a bare client that creates the same builds
// in a namespace of its own, as many at once. Prints one JSON line; `--profile DIR` leaves a CPU profile of the gateway
// there.

const RUNS = 5;
/** Not counted: connections are opened and, for thousands of webhooks, code is compiled. */
const WARM_UP_RUNS = 3;
const BUILDS = 600;
const AT_ONCE = 32;
const SECRET = 'shared with GitHub';

/** A push as GitHub sends it, 7 kB. */
const examples = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-examples'), 'utf8'),
) as { name: string; examples: { repository: object }[] }[];
const push = examples.find(({ name }) => name === 'push')!.examples[0]!;

const { values: options } = parseArgs({ options: { profile: { type: 'string' } } });
const nodeArguments = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];

await withCluster(async ({ kubeconfig, namespace }) => {
  const config = {
    log: { level: 'info' },
    github: { webhookSecret: SECRET },
    api: { adminUser: 'a', adminPassword: 'b' },
  };
  const gateway = await startGateway({
    namespace: await namespace('webhooks'),
    kubeconfig,
    config,
    nodeArguments,
  });
  const pool = new Pool(gateway.address, { connections: AT_ONCE });
  const bare = await bareCreator(kubeconfig, await namespace('bare'));
  const rates = { webhooks: [] as number[], bare: [] as number[] };
  const cpu = { gateway: [] as number[], sender: [] as number[] };
  const contenders = {
    webhooks: async (run: number) => {
      const requests = Array.from({ length: BUILDS }, (_, n) => webhook(commitOf(`webhook ${run} ${n}`)));
      const before = await measuredCpuSeconds(gateway.metricsAddress);
      const own = process.cpuUsage();
      const rate = await rateOf(BUILDS, AT_ONCE, (n) => drop(pool, requests[n]!));
      const { user, system } = process.cpuUsage(own);
      cpu.sender.push((user + system) / BUILDS);
      cpu.gateway.push((((await measuredCpuSeconds(gateway.metricsAddress)) - before) / BUILDS) * 1e6);
      return rate;
    },
    bare: (run: number) => rateOf(BUILDS, AT_ONCE, (n) => bare.create(commitOf(`bare ${run} ${n}`))),
  };
  for (let run = 0; run < WARM_UP_RUNS + RUNS; run++) {
    const order = run % 2 === 0 ? (['webhooks', 'bare'] as const) : (['bare', 'webhooks'] as const);
    for (const which of order) {
      const rate = await contenders[which](run);
      if (run >= WARM_UP_RUNS) rates[which].push(rate);
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
      gatewayCpuMicrosecondsEach: Math.round(median(cpu.gateway.slice(WARM_UP_RUNS))),
      senderCpuMicrosecondsEach: Math.round(median(cpu.sender.slice(WARM_UP_RUNS))),
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
