import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kubeconfigPath } from './credentials.js';
import { stages } from './stages.js';

export const components = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
] as const;
export type Component = (typeof components)[number];

export interface ComponentSettings {
  folder: string;
  ports: { etcd: number; 'kube-apiserver': number };
  audit: boolean;
}

/** The command line arguments of each program. */
export function argumentsOf(component: Component, settings: ComponentSettings): string[] {
  return argumentLists[component](settings);
}

const argumentLists: Record<Component, (settings: ComponentSettings) => string[]> = {
  etcd: ({ folder, ports }) => [
    `--data-dir=${path.join(folder, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${ports.etcd}`,
    `--advertise-client-urls=http://127.0.0.1:${ports.etcd}`,
    // The only member has no peers: any port will do.
    '--listen-peer-urls=http://127.0.0.1:0',
    '--unsafe-no-fsync',
    '--quota-backend-bytes=8589934592',
    '--log-level=warn',
  ],
  'kube-apiserver': (settings) => apiServerArguments(settings),
  'kube-controller-manager': ({ folder }) => [
    `--kubeconfig=${kubeconfigPath(folder, 'kube-controller-manager')}`,
    '--secure-port=0',
    '--leader-elect=false',
    `--root-ca-file=${path.join(folder, 'certificates', 'apiserver.crt')}`,
    `--service-account-private-key-file=${path.join(folder, 'service-accounts.key')}`,
    '--enable-hostpath-provisioner=true',
    // Simulated nodes send no heartbeats, so that an idle cluster is silent and a paused one stays whole.
    '--node-monitor-grace-period=1000h',
    ...clientLimits,
    ...['deployment', 'endpoint', 'job', 'namespace', 'replicaset', 'service-endpoint'].map(
      (kind) => `--concurrent-${kind}-syncs=30`,
    ),
    '--concurrent-gc-syncs=40',
  ],
  'kube-scheduler': ({ folder }) => [
    `--kubeconfig=${kubeconfigPath(folder, 'kube-scheduler')}`,
    '--secure-port=0',
    '--leader-elect=false',
    ...clientLimits,
  ],
  kwok: ({ folder }) => [
    `--kubeconfig=${kubeconfigPath(folder, 'kwok')}`,
    `--config=${path.join(folder, 'stages.yaml')}`,
    '--manage-all-nodes=false',
    '--manage-nodes-with-label-selector=type=kwok',
    '--node-lease-duration-seconds=0',
    '--cidr=10.128.0.1/9',
    '--node-ip=127.0.0.1',
  ],
};

const clientLimits = ['--kube-api-qps=2000', '--kube-api-burst=4000'];

function apiServerArguments({ folder, ports, audit }: ComponentSettings): string[] {
  return [
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${ports['kube-apiserver']}`,
    `--cert-dir=${path.join(folder, 'certificates')}`,
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    // The Service "kubernetes" may not point to a loopback address, and nothing here needs it.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/16',
    '--authorization-mode=RBAC',
    `--token-auth-file=${path.join(folder, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${path.join(folder, 'service-accounts.key')}`,
    `--service-account-key-file=${path.join(folder, 'service-accounts.pub')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    '--shutdown-delay-duration=0s',
    ...(audit
      ? [
          `--audit-policy-file=${path.join(folder, 'audit-policy.yaml')}`,
          `--audit-log-path=${auditLogPath(folder)}`,
          '--audit-log-maxsize=100000',
        ]
      : []),
  ];
}

export function auditLogPath(folder: string): string {
  return path.join(folder, 'audit.log');
}

/** With its default of four pods at a time kwok would be the slowest part of the cluster. */
const kwokOptions = {
  apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
  kind: 'KwokConfiguration',
  options: { podPlayStageParallelism: 32 },
};

/** The files that the programs' arguments name. */
export async function writeComponentFiles(folder: string): Promise<void> {
  const documents = [kwokOptions, ...stages()].map((document) => JSON.stringify(document));
  await writeFile(path.join(folder, 'stages.yaml'), documents.join('\n---\n'));
  const auditPolicy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] };
  await writeFile(path.join(folder, 'audit-policy.yaml'), JSON.stringify(auditPolicy));
}
