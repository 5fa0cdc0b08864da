// `make cluster`: a cluster that is held up until Ctrl-C, or until standard input ends. With --real its only node is
// a real one.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installAccounts } from './accounts.js';
import { startCluster } from './control-plane.js';
import { type CurrentCluster, currentCluster } from './current-cluster.js';
import { installDefinition } from './definition.js';
import { startRealCluster } from './node/real-node.js';

/** The line that `--json` prints, for the program that started this one. */
export interface ClusterReport {
  kubeconfig: string;
  dir: string;
  /** The folder of kubectl and the other programs. */
  programs: string;
  /** Kubeconfigs of accounts with the rights of operator and gateway. */
  operator: string;
  gateway: string;
}

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    audit: { type: 'boolean' },
    real: { type: 'boolean' },
    use: { type: 'string' },
  },
});
const started = Date.now();
const cluster = await findCluster();
await installDefinition(cluster);
const accounts = await installAccounts(cluster);
const report: ClusterReport = {
  kubeconfig: cluster.kubeconfig,
  dir: cluster.dir,
  programs: path.dirname(cluster.programs['kubectl']!),
  operator: accounts.operator,
  gateway: accounts.gateway,
};
if (options.json) {
  console.log(JSON.stringify(report));
  // The starter's end of the pipe closes when it ends, in whatever way.
  process.stdin.resume().once('end', end);
} else {
  console.log(introduction());
  setInterval(() => undefined, 1 << 30);
}
process.once('SIGINT', end).once('SIGTERM', end);

async function findCluster(): Promise<CurrentCluster> {
  if (options.use) return currentCluster(options.use);
  const audit = options.audit === true;
  return options.real ? (await startRealCluster({ audit })).cluster : startCluster({ audit });
}

function introduction(): string {
  return [
    `A Kubernetes cluster is up after ${((Date.now() - started) / 1000).toFixed(1)} s. To use it:`,
    '',
    `  export KUBECONFIG=${report.kubeconfig}`,
    `  export PATH=${report.programs}:$PATH`,
    '',
    'To run the integration tests against it: RUNBOAT_TEST_KUBECONFIG=$KUBECONFIG make test',
    'Ctrl-C ends it.',
  ].join('\n');
}

function end(): void {
  Promise.all([cluster.stop(), accounts.remove()]).then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
