import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kubeconfigPath } from '../credentials.js';

/** The image that holds a pod's namespaces; made by pause-image.ts. */
export const pauseImage = 'runboat.test/pause:1';

/** The node, as Kubernetes knows it. */
export const nodeName = 'real-node';

/** Where Debian's package containernetworking-plugins puts its programs, and where others do. */
export const pluginFolders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

/** The addresses of a node's network, which `number` (0 to 255) sets apart from others of this machine. */
export function networkOf(number: number): { machine: string; node: string; pods: string } {
  const network = `10.213.${number}`;
  return { machine: `${network}.1`, node: `${network}.2`, pods: `${network}.128/25` };
}

/** The Service addresses of the API server, which Kubernetes takes for it, and of the DNS server. */
export const serviceAddresses = { apiServer: '10.0.0.1', dns: '10.0.0.10' };

/** Where the node's kube-proxy and CoreDNS tell whether they are ready. */
export const readinessPorts = { proxy: 10256, dns: 8181 };

/** The address of containerd's socket, which is for the machine's programs too. */
export function containerdSocket(folder: string): string {
  return path.join(folder, 'node', 'containerd.sock');
}

const clusterDomain = 'cluster.local';

export interface NodeSettings {
  /** The cluster's folder. */
  folder: string;
  number: number;
  /** The folder of the CNI plugins. */
  plugins: string;
}

/** Writes the configuration of all programs of the node, which node.sh reads. */
export async function writeNodeFiles(settings: NodeSettings): Promise<void> {
  const { folder, number } = settings;
  await mkdir(path.join(folder, 'node', 'cni'), { recursive: true });
  await mkdir(path.join(folder, 'volumes'), { recursive: true });
  await writeFile(path.join(folder, 'node', 'containerd.toml'), containerdConfig(settings));
  await writeJson(path.join(folder, 'node', 'cni', 'bridge.conflist'), networkConfig(settings));
  await writeJson(path.join(folder, 'node', 'kubelet.json'), kubeletConfig(folder, number));
  await writeJson(path.join(folder, 'node', 'kube-proxy.json'), proxyConfig(folder, number));
  await writeFile(path.join(folder, 'node', 'Corefile'), dnsConfig(folder));
  for (const user of ['kubelet', 'kube-proxy', 'coredns'] as const)
    await pointToMachine(kubeconfigPath(folder, user), networkOf(number).machine);
}

/** The loopback address of the others is not that of the machine here; the certificate is for that one. */
async function pointToMachine(file: string, machine: string): Promise<void> {
  const kubeconfig = JSON.parse(await readFile(file, 'utf8'));
  const { cluster } = kubeconfig.clusters[0];
  const server = new URL(cluster.server);
  cluster['tls-server-name'] = server.hostname;
  cluster.server = `https://${machine}:${server.port}`;
  await writeJson(file, kubeconfig);
}

function writeJson(file: string, value: unknown): Promise<void> {
  return writeFile(file, JSON.stringify(value, undefined, 2), { mode: 0o600 });
}

/** Paths below /run and /var/lib/cni that cannot be configured are the node's own, see node.sh. */
function containerdConfig({ folder, plugins }: NodeSettings): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    'version = 2',
    `root = "${path.join(folder, 'node', 'containerd')}"`,
    'state = "/run/containerd"',
    // Snapshotters that need another file system, and a second way into containers.
    'disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt"]',
    '[grpc]',
    `address = "${containerdSocket(folder)}"`,
    `[${cri}]`,
    `sandbox_image = "${pauseImage}"`,
    // Needed where the machine lacks CAP_SYS_RESOURCE.
    'restrict_oom_score_adj = true',
    'stream_server_address = "127.0.0.1"',
    `[${cri}.cni]`,
    `bin_dir = "${plugins}"`,
    `conf_dir = "${path.join(folder, 'node', 'cni')}"`,
    '',
  ].join('\n');
}

function networkConfig({ folder, number }: NodeSettings): object {
  const ipam = {
    type: 'host-local',
    dataDir: path.join(folder, 'node', 'addresses'),
    ranges: [[{ subnet: networkOf(number).pods }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const bridge = { type: 'bridge', bridge: 'pods', isGateway: true, hairpinMode: true, ipam };
  return { cniVersion: '0.4.0', name: 'runboat', plugins: [bridge] };
}

/** Anyone who reaches the node may ask the kubelet for anything: that is this machine and the node's own pods. */
function kubeletConfig(folder: string, number: number): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: networkOf(number).node,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${path.basename(folder)}`,
    clusterDNS: [serviceAddresses.dns],
    clusterDomain,
    // Names of the machine's own network are nothing to pods that do not reach it.
    resolvConf: '',
    containerRuntimeEndpoint: `unix://${containerdSocket(folder)}`,
    failSwapOn: false,
    // From Kubernetes 1.35 on it would refuse cgroup v1; until then it only warns.
    failCgroupV1: false,
    healthzPort: 0,
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    // A nearly full disk of a developer's machine is no reason to evict its pods or to drop their images.
    evictionHard: { 'nodefs.available': '0%', 'imagefs.available': '0%', 'memory.available': '0%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
  };
}

/** Limits of the kernel for connections are the machine's own business, hence the zeros. */
function proxyConfig(folder: string, number: number): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: kubeconfigPath(folder, 'kube-proxy') },
    hostnameOverride: nodeName,
    clusterCIDR: networkOf(number).pods,
    healthzBindAddress: `${networkOf(number).node}:${readinessPorts.proxy}`,
    metricsBindAddress: '127.0.0.1:10249',
    // Pods of one bridge would answer each other directly, from another address than the Service's that was called.
    iptables: { masqueradeAll: true, localhostNodePorts: false },
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

/** Names outside of the cluster are unknown, because pods have no way there. */
function dnsConfig(folder: string): string {
  return [
    `${clusterDomain} in-addr.arpa {`,
    '  errors',
    `  ready :${readinessPorts.dns}`,
    `  kubernetes ${clusterDomain} in-addr.arpa {`,
    `    kubeconfig ${kubeconfigPath(folder, 'coredns')}`,
    '  }',
    '}',
    '. {',
    '  template ANY ANY {',
    '    rcode NXDOMAIN',
    '  }',
    '}',
    '',
  ].join('\n');
}
