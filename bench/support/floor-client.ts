import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import { API_GROUP_VERSION, BUILD_PLURAL, LABEL_BUILD } from '../../crds/constants.js';
import { connect } from '../../lib/kube/connection.js';
import type { Job, KubeObject } from '../../lib/kube/types.js';
import { type FloorWrite, type FloorWrites, NAME_TOKEN, UID_TOKEN } from './floor-writes.js';

// The bare client, a process of its own: for each build that it sees it sends the written list of requests, with
// nothing checked, cached, logged or kept. It is told what to send by its parent, and answers with its CPU time.

export interface FloorOrder {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly writes: FloorWrites;
}

/** As many builds at once as the operator works on. */
const AT_ONCE = 16;

interface Target {
  readonly name: string;
  readonly uid: string;
}

process.once('message', (order: FloorOrder) => void run(order));
process.on('disconnect', () => process.exit());

async function run({ kubeconfig, namespace, writes }: FloorOrder): Promise<void> {
  const { requests, watches, headers } = await (await connect({ kubeconfigFile: kubeconfig })).access();
  const known = new Map<string, Target>();
  const ended = new Set<string>();
  const perform = limited(
    AT_ONCE,
    async ({ target, list }: { target: Target; list: readonly FloorWrite[] }) => {
      for (const write of list) await send(requests, headers, fill(write, target));
    },
  );
  const onBuild = ({ metadata }: KubeObject) => {
    const { name, uid } = metadata;
    if (known.has(name)) return;
    known.set(name, { name, uid });
    void perform({ target: { name, uid }, list: writes.begin });
  };
  const onJob = ({ metadata, status }: Job) => {
    const target = known.get(metadata.labels?.[LABEL_BUILD] ?? '');
    const complete = status?.conditions?.some((condition) => condition.type === 'Complete');
    if (!target || !complete || ended.has(target.name)) return;
    ended.add(target.name);
    void perform({ target, list: writes.end });
  };
  const follow = (path: string, take: (object: never) => void) =>
    watch({ pool: watches, headers, path, take });
  follow(`/apis/${API_GROUP_VERSION}/namespaces/${namespace}/${BUILD_PLURAL}`, onBuild);
  follow(`/apis/batch/v1/namespaces/${namespace}/jobs`, onJob);
  process.on('message', () => process.send?.(cpuSeconds()));
  process.send?.('ready');
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function fill({ method, path, contentType, body }: FloorWrite, { name, uid }: Target): FloorWrite {
  const filled = (text: string) => text.replaceAll(NAME_TOKEN, name).replaceAll(UID_TOKEN, uid);
  return { method, path: filled(path), contentType, body: filled(body) };
}

async function send(pool: Pool, headers: Readonly<Record<string, string>>, write: FloorWrite): Promise<void> {
  const { method, path, contentType, body } = write;
  const answer = await pool.request({
    method,
    path,
    body,
    headers: { ...headers, 'content-type': contentType, accept: 'application/json', 'user-agent': 'floor' },
  });
  if (answer.statusCode < 300) return await answer.body.dump({ limit: Number.POSITIVE_INFINITY });
  console.error(`${method} ${path}: ${answer.statusCode} ${await answer.body.text()}`);
}

interface Watched {
  readonly pool: Pool;
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  readonly take: (object: never) => void;
}

/** From the state of now on; begun again when the API server ends it. */
function watch(watched: Watched): void {
  void follow(watched)
    .catch((error: unknown) => console.error(error))
    .then(() => sleep(100))
    .then(() => watch(watched));
}

async function follow({ pool, headers, path, take }: Watched): Promise<void> {
  const answer = await pool.request({ method: 'GET', path: `${path}?watch=1`, headers: { ...headers } });
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${await answer.body.text()}`);
  let rest = '';
  for await (const chunk of answer.body.setEncoding('utf8')) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(JSON.parse(line).object as never);
  }
}

/** At most `limit` runs of `work` at once, in the order in which they were asked. */
function limited<T>(limit: number, work: (item: T) => Promise<void>): (item: T) => Promise<void> {
  const waiting: (() => void)[] = [];
  let active = 0;
  return async (item) => {
    if (active >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    active++;
    await work(item).catch((error: unknown) => console.error(error));
    active--;
    waiting.shift()?.();
  };
}
