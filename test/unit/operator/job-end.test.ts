import { describe, expect, it } from '@jest/globals';
import type { ContainerStatus, Pod } from '../../../lib/kube/types.js';
import { terminationOf } from '../../../operator/act/pods.js';

function ended(name: string, exitCode: number, message?: string): ContainerStatus {
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  return { name, state: { terminated: { exitCode, reason, ...(message && { message }) } } };
}

/** With the containers `main` and `aux`, in this order, and the init containers `prepare` and `proxy`, a sidecar. */
function pod(status: NonNullable<Pod['status']>, named?: string): Pod {
  return {
    metadata: {
      name: 'p',
      uid: 'p',
      resourceVersion: '1',
      ...(named && { annotations: { 'kubectl.kubernetes.io/default-container': named } }),
    },
    spec: {
      containers: [{ name: 'main' }, { name: 'aux' }],
      initContainers: [{ name: 'prepare' }, { name: 'proxy', restartPolicy: 'Always' }],
    },
    status,
  };
}

const sorted = [ended('aux', 0, 'Of aux.'), ended('main', 0, 'Of main.')];
const initDone = [ended('prepare', 0), ended('proxy', 143)];

describe('what a job says of its end', () => {
  it('is of the first container of the spec, though the kubelet sorts their statuses by name', () => {
    expect(terminationOf(pod({ phase: 'Succeeded', containerStatuses: sorted }))?.message).toBe('Of main.');
  });

  it('is of the container that the annotation names', () => {
    const end = terminationOf(pod({ phase: 'Succeeded', containerStatuses: sorted }, 'aux'));
    expect(end?.message).toBe('Of aux.');
  });

  it('is not of a sidecar, which is ended with a signal when the others are done', () => {
    const status = { containerStatuses: sorted, initContainerStatuses: initDone };
    expect(terminationOf(pod({ phase: 'Succeeded', ...status }))?.message).toBe('Of main.');
    const failed = [ended('aux', 0), ended('main', 3, 'No disk.')];
    const end = terminationOf(pod({ phase: 'Failed', ...status, containerStatuses: failed }));
    expect(end).toMatchObject({ exitCode: 3, message: 'No disk.' });
  });

  it('is of an init container that failed, for then the others never ran', () => {
    const waits = { state: { waiting: { reason: 'PodInitializing' } } };
    const containerStatuses = ['aux', 'main'].map((name) => ({ name, ...waits }));
    const initContainerStatuses = [ended('prepare', 2, 'No network.'), ended('proxy', 143)];
    const end = terminationOf(pod({ phase: 'Failed', containerStatuses, initContainerStatuses }));
    expect(end?.message).toBe('No network.');
  });

  it('is of the container that failed, where the default one did not', () => {
    const containerStatuses = [ended('aux', 1, 'No database.'), ended('main', 0, 'Done.')];
    const status = { phase: 'Failed' as const, containerStatuses, initContainerStatuses: initDone };
    expect(terminationOf(pod(status))?.message).toBe('No database.');
  });

  it('is nothing while nothing of the pod has ended', () => {
    expect(terminationOf(pod({ phase: 'Pending' }))).toBeUndefined();
  });
});
