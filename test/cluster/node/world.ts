import path from 'node:path';
import { KubeClient } from '../../../lib/kube/client.js';
import { connect } from '../../../lib/kube/connection.js';
import type { Cluster } from '../control-plane.js';
import { demonstrationNamespace } from '../demonstration.js';
import { type Contents, Forge } from './forge.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { type RealNode, startRealCluster } from './real-node.js';

/** Everything outside of runboat that its builds meet, and all of it real. */
export interface World extends WorldWithoutDatabase {
  readonly database: PostgresServer;
}

export interface WorldWithoutDatabase {
  readonly cluster: Cluster;
  readonly node: RealNode;
  readonly forge: Forge;
  /** A client with all rights. */
  readonly kube: KubeClient;
  stop(): Promise<void>;
}

/** The namespace of the builds. */
export const namespace = demonstrationNamespace;

/**
 * Starts a cluster with a real node, PostgreSQL and a forge, and tells this process of the cluster by
 * KUBECONFIG and PATH.
 */
export async function startWorld(contents: Contents): Promise<World> {
  const world = await startWorldWithoutDatabase(contents);
  try {
    return { ...world, database: await startPostgres(world.cluster, world.node) };
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** The same without PostgreSQL. */
export async function startWorldWithoutDatabase(contents: Contents): Promise<WorldWithoutDatabase> {
  const { cluster, node } = await startRealCluster({ tell });
  try {
    process.env['KUBECONFIG'] = cluster.kubeconfig;
    const programs = path.dirname(cluster.programs['kubectl']!);
    process.env['PATH'] = `${programs}${path.delimiter}${process.env['PATH']}`;
    const kube = new KubeClient({ connection: await connect() });
    const forge = new Forge(node.network.machine, contents);
    await forge.start();
    const stop = async () => {
      await forge.stop();
      await kube.connection.close();
      await cluster.stop();
    };
    return { cluster, node, forge, kube, stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

export interface BuildEnvironment {
  env: Record<string, string>;
  secretEnv: Record<string, string>;
}

/** What builds need to know of the world, as parts of the configuration. */
export function buildEnvironment({ database, forge }: World): BuildEnvironment {
  const { host, port, user, password } = database;
  return {
    env: { PGHOST: host, PGPORT: String(port), PGUSER: user, RUNBOAT_GIT_BASE_URL: forge.url },
    secretEnv: { PGPASSWORD: password },
  };
}

/** To people, past Jest's own decoration. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
