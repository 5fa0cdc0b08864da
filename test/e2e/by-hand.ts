import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../../lib/kube/types.js';
import { runCommand } from '../cluster/command.js';
import { namespace, type World } from '../cluster/node/world.js';
import { repositoryRoot } from '../cluster/paths.js';
import { waitFor } from '../support/wait-for.js';

const plurals: Record<string, string> = {
  ConfigMap: 'configmaps',
  Deployment: 'deployments',
  Ingress: 'ingresses',
  Job: 'jobs',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Secret: 'secrets',
  Service: 'services',
};

/** The resources of a build without an operator: what somebody would put into the cluster by hand. */
export class BuildByHand {
  private constructor(
    private readonly world: World,
    readonly name: string,
    private readonly objects: readonly KubeObject[],
  ) {}

  /** Renders them as the operator does, with its configuration. */
  static async render(world: World, name: string, spec: object, config: object): Promise<BuildByHand> {
    const file = path.join(world.cluster.dir, 'by-hand.yaml');
    await writeFile(file, JSON.stringify(config));
    const build = { apiVersion: 'runboat.dev/v1alpha1', kind: 'RunboatBuild', metadata: { name }, spec };
    const program = path.join(repositoryRoot, 'bin', 'runboat');
    const args = [program, 'render', '--mode', 'initialize', '--file', '-', '--config', file];
    const env = { ...process.env, NODE_OPTIONS: '' };
    const rendered = await runCommand(process.execPath, args, { env, input: JSON.stringify(build) });
    return new BuildByHand(world, name, loadAll(rendered) as KubeObject[]);
  }

  /** Creates everything, waits for the end of the job and scales the Deployment to 1. */
  async start(): Promise<void> {
    for (const object of this.objects) await this.world.kube.create(collection(object), object);
    const job = this.path('Job');
    const done = async () =>
      (await this.world.kube.get<{ status?: { succeeded?: number } }>(job)).status?.succeeded;
    await waitFor(done, { timeoutMs: 90_000, describe: 'the job made by hand', intervalMs: 20 });
    await this.world.kube.mergePatch(this.path('Deployment'), { spec: { replicas: 1 } });
  }

  async delete(): Promise<void> {
    for (const object of this.objects) {
      const address = `${collection(object)}/${object.metadata.name}`;
      await this.world.kube.delete(address, { propagationPolicy: 'Foreground' });
    }
    await this.world.database.query(`DROP DATABASE "${this.name}" WITH (FORCE)`);
  }

  private path(kind: string): string {
    const object = this.objects.find((candidate) => candidate.kind === kind)!;
    return `${collection(object)}/${object.metadata.name}`;
  }
}

function collection({ apiVersion, kind }: KubeObject): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${plurals[kind ?? '']}`;
}
