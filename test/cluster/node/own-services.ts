import { networkOf, serviceAddresses } from './node-files.js';

const dns = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
];

/**
 * What makes Service addresses of the API server, of which Kubernetes makes only the Service here because it listens
 * on loopback, and of the DNS server on node `number`.
 */
export function ownServices(number: number, apiServerPort: number): object {
  const { machine, node } = networkOf(number);
  const api = [{ name: 'https', port: apiServerPort, protocol: 'TCP' }];
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      endpoints('default', 'kubernetes', machine, api),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'kube-dns', namespace: 'kube-system' },
        spec: { clusterIP: serviceAddresses.dns, ports: dns },
      },
      endpoints('kube-system', 'kube-dns', node, dns),
    ],
  };
}

function endpoints(namespace: string, service: string, address: string, ports: object[]): object {
  const labels = { 'kubernetes.io/service-name': service };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: service, namespace, labels },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  };
}
