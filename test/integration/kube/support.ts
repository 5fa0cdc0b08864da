import { afterAll, beforeAll } from '@jest/globals';
import { KubeClient } from '../../../lib/kube/client.js';
import { connect } from '../../../lib/kube/connection.js';
import { Informer } from '../../../lib/kube/informer.js';
import type { InformerOptions } from '../../../lib/kube/informer-options.js';
import { resourcePath } from '../../../lib/kube/paths.js';
import type { Cached, KubeLog, KubeObject } from '../../../lib/kube/types.js';

/** A client of the tests' cluster, or of the kubeconfig that a function names later. */
export function useClient(kubeconfigFile: () => string | undefined = () => undefined): {
  get: () => KubeClient;
} {
  let client: KubeClient;
  beforeAll(async () => {
    client = new KubeClient({ connection: await connect({ kubeconfigFile: kubeconfigFile() }) });
  });
  afterAll(() => client.connection.close());
  return { get: () => client };
}

export function pathOf(plural: string, namespace: string, name?: string): string {
  const group = { deployments: 'apps', jobs: 'batch' }[plural] ?? '';
  return resourcePath({ group, version: 'v1', plural, namespace, name });
}

export function configMap(name: string, extra: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...extra }, data: { a: '1' } };
}

/** Of the image nothing is needed: the nodes are simulated, and here the pods have none. */
export function pod(name: string, extra: object = {}): object {
  const containers = [{ name: 'c', image: 'none' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { schedulerName: 'nobody', containers, ...extra },
  };
}

export const NO_LOG: KubeLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export function informerOf(
  client: KubeClient,
  path: string,
  options: Partial<InformerOptions<Cached>> = {},
): Informer<Cached> {
  const trim = ({ metadata: { name, uid, resourceVersion } }: KubeObject) => ({
    metadata: { name, uid, resourceVersion },
  });
  return new Informer<Cached>({ client, path, trim, log: NO_LOG, ...options });
}

/** Rejects with what the promise was expected to reject with; fails when it does not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error,
  );
}
