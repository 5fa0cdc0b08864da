import { describe, expect, it } from '@jest/globals';
import { kubectl, waitFor } from '../../support/cluster.js';
import {
  createBuild,
  labelled,
  list,
  patch,
  remove,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { useExactRights } from './exact-rights.js';

const resourceTypes = [
  ...['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job'],
  ...['statefulset', 'daemonset', 'pod', 'cronjob'],
];

/** Pods that run for ever. The label that finds them is put there by the kustomization, but not on a bare Pod. */
const template = (app: string) => `
    metadata:
      labels: {app: ${app}}
      annotations: {runboat.test/run: hang}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: ${app}, image: none}]`;

const workloads = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:${template('store')}
  volumeClaimTemplates:
    - metadata: {name: kept}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: everywhere}
spec:
  selector: {matchLabels: {app: everywhere}}
  template:${template('everywhere')}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: now-and-then}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate:
    spec:
      template:
        metadata:
          annotations: {runboat.test/run: hang}
        spec:
          restartPolicy: Never
          containers: [{name: now-and-then, image: none}]
---
apiVersion: v1
kind: Pod
metadata:
  name: alone
  annotations: {runboat.test/run: hang}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: alone, image: none}]
`;

const namespace = useExactRights(resourceTypes, 'more', workloads);

/** Names of what runs beside the Deployment, as far as it is there. */
async function others(build: string): Promise<string[]> {
  const pods = await list('pod', namespace, build);
  const names = ['store-0', 'everywhere', 'now', 'alone'];
  return names.filter((name) =>
    pods.some(({ metadata }) => metadata.name.startsWith(`${build}-${name}`) && !metadata.deletionTimestamp),
  );
}

describe('A bundle with workloads beside its Deployment', () => {
  it('is initialised, started, stopped, reset and removed like any other, while these run', async () => {
    const name = await createBuild(namespace, { spec: { kubefiles: 'more', replicas: 1 } });
    await waitForPhase(namespace, name, 'Started');
    await kubectl(['create', 'job', `${name}-now`, `--from=cronjob/${name}-now-and-then`, '-n', namespace]);
    const allThere = async () => (await others(name)).length === 4;
    await waitFor(allThere, { describe: () => 'pods of all workloads' });
    await patch('build', namespace, name, { spec: { replicas: 0 } });
    await waitForPhase(namespace, name, 'Stopped');
    expect(await others(name)).toHaveLength(4);

    await patch('build', namespace, name, { spec: { resetRequestedAt: '2026-01-01T00:00:00Z' } });
    const again = await waitForBuild(
      namespace,
      name,
      ({ status }) => status?.phase === 'Stopped' && status.attempt === 2,
    );
    expect(again.status?.initStatus).toBe('succeeded');
    expect(await others(name)).toHaveLength(4);

    await patch('build', namespace, name, { spec: { replicas: 1 } });
    await waitForPhase(namespace, name, 'Started');
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
    expect(await list('pod', namespace, name)).toEqual([]);
    let left: string[] = [];
    const nothingLeft = async () => {
      left = await labelled(namespace, name);
      return left.length === 0;
    };
    await waitFor(nothingLeft, { describe: () => ['nothing to be left, of claims neither', left] });
  }, 120_000);
});
