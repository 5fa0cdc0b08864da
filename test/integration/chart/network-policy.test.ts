import { BlockList, isIPv6 } from 'node:net';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { find, render } from './helm-support.js';

interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly namespaceSelector?: object;
}

interface PolicyRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly object[];
}

type Direction = 'ingress' | 'egress';

const spec = async (networkPolicy: object = {}) => {
  const objects = await render({ builds: { networkPolicy: { enabled: true, ...networkPolicy } } });
  return find(objects, 'NetworkPolicy', 'runboat-builds')['spec'] as Record<Direction, PolicyRule[]>;
};

const peersOf = (rules: readonly PolicyRule[]) => rules.flatMap(({ from, to }) => from ?? to ?? []);

function covers(cidr: string, address: string): boolean {
  const [network, prefix] = cidr.split('/') as [string, string];
  const kind = (text: string) => (isIPv6(text) ? 'ipv6' : 'ipv4');
  if (kind(network) !== kind(address)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), kind(network));
  return list.check(address, kind(address));
}

/** Whether an address that is no pod's is let through. */
function isOpen(rules: readonly PolicyRule[], address: string): boolean {
  return peersOf(rules).some(({ ipBlock }) => {
    if (!ipBlock || !covers(ipBlock.cidr, address)) return false;
    return !(ipBlock.except ?? []).some((cidr) => covers(cidr, address));
  });
}

describe('the network policy of builds', () => {
  let policy: Record<Direction, PolicyRule[]>;
  beforeAll(async () => {
    policy = await spec();
  });

  it.each(['140.82.112.3', '100.128.0.1', '172.32.0.1', '2606:50c0:8000::153', '2a0a:a440::1'])(
    'is open for the public address %s in both directions',
    (address) => {
      expect([isOpen(policy.ingress, address), isOpen(policy.egress, address)]).toEqual([true, true]);
    },
  );

  it.each([
    '10.8.0.2',
    '172.20.1.1',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.254',
    'fd00:ec2::254',
    'fe80::1',
  ])('is closed for the private address %s in both directions', (address) => {
    expect([isOpen(policy.ingress, address), isOpen(policy.egress, address)]).toEqual([false, false]);
  });

  it("keeps builds from the clouds' metadata, and the node not from builds", () => {
    expect(isOpen(policy.egress, '169.254.169.254')).toBe(false);
    expect(isOpen(policy.ingress, '169.254.7.127')).toBe(true);
  });

  it('lets pods of all other namespaces in', () => {
    const key = 'kubernetes.io/metadata.name';
    const others = { matchExpressions: [{ key, operator: 'NotIn', values: ['runboat-builds'] }] };
    expect(peersOf(policy.ingress)).toContainEqual({ namespaceSelector: others });
  });

  it('lets in what is listed and nothing else', async () => {
    const vpn = { ipBlock: { cidr: '10.8.0.0/16' } };
    const { ingress } = await spec({ ingressFrom: [vpn] });
    expect(ingress).toEqual([{ from: [vpn] }]);
  });

  it('lets builds reach what is listed besides', async () => {
    const { egress } = await spec({ egressTo: [{ ipBlock: { cidr: '10.0.0.5/32' } }] });
    expect(['10.0.0.5', '10.0.0.6', '140.82.112.3'].map((address) => isOpen(egress, address))).toEqual([
      true,
      false,
      true,
    ]);
  });
});
