import type { RunboatBuildSpec, RunboatBuildStatus } from '../../../crds/runboatbuild.generated.js';
import { type BuildRecord, recordOf } from '../../../gateway/builds/build-record.js';
import { InformedDirectory } from '../../../gateway/builds/directory.js';
import { Store } from '../../../lib/kube/store.js';
import type { KubeObject } from '../../../lib/kube/types.js';

export interface BuildParts {
  name?: string;
  uid?: string;
  resourceVersion?: string;
  created?: string;
  deleting?: boolean;
  annotations?: Record<string, string>;
  spec?: Partial<RunboatBuildSpec>;
  status?: RunboatBuildStatus;
}

/** A build as the API server answers it. */
export function buildObject(parts: BuildParts = {}): KubeObject {
  const { name = 'a-build', created = '2026-01-01T00:00:00Z', deleting, annotations, spec, status } = parts;
  return {
    metadata: {
      name,
      uid: parts.uid ?? `uid-of-${name}`,
      resourceVersion: parts.resourceVersion ?? '1',
      creationTimestamp: created,
      ...(deleting ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}),
      ...(annotations ? { annotations } : {}),
    },
    spec: { repo: 'oca/web', targetBranch: '16.0', commit: 'a'.repeat(40), ...spec },
    ...(status ? { status } : {}),
  };
}

export function record(parts: BuildParts = {}): BuildRecord {
  return recordOf(buildObject(parts));
}

export const SETTINGS = {
  urlScheme: 'http',
  domain: 'builds.test',
  baseUrl: 'http://runboat.test',
  webUrl: 'https://github.com',
};

/** A directory over a store that the test fills, as an informer does. */
export function directoryOf(builds: readonly BuildRecord[] = []): {
  directory: InformedDirectory;
  store: Store<BuildRecord>;
} {
  const handlers: ((change: { old?: BuildRecord; new?: BuildRecord }) => void)[] = [];
  const store = new Store<BuildRecord>({ now: () => 0 }, (change) => {
    for (const handler of handlers) handler(change);
  });
  const directory = new InformedDirectory({
    informer: {
      synced: true,
      get: (name) => store.get(name),
      list: () => store.values(),
      onChange: (handler) => void handlers.push(handler),
    },
    settings: SETTINGS,
    onHandlerError: (error) => {
      throw error;
    },
  });
  for (const build of builds) store.put(build);
  return { directory, store };
}
