import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { nodeName } from '../cluster/node/node-files.js';
import type { PostgresServer } from '../cluster/node/postgres.js';
import { postgresArchive, postgresImage } from '../cluster/node/postgres-image.js';
import { webpageArchive, webpageImage } from '../cluster/node/webpage-image.js';
import { tell, type World, type WorldWithoutDatabase } from '../cluster/node/world.js';
import { waitFor } from '../support/wait-for.js';
import { helm, installChart, type Runboat, release } from './runboat.js';

/** The pod of the trial PostgreSQL. */
const databasePod = `${release}-postgresql-0`;
const volumeClass = 'disks';

/** The installation for trying out: the chart with its own PostgreSQL, and as few values as this place allows. */
export class Trial {
  private constructor(
    readonly world: World,
    readonly runboat: Runboat,
  ) {}

  /** Installs it into a namespace that admits nothing but what Pod Security calls restricted. */
  static async install(bare: WorldWithoutDatabase): Promise<Trial> {
    const kubectl = (args: string[], input?: string) => bare.cluster.kubectl(args, input);
    for (const archive of [await webpageArchive(tell), await postgresArchive(tell)])
      await bare.node.importImage(archive);
    await kubectl(['create', '-f', '-'], JSON.stringify(await volume(bare.cluster.dir)));
    await kubectl(['create', 'namespace', release]);
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    await kubectl(['label', 'namespace', release, label]);
    const runboat = await installChart(bare, {
      config: {
        repos: [{ repo: '^acme/.*', branch: '.*', image: webpageImage, kubefiles: 'webpage' }],
        env: { RUNBOAT_GIT_BASE_URL: bare.forge.url },
        extra: { github: { commitStatuses: false } },
      },
      postgresql: { image: postgresImage, storageClass: volumeClass },
    });
    return new Trial({ ...bare, database: database(bare) }, runboat);
  }

  /** Runs kubectl in the namespace of the release. */
  kubectl(...args: string[]): Promise<string> {
    return this.world.cluster.kubectl(['--namespace', release, ...args]);
  }

  async upgrade(...values: string[]): Promise<void> {
    const { chart } = this.runboat;
    await helm('upgrade', release, chart, '--reuse-values', ...values, '--wait', '--timeout=240s');
  }

  async secret(key: string): Promise<string> {
    const encoded = await this.kubectl('get', 'secret', release, `--output=jsonpath={.data.${key}}`);
    return Buffer.from(encoded, 'base64').toString();
  }

  /**
   * Waits until PostgreSQL has another password and the operator knows it. Kubelets look for changed Secrets every
   * minute or so, and at once when something else of a pod has changed.
   */
  async passwordIs(password: string): Promise<void> {
    const operator = ['--selector=app.kubernetes.io/component=operator', '--tail=-1'];
    const arrived = async () => {
      await this.kubectl('annotate', 'pods', '--all', '--overwrite', `runboat.test/now=${Date.now()}`);
      if (!(await this.acceptsPassword(password))) return false;
      return (await this.kubectl('logs', ...operator)).includes('"changed":["secretEnv"]');
    };
    await waitFor(arrived, { timeoutMs: 150_000, describe: 'the new password', intervalMs: 500 });
  }

  /** Whether PostgreSQL lets the role in with this password, over the network and by the name of its Service. */
  async acceptsPassword(password: string): Promise<boolean> {
    const server = `host=${release}-postgresql.${release}.svc user=runboat dbname=postgres`;
    const command = ['env', `PGPASSWORD=${password}`, 'psql', '-XqtA', '-c', 'SELECT 1', server];
    const answer = this.kubectl('exec', databasePod, '--container=postgresql', '--', ...command);
    return answer.then(
      () => true,
      (error: Error) => {
        if (error.message.includes('password authentication failed')) return false;
        throw error;
      },
    );
  }

  /** Deletes the pod of PostgreSQL and waits for the next one. */
  async restartDatabase(): Promise<void> {
    const uid = () => this.kubectl('get', 'pod', databasePod, '--output=jsonpath={.metadata.uid}');
    const before = await uid();
    await this.kubectl('delete', 'pod', databasePod);
    await waitFor(async () => (await uid()) !== before, { timeoutMs: 60_000, describe: 'another pod' });
    await this.kubectl('wait', 'pod', databasePod, '--for=condition=Ready', '--timeout=120s');
  }
}

/** Asked in its own pod, where the socket needs no password. */
function database({ cluster }: WorldWithoutDatabase): PostgresServer {
  const exec = ['exec', databasePod, '--namespace', release, '--container=postgresql', '--stdin', '--'];
  return {
    host: `${release}-postgresql.${release}.svc`,
    port: 5432,
    user: 'runboat',
    password: '',
    async query(sql, name = 'postgres') {
      const psql = ['psql', '-XqtA', '-v', 'ON_ERROR_STOP=1', '-U', 'runboat', '-d', name, '-f', '-'];
      const rows = await cluster.kubectl([...exec, ...psql], sql);
      return rows.split('\n').filter((row) => row !== '');
    },
  };
}

/** A volume as those of most clusters are: root's, and Kubernetes gives it to the group of the pod. */
async function volume(folder: string): Promise<object> {
  const disk = path.join(folder, 'disk');
  await mkdir(disk, { mode: 0o755 });
  const storageClass = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: volumeClass },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] };
  const persistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk' },
    spec: {
      storageClassName: volumeClass,
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path: disk },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
    },
  };
  return { apiVersion: 'v1', kind: 'List', items: [storageClass, persistentVolume] };
}
