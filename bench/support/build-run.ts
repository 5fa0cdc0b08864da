import { createHash } from 'node:crypto';
import { API_GROUP_VERSION, BUILD_KIND, BUILD_PLURAL } from '../../crds/constants.js';
import type { KubeClient } from '../../lib/kube/client.js';
import { Informer } from '../../lib/kube/informer.js';
import type { Cached, KubeObject } from '../../lib/kube/types.js';

/** How many creations are under way at the same time. */
const CREATORS = 8;
const LONGEST_MS = 300_000;

type Phased = Cached & { readonly phase: string | undefined };

export function buildsPath(namespace: string): string {
  return `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/${BUILD_PLURAL}`;
}

/** A build as somebody would create it; the text makes its commit. */
export function buildOf(text: string): object {
  const commit = createHash('sha1').update(text).digest('hex');
  return {
    apiVersion: API_GROUP_VERSION,
    kind: BUILD_KIND,
    metadata: { name: `oca-mis-builder-16-0-${commit.slice(0, 12)}` },
    spec: { repo: 'oca/mis-builder', targetBranch: '16.0', commit },
  };
}

/** Calls as many times at once as told, till the count is reached. */
export async function inParallel(
  count: number,
  atOnce: number,
  call: (n: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Creates builds and follows them to Stopped; seconds from the first creation to the last end. */
export async function runBuilds(
  client: KubeClient,
  namespace: string,
  { count, label }: { count: number; label: string },
): Promise<number> {
  const path = buildsPath(namespace);
  const informer = followPhases(client, path);
  await informer.whenSynced();
  const before = stopped(informer);
  const done = new Promise<void>((resolve, reject) => {
    const overdue = setTimeout(() => reject(new Error(lateness(informer))), LONGEST_MS);
    informer.onChange(() => {
      if (stopped(informer) < before + count) return;
      clearTimeout(overdue);
      resolve();
    });
  });
  const begun = performance.now();
  try {
    await inParallel(count, CREATORS, (n) => client.create(path, buildOf(`${label} ${n}`)));
    await done;
    return (performance.now() - begun) / 1000;
  } finally {
    await informer.stop();
  }
}

function followPhases(client: KubeClient, path: string): Informer<Phased> {
  const trim = ({ metadata, status }: KubeObject) => ({
    metadata,
    phase: (status as { phase?: string } | undefined)?.phase,
  });
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const informer = new Informer<Phased>({ client, path, trim, log });
  informer.start();
  return informer;
}

function stopped(informer: Informer<Phased>): number {
  return [...informer.list()].filter(({ phase }) => phase === 'Stopped').length;
}

function lateness(informer: Informer<Phased>): string {
  const phases = [...informer.list()].map(({ phase }) => phase);
  return `${phases.length - stopped(informer)} builds were not Stopped in time: ${[...new Set(phases)].join(', ')}`;
}
