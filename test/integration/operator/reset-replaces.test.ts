import { describe, expect, it } from '@jest/globals';
import { getResource, waitFor } from '../../support/cluster.js';
import {
  createBuild,
  patch,
  read,
  remove,
  waitForBuild,
  waitForGone,
  waitForPhase,
} from '../../support/operator.js';
import { conditionOf } from './bad-input-support.js';
import { useExactRights } from './exact-rights.js';

const resourceTypes = [
  ...['deployment', 'service', 'ingress', 'configmap', 'secret', 'pvc', 'job'],
  'statefulset',
];

const stubborn = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: "{{default build_template_vars.service "store"}}"
  selector: {matchLabels: {app: store}}
  template:
    metadata:
      labels: {app: store}
      annotations: {runboat.test/run: hang}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: store, image: none}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: sized}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: "{{default build_template_vars.size "5Mi"}}"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: text}
data: {"{{default build_template_vars.key "key"}}": text}
`;

const namespace = useExactRights(resourceTypes, 'stubborn', stubborn);

async function stopped(): Promise<string> {
  const name = await createBuild(namespace, { spec: { kubefiles: 'stubborn' } });
  await waitForPhase(namespace, name, 'Stopped');
  const isBound = async () => (await read('pvc', namespace, `${name}-sized`))?.status?.phase === 'Bound';
  await waitFor(isBound, { describe: () => 'the claim to be bound' });
  return name;
}

function reset(name: string, templateVars: Record<string, string>) {
  const resetRequestedAt = new Date().toISOString();
  return patch('build', namespace, name, { spec: { templateVars, resetRequestedAt } });
}

async function resetDone(name: string): Promise<void> {
  await waitForBuild(
    namespace,
    name,
    ({ status }) => status?.phase === 'Stopped' && status.attempt === 2 && status.initStatus === 'succeeded',
  );
}

describe('A reset makes anew', () => {
  it.each([
    ['a claim that shall be larger than its class allows', '7Mi'],
    ['a claim that shall be smaller', '3Mi'],
  ])('%s', async (_what, size) => {
    const name = await stopped();
    const before = await read('pvc', namespace, `${name}-sized`);
    await reset(name, { size });
    await resetDone(name);
    const after = await read('pvc', namespace, `${name}-sized`);
    expect(after?.spec.resources.requests.storage).toBe(size);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  });

  it('a StatefulSet of which more changes than may', async () => {
    const name = await stopped();
    const before = await getResource(namespace, 'statefulset', `${name}-store`);
    await reset(name, { service: 'other' });
    await resetDone(name);
    const after = await getResource(namespace, 'statefulset', `${name}-store`);
    expect(after.spec.serviceName).toBe('other');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  });

  it('nothing that is not valid: it stays as it was, and the build says why', async () => {
    const name = await stopped();
    const before = await read('configmap', namespace, `${name}-text`);
    await reset(name, { key: 'no key' });
    const build = await waitForBuild(
      namespace,
      name,
      (seen) => conditionOf(seen, 'UpToDate').reason === 'ApplyRefused',
    );
    expect(conditionOf(build, 'UpToDate').message).toMatch(/ConfigMap .*no key/);
    expect(await read('configmap', namespace, `${name}-text`)).toEqual(before);
    await reset(name, { key: 'right' });
    await resetDone(name);
    await remove('build', namespace, name);
    await waitForGone(namespace, name);
  });
});
