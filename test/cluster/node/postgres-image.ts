import { readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { clusterFile } from '../paths.js';
import { boxOf } from './busybox.js';
import { cachedImage } from './image-cache.js';
import { postgresPrograms } from './postgres.js';

/** The image of the trial PostgreSQL of the chart. */
export const postgresImage = 'runboat.test/postgresql:1';

/** As in Docker's official image. */
const user = 999;
const entrypoint = '/usr/local/bin/docker-entrypoint.sh';
const socketFolder = '/var/run/postgresql';

/**
 * The archive of an image with this machine's newest PostgreSQL, about 80 MB, that does as Docker's official one. Throws
 * if the machine has none.
 */
export async function postgresArchive(tell: (line: string) => void): Promise<string> {
  const programs = postgresPrograms();
  const major = path.basename(path.dirname(programs));
  const names = ['postgres', 'initdb', 'pg_ctl', 'pg_isready', 'psql'];
  const box = await boxOf([...names.map((name) => path.join(programs, name)), 'bash'], dataFiles(major));
  const script = clusterFile('node', 'postgres-image', 'entrypoint.sh');
  const config = {
    Env: [`PATH=${programs}:/bin:/usr/bin`, 'LANG=C.UTF-8', 'PGDATA=/var/lib/postgresql/data'],
    Entrypoint: ['bash', entrypoint],
    Cmd: ['postgres', '-c', 'listen_addresses=*'],
    StopSignal: 'SIGINT',
  };
  const version = [box.version, readFileSync(script, 'utf8')].join('\n');
  async function fill(root: string): Promise<void> {
    await box.fill(root, `postgres:x:${user}:${user}:PostgreSQL:/var/lib/postgresql:/bin/sh\n`);
    await mkdir(path.join(root, socketFolder), { recursive: true });
    await chmod(path.join(root, socketFolder), 0o3777);
    await mkdir(path.join(root, path.dirname(entrypoint)), { recursive: true });
    await copyFile(script, path.join(root, entrypoint));
  }
  return cachedImage({ name: postgresImage, config, version, fill }, tell);
}

/** What a server is made of besides programs, without extensions. */
function dataFiles(major: string): string[] {
  const share = `/usr/share/postgresql/${major}`;
  const wanted = /^(timezonesets|tsearch_data|extension\/plpgsql)|^[^/]+$/;
  const shared = filesBelow(share).filter((file) => wanted.test(path.relative(share, file)));
  const modules = ['plpgsql.so', 'dict_snowball.so'].map(
    (name) => `/usr/lib/postgresql/${major}/lib/${name}`,
  );
  return [...shared, ...modules, ...filesBelow('/usr/lib/locale/C.utf8'), '/usr/share/zoneinfo/Etc/UTC'];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
