import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../command.js';
import type { Cluster } from '../control-plane.js';
import { reservePort } from '../ports.js';
import type { RealNode } from './real-node.js';

/** A PostgreSQL server of the cluster, for builds, with a role that may create databases. */
export interface PostgresServer {
  /** The address of the machine as pods see it; the server also listens on 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Runs SQL as the superuser; gives the rows, with `|` between columns. */
  query(sql: string, database?: string): Promise<string[]>;
}

const startPatienceMs = 30_000;
const role = 'runboat';

/** The folder of the machine's newest PostgreSQL. Throws, saying what to install, if there is none. */
export function postgresPrograms(): string {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).map(Number) : [];
  const newest = versions
    .sort((a, b) => b - a)
    .find((version) => existsSync(`${base}/${version}/bin/initdb`));
  if (newest === undefined) throw new Error('PostgreSQL is needed: install the package postgresql.');
  return `${base}/${newest}/bin`;
}

/** Makes an empty server in the cluster's folder and starts it as the user postgres; it ends with the cluster. */
export async function startPostgres(cluster: Cluster, node: RealNode): Promise<PostgresServer> {
  const programs = postgresPrograms();
  const data = path.join(cluster.dir, 'postgresql');
  await makeDataFolder(cluster.dir, data, programs);
  await appendFile(`${data}/pg_hba.conf`, `host all all ${node.network.pods} scram-sha-256\n`);
  const port = await reservePort(cluster.dir, 'postgresql');
  const options = {
    listen_addresses: `127.0.0.1,${node.network.machine}`,
    port: String(port),
    unix_socket_directories: data,
    max_connections: '200',
    fsync: 'off',
    // In files of the data folder: what is left of a killed server goes with it.
    dynamic_shared_memory_type: 'mmap',
  };
  const settings = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // The namespace takes along the System V segment of a killed server.
  const args = ['--ipc', ...asPostgres, path.join(programs, 'postgres'), '-D', data, ...settings];
  cluster.processes.start('postgresql', 'unshare', args);
  const query = (sql: string, database = 'postgres') =>
    superuserQuery({ programs, data, port, database }, sql);
  await untilAnswering(cluster, query);
  const password = randomBytes(12).toString('hex');
  await query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD '${password}'`);
  return { host: node.network.machine, port, user: role, password, query };
}

const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'];

async function makeDataFolder(folder: string, data: string, programs: string): Promise<void> {
  // Passing through is enough; what is secret in there is closed by itself.
  await chmod(folder, 0o711);
  await mkdir(data, { mode: 0o700 });
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => runCommand('id', [flag, 'postgres'])));
  await chown(data, Number(uid), Number(gid));
  const [program, ...args] = [...asPostgres, path.join(programs, 'initdb')];
  const options = [
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    '--no-sync',
    '--no-locale',
    '--encoding=UTF8',
  ];
  await runCommand(program!, [...args, '-D', data, '-U', 'postgres', ...options], { cwd: data });
}

interface Connection {
  programs: string;
  data: string;
  port: number;
  database: string;
}

async function superuserQuery(
  { programs, data, port, database }: Connection,
  sql: string,
): Promise<string[]> {
  const connection = ['-h', data, '-p', String(port), '-U', 'postgres', '-d', database];
  const options = ['-X', '-q', '-t', '-A', '-v', 'ON_ERROR_STOP=1', '-f', '-'];
  const rows = await runCommand(path.join(programs, 'psql'), [...connection, ...options], { input: sql });
  return rows.split('\n').filter((row) => row !== '');
}

async function untilAnswering(cluster: Cluster, query: PostgresServer['query']): Promise<void> {
  const deadline = Date.now() + startPatienceMs;
  for (;;) {
    const problem = await query('SELECT 1').then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (problem === undefined) return;
    if (!cluster.processes.isRunning('postgresql') || Date.now() > deadline)
      throw new Error(
        `PostgreSQL did not start: ${problem} ${await cluster.processes.lastWords('postgresql')}`,
      );
    await sleep(100);
  }
}
