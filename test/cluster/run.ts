// `make run`: runboat on a cluster made for it, with simulated nodes or a real one (NODE=real), or on the user's
// (CLUSTER=current), until Ctrl-C.
import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from './control-plane.js';
import { type CurrentCluster, currentCluster } from './current-cluster.js';
import { installDefinition } from './definition.js';
import { type Demonstration, demonstrationConfig, demonstrationNamespace } from './demonstration.js';
import { type DemonstrationNode, startDemonstrationNode } from './node/run-node.js';
import { repositoryRoot } from './paths.js';
import { folderPrefix, reservePort } from './ports.js';
import { ClusterProcesses } from './processes.js';
import { isHealthy } from './readiness.js';

const readyPatienceMs = 60_000;
/** Both end within 10 s of SIGTERM. */
const endPatienceMs = 12_000;

const useCurrent = process.env['CLUSTER'] === 'current';
const useReal = process.env['NODE'] === 'real';
const processes = new ClusterProcesses(await mkdtemp(path.join(os.tmpdir(), folderPrefix)));
await processes.recordGuard();
let cluster: CurrentCluster | undefined;
let realNode: DemonstrationNode | undefined;
let ending = false;
process.once('SIGINT', () => end(0)).once('SIGTERM', () => end(0));
try {
  cluster = await prepareCluster();
  const configuration = path.join(processes.folder, 'runboat.yaml');
  const gatewayPort = await reservePort(processes.folder, 'gateway');
  const demonstration = {
    baseUrl: `http://localhost:${gatewayPort}`,
    adminPassword: randomBytes(9).toString('base64url'),
    webhookSecret: randomBytes(9).toString('base64url'),
    ...(realNode ? { real: realNode.real } : {}),
  };
  await writeFile(configuration, demonstrationConfig(demonstration), { mode: 0o600 });
  const port = await reservePort(processes.folder, 'operator');
  startProcess('operator', cluster, configuration, { RUNBOAT_METRICS_PORT: String(port) });
  startProcess('gateway', cluster, configuration, {
    RUNBOAT_LISTEN_PORT: String(gatewayPort),
    RUNBOAT_METRICS_PORT: '0',
  });
  await Promise.all([untilReady('operator', port), untilReady('gateway', gatewayPort)]);
  console.log(introduction(cluster, configuration, demonstration));
  await untilOneEnds(['operator', 'gateway']);
} catch (error) {
  if (!ending) console.error((error as Error).message);
  end(1);
}

async function prepareCluster(): Promise<CurrentCluster> {
  const found = await findCluster();
  await installDefinition(found);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: demonstrationNamespace } };
  await found.kubectl(['apply', '-f', '-'], JSON.stringify(namespace));
  return found;
}

async function findCluster(): Promise<CurrentCluster> {
  if (process.env['NODE'] && !useReal)
    throw new Error(`There is no NODE=${process.env['NODE']}, only NODE=real.`);
  if (useCurrent) return currentCluster(userKubeconfig());
  console.log(`Starting a Kubernetes cluster${useReal ? ' with a real node' : ''} on this machine.`);
  if (!useReal) return startCluster();
  realNode = await startDemonstrationNode();
  return realNode.cluster;
}

function userKubeconfig(): string {
  return process.env['KUBECONFIG'] || path.join(os.homedir(), '.kube', 'config');
}

function startProcess(
  name: 'operator' | 'gateway',
  { kubeconfig, programs }: CurrentCluster,
  configuration: string,
  ports: Record<string, string>,
): void {
  const args = [path.join(repositoryRoot, 'bin', 'runboat'), name, '--config', configuration];
  processes.start(name, process.execPath, args, {
    output: 'inherit',
    env: {
      ...process.env,
      KUBECONFIG: kubeconfig,
      PATH: `${path.dirname(programs['kubectl']!)}${path.delimiter}${process.env['PATH']}`,
      NODE_OPTIONS: '',
      ...ports,
    },
  });
}

async function untilReady(name: string, port: number): Promise<void> {
  const deadline = Date.now() + readyPatienceMs;
  while (!(await isHealthy(`http://127.0.0.1:${port}/readyz`))) {
    if (!processes.isRunning(name)) throw new Error(`The ${name} ended; its last lines above say why.`);
    if (Date.now() > deadline)
      throw new Error(`The ${name} was not ready within ${readyPatienceMs / 1000} s.`);
    await sleep(100);
  }
}

/** Resolves never: throws when one of the processes ends without being told to. */
async function untilOneEnds(names: readonly string[]): Promise<never> {
  for (;;) {
    const ended = names.find((name) => !processes.isRunning(name));
    if (ended !== undefined) throw new Error(`The ${ended} ended; its last lines above say why.`);
    await sleep(500);
  }
}

function introduction(
  { kubeconfig, programs }: CurrentCluster,
  configuration: string,
  { baseUrl, adminPassword, webhookSecret }: Demonstration,
): string {
  const access = useCurrent
    ? []
    : [`  export KUBECONFIG=${kubeconfig}`, `  export PATH=${path.dirname(programs['kubectl']!)}:$PATH`];
  const nodes = realNode?.hint ?? 'The nodes are simulated: pods run in name only.';
  return [
    '',
    `runboat is up, with the configuration ${configuration}. In another terminal:`,
    '',
    ...access,
    `  export URL=${baseUrl} PASSWORD=${adminPassword} SECRET=${webhookSecret}`,
    `  kubectl apply -n ${demonstrationNamespace} -f docs/examples/build.yaml    # a first build`,
    `  kubectl get rb -n ${demonstrationNamespace} --watch`,
    `  kubectl scale rb NAME -n ${demonstrationNamespace} --replicas=1    # start it; 0 stops it`,
    `  kubectl delete rb NAME -n ${demonstrationNamespace}                # with all that belongs to it`,
    '',
    `Page: ${baseUrl}    API: ${baseUrl}/docs    administrator: admin, password ${adminPassword}`,
    '  curl -X POST $URL/api/v1/builds/NAME/start',
    '  curl -u admin:$PASSWORD -X DELETE $URL/api/v1/builds/NAME',
    'More to do, step by step: docs/tutorial.md',
    '',
    useCurrent ? 'Ctrl-C ends operator and gateway; the cluster stays.' : `${nodes} Ctrl-C ends all.`,
    '',
  ].join('\n');
}

function end(code: number): void {
  if (ending) return;
  ending = true;
  endAll().then(
    () => process.exit(code),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

async function endAll(): Promise<void> {
  const ends = ['gateway', 'operator'].map((name) => processes.end(name, 'SIGTERM', endPatienceMs));
  await Promise.all(ends);
  await cluster?.stop();
  await processes.endAll();
}
