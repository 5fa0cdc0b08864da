import { describe, expect, it } from '@jest/globals';
import { choosePod } from '../../../gateway/logs/choose-pod.js';
import type { Pod } from '../../../lib/kube/types.js';

const ofDeployment = { 'pod-template-hash': '5d4f' };

function pod(name: string, created: string, kind?: string): Pod {
  const labels = { 'runboat/build': 'b', ...(kind ? { 'runboat/job-kind': kind } : ofDeployment) };
  const metadata = {
    name,
    uid: name,
    resourceVersion: '1',
    labels,
    creationTimestamp: `2026-11-01T${created}Z`,
  };
  return { metadata };
}

describe('the pod of a log', () => {
  const pods = [
    pod('old', '10:00:00'),
    pod('init-1', '09:00:00', 'initialize'),
    pod('new', '11:00:00'),
    pod('init-2', '12:00:00', 'initialize'),
    pod('cleanup', '13:00:00', 'cleanup'),
    pod('odd', '14:00:00', 'run'),
  ];

  it.each([
    ['run', 'new'],
    ['initialize', 'init-2'],
  ] as const)('is the newest for %s', (kind, name) => {
    expect(choosePod(pods, kind)?.metadata.name).toBe(name);
    expect(choosePod([...pods].reverse(), kind)?.metadata.name).toBe(name);
  });

  it('is the same one of two of a second, whatever their order', () => {
    const two = [pod('a', '10:00:00'), pod('b', '10:00:00')];
    expect(choosePod(two, 'run')?.metadata.name).toBe('b');
    expect(choosePod(two.reverse(), 'run')?.metadata.name).toBe('b');
  });

  it('is not one of another workload of the bundle', () => {
    const { metadata } = pod('redis-0', '15:00:00');
    const other = { metadata: { ...metadata, labels: { 'runboat/build': 'b' } } };
    expect(choosePod([...pods, other], 'run')?.metadata.name).toBe('new');
  });

  it('is none when there is none of that kind', () => {
    expect(choosePod([pod('cleanup', '13:00:00', 'cleanup')], 'run')).toBeUndefined();
  });
});
