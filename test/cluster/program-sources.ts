import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { clusterFile } from './paths.js';

export type ProgramName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kubelet'
  | 'kube-proxy'
  | 'coredns'
  | 'kwok'
  | 'helm';

/** Where a set of programs of one version comes from: a pinned Go module, or the project's releases. */
export interface ProgramSource {
  /** The folder under test/cluster/programs/ with go.mod and go.sum. */
  module: string;
  version: string;
  packages: Partial<Record<ProgramName, string>>;
  linkerFlags: string;
  /** Roughly, on two cores with nothing built before; only shown to people. */
  minutes: number;
  releases: {
    /** The environment variable that names another server, and the address when it is not set. */
    variable: string;
    address: string;
    file(program: ProgramName, platform: Platform): ReleaseFile;
  };
}

export interface Platform {
  os: string;
  arch: string;
}

/** Paths below the releases' address. A `member` is the file inside a tar.gz archive. */
export interface ReleaseFile {
  path: string;
  checksumPath: string;
  member?: string;
}

const kubernetes = pinnedVersion('kubernetes', 'k8s.io/kubernetes');
const etcd = pinnedVersion('etcd', 'go.etcd.io/etcd/server/v3');
const kwok = pinnedVersion('kwok', 'sigs.k8s.io/kwok');
const helm = pinnedVersion('helm', 'helm.sh/helm/v3');
const coredns = pinnedVersion('coredns', 'github.com/coredns/coredns');

export const programSources: readonly ProgramSource[] = [
  {
    module: 'kubernetes',
    version: kubernetes,
    packages: {
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
      kubelet: 'k8s.io/kubernetes/cmd/kubelet',
      'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
    },
    linkerFlags: kubernetesVersionFlags(kubernetes),
    minutes: 5,
    releases: {
      variable: 'RUNBOAT_TEST_KUBERNETES_RELEASES',
      address: 'https://dl.k8s.io/release',
      file(program, { os, arch }) {
        const file = `${kubernetes}/bin/${os}/${arch}/${program}`;
        return { path: file, checksumPath: `${file}.sha256` };
      },
    },
  },
  {
    module: 'etcd',
    version: etcd,
    packages: { etcd: 'go.etcd.io/etcd/server/v3' },
    linkerFlags: '',
    minutes: 1,
    releases: {
      variable: 'RUNBOAT_TEST_ETCD_RELEASES',
      address: 'https://github.com/etcd-io/etcd/releases/download',
      file(_program, { os, arch }) {
        const name = `etcd-${etcd}-${os}-${arch}`;
        return { path: `${etcd}/${name}.tar.gz`, checksumPath: `${etcd}/SHA256SUMS`, member: `${name}/etcd` };
      },
    },
  },
  {
    module: 'kwok',
    version: kwok,
    packages: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' },
    linkerFlags: '',
    minutes: 1.5,
    releases: {
      variable: 'RUNBOAT_TEST_KWOK_RELEASES',
      address: 'https://github.com/kubernetes-sigs/kwok/releases/download',
      file(_program, { os, arch }) {
        const file = `${kwok}/kwok-${os}-${arch}`;
        return { path: file, checksumPath: `${file}.sha256` };
      },
    },
  },
  {
    module: 'helm',
    version: helm,
    packages: { helm: 'helm.sh/helm/v3/cmd/helm' },
    linkerFlags: `-X helm.sh/helm/v3/internal/version.version=${helm}`,
    minutes: 1.5,
    releases: {
      variable: 'RUNBOAT_TEST_HELM_RELEASES',
      address: 'https://get.helm.sh',
      file(_program, { os, arch }) {
        const archive = `helm-${helm}-${os}-${arch}.tar.gz`;
        return { path: archive, checksumPath: `${archive}.sha256sum`, member: `${os}-${arch}/helm` };
      },
    },
  },
  {
    module: 'coredns',
    version: coredns,
    packages: { coredns: '.' },
    linkerFlags: '',
    minutes: 1,
    releases: {
      variable: 'RUNBOAT_TEST_COREDNS_RELEASES',
      address: 'https://github.com/coredns/coredns/releases/download',
      file(_program, { os, arch }) {
        const archive = `${coredns}/coredns_${coredns.replace('v', '')}_${os}_${arch}.tgz`;
        return { path: archive, checksumPath: `${archive}.sha256`, member: 'coredns' };
      },
    },
  },
];

/** The name of the cache's folder: Kubernetes' version and a hash of all that decides what is built. */
export function programsVersion(): string {
  const hash = createHash('sha256');
  for (const source of programSources) {
    hash.update(source.linkerFlags);
    for (const file of readdirSync(clusterFile('programs', source.module)).sort()) {
      hash.update(readFileSync(clusterFile('programs', source.module, file)));
    }
  }
  return `${kubernetes}-${hash.digest('hex').slice(0, 12)}`;
}

/** Without these, clients of the API server see version "v0.0.0-master" and warn about it. */
function kubernetesVersionFlags(version: string): string {
  const variable = 'k8s.io/component-base/version';
  const [major, minor] = version.replace('v', '').split('.');
  return `-X ${variable}.gitVersion=${version} -X ${variable}.gitMajor=${major} -X ${variable}.gitMinor=${minor}`;
}

function pinnedVersion(module: string, dependency: string): string {
  const text = readFileSync(clusterFile('programs', module, 'go.mod'), 'utf8');
  const line = text
    .split('\n')
    .find((candidate) => candidate.replace('require', '').trim().startsWith(`${dependency} v`));
  const version = line?.match(/ (v[\w.-]+)/)?.[1];
  if (!version) throw new Error(`test/cluster/programs/${module}/go.mod does not pin ${dependency}.`);
  return version;
}
